package policy_test

import (
	"slices"
	"testing"

	"github.com/edgewise-ai/edgewise/capability"
	"github.com/edgewise-ai/edgewise/policy"
	"github.com/edgewise-ai/edgewise/registry"
)

// testCase is a decision with its outcome as a person expects it. Each file about
// a policy holds that policy's cases. All of them become golden vectors as well,
// so that the client makes the same decisions.
type testCase struct {
	name   string
	opts   policy.Options
	models []registry.Model // nil means models()
	in     policy.Input     // what is nil is filled in: see complete
	want   want
}

// want is what a case must come to.
type want struct {
	target   policy.Target
	reason   policy.Reason
	fallback policy.Target
	model    string // "" for any
}

// goes is an outcome while both targets are permitted.
func goes(to policy.Target, why policy.Reason) want {
	if to == browser {
		return want{target: to, reason: why, fallback: server}
	}
	return want{target: to, reason: why, fallback: browser}
}

// must is an outcome while the other target is forbidden.
func must(to policy.Target, why policy.Reason) want { return want{target: to, reason: why} }

// nowhere is the outcome while both are forbidden.
func nowhere(why policy.Reason) want { return want{reason: why} }

// with says which model is chosen, too.
func (w want) with(model string) want {
	w.model = model
	return w
}

// allCases returns the cases of every file.
func allCases() []testCase {
	return slices.Concat(
		filterCases(), rankingCases(), deviceCases(),
		enabledCases(), capabilityCases(), privacyCases(), preferenceCases(), budgetCases(), tierCases(), healthCases(),
		stickyCases(), readinessCases(), batteryCases(), speedCases(), taskCases(), complexityCases(), scoreCases(), costCases(),
		conflictCases(), preferOrderCases(), forbidOrderCases(), oneLeftCases(),
	)
}

func TestCases(t *testing.T) {
	seen := make(map[string]bool)
	for _, c := range allCases() {
		t.Run(c.name, func(t *testing.T) {
			d := newDeciderOver(t, c.listed(), c.opts).Decide(t.Context(), complete(c.in))
			got := want{d.Target, d.Reason, d.Fallback, idOf(d.Model)}
			if c.want.model == "" {
				got.model = ""
			}
			if got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
		if seen[c.name] {
			t.Errorf("two cases are named %q", c.name)
		}
		seen[c.name] = true
	}
}

func (c *testCase) listed() []registry.Model {
	if c.models == nil {
		return models()
	}
	return c.models
}

// complete fills in what a case does not speak of: a short prompt on a capable
// desktop whose page tells nothing else.
func complete(in policy.Input) policy.Input {
	if in.Device == nil {
		in.Device = desktop()
	}
	if in.Request == nil {
		in.Request = &policy.Request{PromptLength: 40}
	}
	if in.State == nil {
		in.State = &policy.State{}
	}
	if in.Subject == nil {
		in.Subject = &policy.Subject{}
	}
	return in
}

// row is a case among others of the same options.
type row struct {
	name string
	in   policy.Input
	want want
}

// by makes cases of rows that are decided by the given options.
func by(name string, opts policy.Options, rows ...row) []testCase {
	cases := make([]testCase, len(rows))
	for i, r := range rows {
		cases[i] = testCase{name: name + ": " + r.name, opts: opts, in: r.in, want: r.want}
	}
	return cases
}

// alone are the options of a decider that asks nobody else, but for privacy.
func alone(policies ...policy.Policy) policy.Options {
	return policy.Options{Policies: append([]policy.Policy{}, policies...)} // no policies are not the default ones
}

// both makes two cases of each row: decided by the policy alone, and by it among
// the other built-in policies, which have nothing to say.
func both(name string, p policy.Policy, rows ...row) []testCase {
	return append(
		by(name+", alone", alone(p), rows...),
		by(name+", among the others", policy.Options{Policies: policy.Defaults(p)}, rows...)...,
	)
}

// over puts the cases over other models.
func over(models []registry.Model, cases ...testCase) []testCase {
	for i := range cases {
		cases[i].models = models
	}
	return cases
}

// asks is an input with a request.
func asks(r policy.Request) policy.Input { return policy.Input{Request: &r} }

// while is an input with a state of the page.
func while(s policy.State) policy.Input { return policy.Input{State: &s} }

// from is an input with a subject.
func from(s policy.Subject) policy.Input { return policy.Input{Subject: &s} }

// on is an input from a desktop with a difference.
func on(change func(*capability.Device)) policy.Input {
	d := desktop()
	change(d)
	return policy.Input{Device: d}
}

// every is a state of the page in which all of models() are in the same state.
func every(m registry.ModelState) policy.State {
	s := policy.State{Models: make(map[string]registry.ModelState)}
	for _, listed := range models() {
		s.Models[listed.ID] = m
	}
	return s
}
