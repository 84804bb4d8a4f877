package policy_test

import (
	"context"
	"slices"
	"testing"

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
