package policy_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/edgewise-ai/edgewise/capability"
	"github.com/edgewise-ai/edgewise/policy"
	"github.com/edgewise-ai/edgewise/registry"
)

func TestRule(t *testing.T) {
	forbidBrowser := says("acme.b", policy.Verdict{Forbid: policy.SetOf(policy.Browser), Reason: "acme_b"})
	forbidServer := says("acme.s", policy.Verdict{Forbid: policy.SetOf(policy.Server), Reason: "acme_s"})
	preferServer := says("acme.p", policy.Verdict{Prefer: policy.Server, Reason: "acme_p"})
	local := &policy.Request{Privacy: policy.PrivacyLocalOnly}
	noGPU := desktop()
	noGPU.WebGPU, noGPU.WebGL2 = capability.No, capability.No
	offline := &policy.State{Network: registry.Network{Offline: true}}

	tests := []struct {
		name     string
		policies []policy.Policy
		in       policy.Input
		target   policy.Target
		reason   policy.Reason
		fallback policy.Target
	}{
		{name: "nobody objects", target: policy.Browser, reason: policy.OptimalForBrowser, fallback: policy.Server},
		{name: "one left, browser", policies: []policy.Policy{forbidServer}, target: policy.Browser, reason: "acme_s"},
		{name: "one left, server", policies: []policy.Policy{forbidBrowser}, target: policy.Server, reason: "acme_b"},
		{name: "preference", policies: []policy.Policy{preferServer}, target: policy.Server, reason: "acme_p", fallback: policy.Browser},
		{
			name: "a preference for a forbidden target does not count", policies: []policy.Policy{preferServer, forbidServer},
			target: policy.Browser, reason: "acme_s",
		},
		{
			name: "both forbidden: why the browser", policies: []policy.Policy{forbidServer, forbidBrowser},
			target: policy.None, reason: "acme_b",
		},
		{
			name: "both forbidden while offline", policies: []policy.Policy{forbidServer, forbidBrowser},
			in: policy.Input{State: offline}, target: policy.None, reason: policy.Offline,
		},
		{
			name: "local-only on a device that can't",
			in:   policy.Input{Request: local, Device: noGPU}, target: policy.None, reason: policy.LocalOnlyUnavailable,
		},
		{
			name: "local-only against the user's never",
			in:   policy.Input{Request: local, State: &policy.State{Mode: policy.ModeNever}}, target: policy.None, reason: policy.LocalOnlyUnavailable,
		},
		{name: "local-only", in: policy.Input{Request: local}, target: policy.Browser, reason: policy.LocalOnly},
		{
			name: "a device's lack comes before the user's wish",
			in:   policy.Input{Device: noGPU, State: &policy.State{Mode: policy.ModeNever}}, target: policy.Server, reason: policy.InsufficientDevice,
		},
		{
			name:   "always wins over complex",
			in:     policy.Input{Request: &policy.Request{Complexity: policy.Complex, Preference: policy.ModeAlways}},
			target: policy.Browser, reason: policy.UserPrefersBrowser, fallback: policy.Server,
		},
		{
			name:   "a request's preference wins over the mode",
			in:     policy.Input{Request: &policy.Request{Preference: policy.ModeAlways}, State: &policy.State{Mode: policy.ModeNever}},
			target: policy.Browser, reason: policy.UserPrefersBrowser, fallback: policy.Server,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			d := newDecider(t, policy.Options{Policies: policy.Defaults(test.policies...)})
			if test.in.Device == nil {
				test.in.Device = desktop()
			}
			got := d.Decide(t.Context(), test.in)
			if got.Target != test.target || got.Reason != test.reason || got.Fallback != test.fallback {
				t.Errorf("got %v because %s, fallback %v; want %v because %s, fallback %v",
					got.Target, got.Reason, got.Fallback, test.target, test.reason, test.fallback)
			}
			if browser := got.Target == policy.Browser || got.Fallback == policy.Browser; browser != (got.Model != nil) {
				t.Errorf("browser permitted: %v, but model is %v", browser, got.Model)
			}
		})
	}
}

// Whatever the order of registration, the outcome and its reason stay, and a
// policy that abstains changes nothing.
func TestOrderNeverMatters(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	ctx := t.Context()
	for range 200 {
		policies := policy.Defaults()
		for i := range r.IntN(4) {
			v := policy.Verdict{Reason: policy.Reason(fmt.Sprintf("r%d", i))}
			if r.IntN(2) == 0 {
				v.Forbid = policy.SetOf(policy.Target(1 + r.IntN(2)))
			}
			policies = append(policies, says(fmt.Sprintf("acme.p%d", i), v))
		}
		in := randomInput(r)
		want := newDecider(t, policy.Options{Policies: policies}).Decide(ctx, in)
		r.Shuffle(len(policies), func(i, j int) { policies[i], policies[j] = policies[j], policies[i] })
		policies = append(policies, says("acme.silent", policy.Verdict{}))
		got := newDecider(t, policy.Options{Policies: policies}).Decide(ctx, in)
		if got.Target != want.Target || got.Reason != want.Reason || got.Fallback != want.Fallback || idOf(got.Model) != idOf(want.Model) {
			t.Fatalf("order changed the outcome: %v %s, then %v %s", want.Target, want.Reason, got.Target, got.Reason)
		}
	}
}

func TestLocalOnlyNeverYieldsServer(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	d := newDecider(t, policy.Options{Policies: policy.Defaults(
		says("acme.p", policy.Verdict{Prefer: policy.Server, Reason: "acme_p"}))})
	for range 5_000 {
		in := randomInput(r)
		in.Request.Privacy = policy.PrivacyLocalOnly
		if got := d.Decide(t.Context(), in); got.Target == policy.Server || got.Fallback == policy.Server {
			t.Fatalf("local-only went to the server: %+v for %+v", got, in)
		}
	}
}

func TestCustomPreferencesCountInTheOrderGiven(t *testing.T) {
	toServer := says("zeta.server", policy.Verdict{Prefer: policy.Server, Reason: "zeta"})
	toBrowser := says("alpha.browser", policy.Verdict{Prefer: policy.Browser, Reason: "alpha"})
	complexRequest := &policy.Request{Complexity: policy.Complex}

	tests := []struct {
		name    string
		custom  []policy.Policy
		first   []string
		request *policy.Request
		want    policy.Reason
	}{
		{"as given", []policy.Policy{toServer, toBrowser}, nil, nil, "zeta"},
		{"given the other way round", []policy.Policy{toBrowser, toServer}, nil, nil, "alpha"},
		{"built-in ones before them", []policy.Policy{toBrowser}, nil, complexRequest, policy.RequestTooComplex},
		{"placed first", []policy.Policy{toServer, toBrowser}, []string{"alpha.browser"}, complexRequest, "alpha"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			d := newDecider(t, policy.Options{Policies: policy.Defaults(test.custom...), First: test.first})
			if got := d.Decide(t.Context(), policy.Input{Device: desktop(), Request: test.request}); got.Reason != test.want {
				t.Errorf("got %s, want %s", got.Reason, test.want)
			}
		})
	}
}

func TestFaultyPoliciesAbstain(t *testing.T) {
	faulty := map[string]policy.PolicyFunc{
		"error": func(context.Context, *policy.Input) (policy.Verdict, error) {
			return policy.Verdict{Forbid: policy.SetOf(policy.Browser), Reason: "x"}, errors.New("database is down")
		},
		"panic": func(context.Context, *policy.Input) (policy.Verdict, error) { panic("nil map") },
		"malformed reason": func(context.Context, *policy.Input) (policy.Verdict, error) {
			return policy.Verdict{Prefer: policy.Server, Reason: "Not OK"}, nil
		},
		"no such target": func(context.Context, *policy.Input) (policy.Verdict, error) {
			return policy.Verdict{Prefer: 9, Reason: "x"}, nil
		},
	}
	for name, f := range faulty {
		t.Run(name, func(t *testing.T) {
			d := newDecider(t, policy.Options{Policies: policy.Defaults(policy.Named("acme.x", f))})
			got := d.Decide(t.Context(), policy.Input{Device: desktop(), Trace: true})
			if got.Reason != policy.OptimalForBrowser {
				t.Errorf("got %s, want the policy to abstain", got.Reason)
			}
			step := findStep(got.Trace, "acme.x")
			if step.Step != "error" || step.Said == "" {
				t.Errorf("the trace does not tell of the fault: %+v", step)
			}
		})
	}
}

func TestPrivacyCannotBeLeftOut(t *testing.T) {
	d := newDecider(t, policy.Options{Policies: []policy.Policy{policy.Complexity{}}})
	got := d.Decide(t.Context(), policy.Input{
		Device: desktop(), Request: &policy.Request{PromptLength: 9_000, Privacy: policy.PrivacyLocalOnly},
	})
	if got.Target != policy.Browser || got.Fallback != policy.None {
		t.Errorf("local-only went to %v with fallback %v", got.Target, got.Fallback)
	}
}

func TestDeclarations(t *testing.T) {
	fails := policy.PolicyFunc(func(context.Context, *policy.Input) (policy.Verdict, error) {
		return policy.Verdict{}, errors.New("redis: dial tcp 10.1.2.3: secret")
	})
	forbidsServer := policy.PolicyFunc(func(context.Context, *policy.Input) (policy.Verdict, error) {
		return policy.Verdict{Forbid: policy.SetOf(policy.Server), Reason: "acme_x"}, nil
	})
	onlyBrowser := &policy.Effects{Forbid: []policy.Target{policy.Browser}}
	tests := []struct {
		name   string
		policy policy.Policy
		target policy.Target
		reason policy.Reason
		fails  bool
	}{
		{"no declaration", forbidsServer, policy.Browser, "acme_x", false},
		{"beyond its effects", policy.Declared(forbidsServer, policy.Declaration{Effects: onlyBrowser}), policy.Browser, policy.OptimalForBrowser, true},
		{"fails and abstains", fails, policy.Browser, policy.OptimalForBrowser, true},
		{
			"fails and forbids what it may", policy.Declared(fails, policy.Declaration{Effects: onlyBrowser, WhenUnreachable: policy.ForbidWhenUnreachable}),
			policy.Server, policy.PolicyUnreachable, true,
		},
		{
			"fails and forbids all", policy.Declared(fails, policy.Declaration{WhenUnreachable: policy.ForbidWhenUnreachable}),
			policy.None, policy.PolicyUnreachable, true,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var told []string
			d := newDecider(t, policy.Options{
				Policies: policy.Defaults(policy.Named("acme.x", test.policy)),
				OnError:  func(name string, err error) { told = append(told, name+": "+err.Error()) },
			})
			got := d.Decide(t.Context(), policy.Input{Device: desktop(), Trace: true})
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

// panicky explains itself badly.
type panicky struct{ policy.PolicyFunc }

func (panicky) Explain(*policy.Input) map[string]int64 { panic("no numbers") }

func TestExplainIsContained(t *testing.T) {
	d := newDecider(t, policy.Options{Policies: policy.Defaults(policy.Named("acme.x", panicky{
		func(context.Context, *policy.Input) (policy.Verdict, error) { return policy.Verdict{}, nil },
	}))})
	if got := d.Decide(t.Context(), policy.Input{Device: desktop(), Trace: true}); got.Reason != policy.OptimalForBrowser {
		t.Errorf("got %s", got.Reason)
	}
}

func TestNewDeciderRefuses(t *testing.T) {
	unnamed := policy.PolicyFunc(func(context.Context, *policy.Input) (policy.Verdict, error) { return policy.Verdict{}, nil })
	tests := []struct {
		name string
		opts policy.Options
		want string
	}{
		{"no name", policy.Options{Policies: []policy.Policy{unnamed}}, "has no name"},
		{"empty name", policy.Options{Policies: []policy.Policy{policy.Named("", unnamed)}}, "malformed"},
		{"malformed name", policy.Options{Policies: []policy.Policy{policy.Named("Acme X", unnamed)}}, "malformed"},
		{"reserved name", policy.Options{Policies: []policy.Policy{policy.Named("budget", unnamed)}}, "reserved"},
		{"another privacy", policy.Options{Policies: []policy.Policy{policy.Named("privacy", unnamed)}}, "reserved"},
		{"unknown WhenUnreachable", policy.Options{Policies: []policy.Policy{
			policy.Named("acme.x", policy.Declared(unnamed, policy.Declaration{WhenUnreachable: "banana"})),
		}}, "banana"},
		{"effect on no target", policy.Options{Policies: []policy.Policy{
			policy.Named("acme.x", policy.Declared(unnamed, policy.Declaration{Effects: &policy.Effects{Prefer: []policy.Target{policy.None}}})),
		}}, "effect"},
		{"name twice", policy.Options{Policies: []policy.Policy{policy.Privacy{}, policy.Privacy{}}}, "two policies"},
		{"First unknown", policy.Options{First: []string{"acme.x"}}, "none of the policies"},
		{"rollout", policy.Options{Policies: []policy.Policy{policy.Enabled{RolloutBasisPoints: 10_001}}}, "RolloutBasisPoints"},
		{"memory floor", policy.Options{Policies: []policy.Policy{policy.Capability{MinRAM: -1}}}, "MinRAM"},
		{"load time", policy.Options{Policies: []policy.Policy{policy.Readiness{MaxLoadMs: -1}}}, "MaxLoadMs"},
		{"prompt length", policy.Options{Policies: []policy.Policy{policy.Complexity{MaxPromptLength: -1}}}, "MaxPromptLength"},
		{"output tokens", policy.Options{Policies: []policy.Policy{policy.Complexity{MaxOutputTokens: -1}}}, "MaxOutputTokens"},
		{"size cap", policy.Options{Limits: registry.Limits{MaxModelBytes: -1}}, "MaxModelBytes"},
	}
	index, err := registry.NewIndex(registry.Listing{})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := policy.NewDecider(index, test.opts)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got error %v, want one about %q", err, test.want)
			}
		})
	}
}

func TestTraceNamesEveryFilterAndPolicy(t *testing.T) {
	d := newDecider(t, policy.Options{})
	got := d.Decide(t.Context(), policy.Input{Device: desktop(), Request: &policy.Request{PromptLength: 5_000}, Trace: true})
	for f := registry.FilterEnabled; f <= registry.FilterSpeed; f++ {
		if step := findStep(got.Trace, f.String()); step.Step != "filter" || step.Remaining == nil {
			t.Errorf("filter %s is missing from the trace", f)
		}
	}
	for _, p := range policy.Defaults() {
		name := p.(policy.Namer).Name()
		if step := findStep(got.Trace, name); step.Step == "" {
			t.Errorf("policy %s is missing from the trace", name)
		}
	}
	if step := findStep(got.Trace, policy.NameComplexity); step.Detail["promptLength"] != 5_000 || step.Target != "server" {
		t.Errorf("complexity does not show its numbers: %+v", step)
	}
	if last := got.Trace[len(got.Trace)-1]; last.Step != "outcome" || last.Said != string(policy.RequestTooComplex) {
		t.Errorf("the trace ends with %+v", last)
	}
}

func TestDecideAllocatesNothing(t *testing.T) {
	d := newDecider(t, policy.Options{})
	in := policy.Input{Device: desktop(), Request: &policy.Request{PromptLength: 100, Task: "code"}}
	ctx := t.Context()
	if n := testing.AllocsPerRun(1_000, func() { d.Decide(ctx, in) }); n != 0 && !raceEnabled {
		t.Errorf("a decision allocates %v times, want 0", n)
	}
}

func findStep(trace []policy.Step, by string) policy.Step {
	for _, s := range trace {
		if s.By == by {
			return s
		}
	}
	return policy.Step{}
}

func idOf(m *registry.Model) string {
	if m == nil {
		return ""
	}
	return m.ID
}
