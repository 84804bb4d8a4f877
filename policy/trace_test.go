package policy_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edgewise-ai/edgewise/policy"
	"github.com/edgewise-ai/edgewise/registry"
)

// filterStep returns the step of a filter, zero if there is none.
func filterStep(trace []policy.Step, f registry.Filter) policy.Step {
	return firstStep(trace, func(s policy.Step) bool { return s.Step == "filter" && s.By == f.String() })
}

// policyStep returns the step of a policy, zero if there is none. Some are named as
// filters are.
func policyStep(trace []policy.Step, name string) policy.Step {
	return firstStep(trace, func(s policy.Step) bool { return s.Step != "filter" && s.By == name })
}

func firstStep(trace []policy.Step, is func(policy.Step) bool) policy.Step {
	if i := slices.IndexFunc(trace, is); i >= 0 {
		return trace[i]
	}
	return policy.Step{}
}

func TestTraceNamesEveryFilterAndPolicy(t *testing.T) {
	in := complete(asks(policy.Request{PromptLength: 5_000}))
	in.Trace = true
	trace := newDecider(t, policy.Options{}).Decide(t.Context(), in).Trace
	for f := registry.FilterEnabled; f <= registry.FilterSpeed; f++ {
		if step := filterStep(trace, f); step.Remaining == nil {
			t.Errorf("filter %s is missing from the trace", f)
		}
	}
	for _, p := range policy.Defaults() {
		if step := policyStep(trace, nameOf(p)); step.Step == "" {
			t.Errorf("policy %s is missing from the trace", nameOf(p))
		}
	}
	if step := policyStep(trace, policy.NameComplexity); step.Detail["promptLength"] != 5_000 || step.Target != "server" {
		t.Errorf("complexity does not show its numbers: %+v", step)
	}
	if last := trace[len(trace)-1]; last.Step != "outcome" || last.Said != string(policy.RequestTooComplex) {
		t.Errorf("the trace ends with %+v", last)
	}
}

func TestTraceTellsWhichFilterLeftNone(t *testing.T) {
	in := complete(asks(policy.Request{PromptTokens: 9_000}))
	in.Trace = true
	trace := newDecider(t, policy.Options{}).Decide(t.Context(), in).Trace
	step := filterStep(trace, registry.FilterContext)
	if step.Said != string(policy.ContextWindowExceeded) || step.Target != "browser" || *step.Remaining != 0 {
		t.Errorf("the filter's step is %+v", step)
	}
}

// Models whose engine cannot honour the request are counted with those that lack a feature.
func TestTraceCountsTheModelsOfEnginesThatCannot(t *testing.T) {
	in := complete(asks(policy.Request{PromptLength: 40, Engines: []string{registry.Wllama, "acme/absent"}}))
	in.Trace = true
	trace := newDecider(t, policy.Options{}).Decide(t.Context(), in).Trace
	if before, step := filterStep(trace, registry.FilterContext), filterStep(trace, registry.FilterFeatures); *before.Remaining < 2 || *step.Remaining != 1 {
		t.Errorf("%d models are left before and %d after, want 1", *before.Remaining, *step.Remaining)
	}
}

// The candidate choice speaks as a policy does, in its place.
func TestTraceTellsWhatTheCandidateChoiceSays(t *testing.T) {
	for name, test := range map[string]struct {
		in   policy.Input
		want policy.Step
	}{
		"a model is left": {given(), policy.Step{Step: "abstain", By: candidate}},
		"none is left":    {given(overlong), policy.Step{Step: "forbid", By: candidate, Said: "context_window_exceeded", Target: "browser"}},
	} {
		test.in.Trace = true
		trace := newDecider(t, policy.Options{}).Decide(t.Context(), test.in).Trace
		if diff := cmp.Diff(test.want, policyStep(trace, candidate)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		var names []string
		for _, step := range trace {
			if step.Step != "filter" {
				names = append(names, step.By)
			}
		}
		want := []string{policy.NameEnabled, policy.NameCapability, candidate, policy.NamePrivacy}
		if !slices.Equal(names[:4], want) {
			t.Errorf("%s: the policies are %v, want first %v", name, names, want)
		}
	}
}

func TestTraceOfWhatOnePolicySays(t *testing.T) {
	both := policy.SetOf(browser, server)
	numbers := map[string]int64{"n": 7}
	fails := panics(0)
	unreachable := func(effects *policy.Effects) policy.Policy {
		return policy.Declared(fails, policy.Declaration{Effects: effects, WhenUnreachable: policy.ForbidWhenUnreachable})
	}
	late := func(v policy.Verdict) policy.Policy { return policy.Timeout(takes(time.Second), time.Millisecond, v) }
	const unreached = string(policy.PolicyUnreachable)
	for name, test := range map[string]struct {
		policy policy.Policy
		want   []policy.Step
	}{
		"abstains":            {always(policy.Verdict{}), []policy.Step{{Step: "abstain"}}},
		"abstains for reason": {always(policy.Verdict{Reason: "why"}), []policy.Step{{Step: "abstain", Said: "why"}}},
		"prefers":             {always(policy.Verdict{Prefer: server, Reason: "why"}), []policy.Step{{Step: "prefer", Said: "why", Target: "server"}}},
		"forbids both": {
			speaker{policy.Verdict{Forbid: both, Reason: "why"}, numbers},
			[]policy.Step{{Step: "forbid", Said: "why", Target: "browser", Detail: numbers}, {Step: "forbid", Said: "why", Target: "server"}},
		},
		"fails": {fails, []policy.Step{{Step: "error", Said: "failed", Failed: true}}},
		"fails, and forbids one": {
			unreachable(&policy.Effects{Forbid: []policy.Target{server}}),
			[]policy.Step{{Step: "forbid", Said: unreached, Target: "server", Failed: true}},
		},
		"fails, and forbids both": {unreachable(nil), []policy.Step{
			{Step: "forbid", Said: unreached, Target: "browser", Failed: true}, {Step: "forbid", Said: unreached, Target: "server", Failed: true},
		}},
		"fails, and may forbid none": {unreachable(&policy.Effects{}), []policy.Step{{Step: "error", Said: "failed", Failed: true}}},
		"is late, and prefers": {
			late(policy.Verdict{Prefer: browser, Reason: "acme_late"}),
			[]policy.Step{{Step: "prefer", Said: "acme_late", Target: "browser", Failed: true}},
		},
		"is late, and abstains": {late(policy.Verdict{}), []policy.Step{{Step: "error", Said: "failed", Failed: true}}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDecider(t, policy.Options{Policies: policy.Defaults(policy.Named("acme.x", test.policy))})
				var got []policy.Step
				for _, step := range d.Decide(t.Context(), complete(policy.Input{Trace: true})).Trace {
					if step.By == "acme.x" {
						step.By = ""
						got = append(got, step)
					}
				}
				if diff := cmp.Diff(test.want, got); diff != "" {
					t.Errorf("-want +got:\n%s", diff)
				}
			})
		})
	}
}

// speaker says one thing, and by which numbers.
type speaker struct {
	verdict policy.Verdict
	numbers map[string]int64
}

func (s speaker) Evaluate(context.Context, *policy.Input) (policy.Verdict, error) {
	return s.verdict, nil
}

func (s speaker) Explain(*policy.Input) map[string]int64 { return s.numbers }

func TestOnlyATraceCostsAnExplanation(t *testing.T) {
	asked := 0
	p := explained{"acme.x", func(*policy.Input) map[string]int64 {
		asked++
		return map[string]int64{"asked": int64(asked)}
	}}
	d := newDecider(t, policy.Options{Policies: policy.Defaults(p)})
	d.Decide(t.Context(), complete(policy.Input{}))
	if asked != 0 {
		t.Error("the policy explains itself without a trace")
	}
	got := d.Decide(t.Context(), complete(policy.Input{Trace: true}))
	if step := policyStep(got.Trace, "acme.x"); step.Step != "abstain" || step.Detail["asked"] != 1 {
		t.Errorf("the trace has %+v", step)
	}
}

func TestAPanicOfExplainIsContained(t *testing.T) {
	p := explained{"acme.x", func(*policy.Input) map[string]int64 { panic("no numbers") }}
	d := newDecider(t, policy.Options{Policies: policy.Defaults(p)})
	got := d.Decide(t.Context(), complete(policy.Input{Trace: true}))
	if got.Reason != policy.OptimalForBrowser || policyStep(got.Trace, "acme.x").Detail != nil {
		t.Errorf("got %s with %+v", got.Reason, policyStep(got.Trace, "acme.x"))
	}
}

// explained is a policy that abstains and explains itself.
type explained struct {
	name    string
	numbers func(*policy.Input) map[string]int64
}

func (e explained) Name() string { return e.name }

func (explained) Evaluate(context.Context, *policy.Input) (policy.Verdict, error) {
	return policy.Verdict{}, nil
}

func (e explained) Explain(in *policy.Input) map[string]int64 { return e.numbers(in) }
