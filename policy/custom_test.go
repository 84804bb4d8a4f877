package policy_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/edgewise-ai/edgewise/policy"
)

func TestCustomPreferencesCountInTheOrderGiven(t *testing.T) {
	toServer := says("zeta.server", policy.Verdict{Prefer: server, Reason: "zeta"})
	toBrowser := says("alpha.browser", policy.Verdict{Prefer: browser, Reason: "alpha"})

	for _, test := range []struct {
		name   string
		custom []policy.Policy
		first  []string
		in     policy.Input
		want   policy.Reason
	}{
		{"as given", []policy.Policy{toServer, toBrowser}, nil, policy.Input{}, "zeta"},
		{"given the other way round", []policy.Policy{toBrowser, toServer}, nil, policy.Input{}, "alpha"},
		{"built-in ones before them", []policy.Policy{toBrowser}, nil, given(hard), policy.RequestTooComplex},
		{"placed first", []policy.Policy{toServer, toBrowser}, []string{"alpha.browser"}, given(hard), "alpha"},
		{"both placed first", []policy.Policy{toBrowser, toServer}, []string{"zeta.server", "alpha.browser"}, given(hard), "zeta"},
		{"a built-in one placed first", nil, []string{policy.NameComplexity}, given(hard, task("classification")), policy.RequestTooComplex},
		{"placed before all", []policy.Policy{toServer}, []string{"zeta.server"}, given(serverDown), "zeta"},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := newDecider(t, policy.Options{Policies: policy.Defaults(test.custom...), First: test.first})
			if got := d.Decide(t.Context(), complete(test.in)); got.Reason != test.want {
				t.Errorf("got %s, want %s", got.Reason, test.want)
			}
		})
	}
}

// Of two forbids by custom policies the reason is that of the first name.
func TestCustomForbidsCountByName(t *testing.T) {
	forbids := func(name string) policy.Policy {
		return says(name, policy.Verdict{Forbid: policy.SetOf(browser), Reason: policy.Reason("reason_of_" + name)})
	}
	d := newDecider(t, policy.Options{Policies: policy.Defaults(forbids("zeta.x"), forbids("alpha.x"))})
	if got := d.Decide(t.Context(), complete(policy.Input{})); got.Reason != "reason_of_alpha.x" {
		t.Errorf("got %s", got.Reason)
	}
	got := d.Decide(t.Context(), complete(while(policy.State{Mode: policy.ModeNever})))
	if got.Reason != policy.UserDisabledBrowser {
		t.Errorf("got %s, want the built-in policy's reason before the others'", got.Reason)
	}
}

func TestOnePolicyMayForbidBoth(t *testing.T) {
	both := says("acme.closed", policy.Verdict{Forbid: policy.SetOf(browser, server), Reason: "acme_closed"})
	d := newDecider(t, policy.Options{Policies: policy.Defaults(both)})
	if got := d.Decide(t.Context(), complete(policy.Input{})); got.Target != none || got.Reason != "acme_closed" || got.Fallback != none {
		t.Errorf("got %v because %s, fallback %v", got.Target, got.Reason, got.Fallback)
	}
}

func TestFaultyPoliciesAbstain(t *testing.T) {
	forbidsBrowser := policy.Verdict{Forbid: policy.SetOf(browser), Reason: "x"}
	for name, f := range map[string]policy.PolicyFunc{
		"error": func(context.Context, *policy.Input) (policy.Verdict, error) {
			return forbidsBrowser, errors.New("database is down")
		},
		"panic":            panics(0),
		"no reason":        always(policy.Verdict{Prefer: server}),
		"malformed reason": always(policy.Verdict{Prefer: server, Reason: "Not OK"}),
		"no such target":   always(policy.Verdict{Prefer: 9, Reason: "x"}),
		"no such forbid":   always(policy.Verdict{Forbid: 1 << 6, Reason: "x"}),
		"forbids none":     always(policy.Verdict{Forbid: policy.SetOf(none), Reason: "x"}),
	} {
		t.Run(name, func(t *testing.T) {
			told := 0
			d := newDecider(t, policy.Options{
				Policies: policy.Defaults(policy.Named("acme.x", f)),
				OnError:  func(string, error) { told++ },
			})
			got := d.Decide(t.Context(), complete(policy.Input{Trace: true}))
			if got.Reason != policy.OptimalForBrowser {
				t.Errorf("got %s, want the policy to abstain", got.Reason)
			}
			if step := policyStep(got.Trace, "acme.x"); step.Step != "error" || step.Said != "failed" {
				t.Errorf("the trace does not tell of the fault: %+v", step)
			}
			if told != 1 {
				t.Errorf("OnError was called %d times", told)
			}
		})
	}
}

// always is a policy without a name that always says the same.
func always(v policy.Verdict) policy.PolicyFunc {
	return func(context.Context, *policy.Input) (policy.Verdict, error) { return v, nil }
}

func TestDeclarations(t *testing.T) {
	fails := policy.PolicyFunc(func(context.Context, *policy.Input) (policy.Verdict, error) {
		return policy.Verdict{}, errors.New("redis: dial tcp 10.1.2.3: secret")
	})
	forbidsServer := always(policy.Verdict{Forbid: policy.SetOf(server), Reason: "acme_x"})
	onlyBrowser := &policy.Effects{Forbid: []policy.Target{browser}}
	for _, test := range []struct {
		name   string
		policy policy.Policy
		target policy.Target
		reason policy.Reason
		fails  bool
	}{
		{"no declaration", forbidsServer, browser, "acme_x", false},
		{"beyond its effects", policy.Declared(forbidsServer, policy.Declaration{Effects: onlyBrowser}), browser, policy.OptimalForBrowser, true},
		{"no effects at all", policy.Declared(forbidsServer, policy.Declaration{Effects: &policy.Effects{}}), browser, policy.OptimalForBrowser, true},
		{"fails and abstains", fails, browser, policy.OptimalForBrowser, true},
		{
			"fails and forbids what it may", policy.Declared(fails, policy.Declaration{Effects: onlyBrowser, WhenUnreachable: policy.ForbidWhenUnreachable}),
			server, policy.PolicyUnreachable, true,
		},
		{
			"fails and forbids all", policy.Declared(fails, policy.Declaration{WhenUnreachable: policy.ForbidWhenUnreachable}),
			none, policy.PolicyUnreachable, true,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			var told []string
			d := newDecider(t, policy.Options{
				Policies: policy.Defaults(policy.Named("acme.x", test.policy)),
				OnError:  func(name string, err error) { told = append(told, name+": "+err.Error()) },
			})
			got := d.Decide(t.Context(), complete(policy.Input{Trace: true}))
			if got.Target != test.target || got.Reason != test.reason {
				t.Errorf("got %v because %s, want %v because %s", got.Target, got.Reason, test.target, test.reason)
			}
			if test.fails != (len(told) == 1) {
				t.Errorf("OnError was told %q", told)
			}
			if trace := fmt.Sprint(got.Trace); strings.Contains(trace, "secret") {
				t.Errorf("the trace tells what the error said: %s", trace)
			}
		})
	}
}

// A policy has one name and one declaration, in whatever order it was wrapped.
func TestWrappersKeepWhatTheyWrap(t *testing.T) {
	effects := policy.Declaration{Effects: &policy.Effects{Prefer: []policy.Target{server}}}
	p := always(policy.Verdict{Prefer: server, Reason: "acme_x"})
	for name, wrapped := range map[string]policy.Policy{
		"named last":    policy.Named("acme.x", policy.Declared(policy.Timeout(p, time.Minute, policy.Verdict{}), effects)),
		"declared last": policy.Declared(policy.Timeout(policy.Named("acme.x", p), time.Minute, policy.Verdict{}), effects),
		"timed last":    policy.Timeout(policy.Declared(policy.Named("acme.x", p), effects), time.Minute, policy.Verdict{}),
	} {
		specs := newDecider(t, policy.Options{Policies: policy.Defaults(wrapped)}).Snapshot().Policies
		want := `{"name":"acme.x","opaque":true,"effects":{"prefer":["server"]},"whenUnreachable":"abstain"}`
		if got := encoded(t, specs[len(specs)-1]); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
}
