package policytest

import (
	"context"
	"time"

	"github.com/edgewise-ai/edgewise/capability"
	"github.com/edgewise-ai/edgewise/policy"
	"github.com/edgewise-ai/edgewise/registry"
)

// findRefusal looks for a policy that no decider takes.
func findRefusal(_ context.Context, p policy.Policy) *finding {
	if _, err := newDecider(p, nil); err != nil {
		return found("Correct the name, the option or the declaration that the error speaks of.",
			"policy.NewDecider refuses the policy: %v", err)
	}
	return nil
}

// findStubbornness looks for a policy that goes on after its context ended,
// before it is asked or while it is. One that is quick need not look at it.
func findStubbornness(ctx context.Context, p policy.Policy) *finding {
	ended, end := context.WithCancel(ctx)
	end()
	if !returns(ended, p) {
		return found(heed, "Evaluate does not return within %v when its context has ended before", patience)
	}
	ending, end := context.WithTimeout(ctx, time.Millisecond)
	defer end()
	if !returns(ending, p) {
		return found(heed, "Evaluate does not return within %v when its context ends meanwhile", patience)
	}
	return nil
}

const heed = "Hand ctx on to whatever Evaluate waits for, or select on ctx.Done()."

// returns reports whether a policy answers in time. What it says is for other
// checks: no answer is wrong to a question that nobody asks any more.
func returns(ctx context.Context, p policy.Policy) bool {
	returned := make(chan struct{})
	go func() {
		defer close(returned)
		_, _ = evaluate(ctx, p, newSource().next())
	}()
	select {
	case <-returned:
		return true
	case <-time.After(patience):
		return false
	}
}

// findDemands looks for a policy that does not work where nothing is known.
func findDemands(ctx context.Context, p policy.Policy) *finding {
	for _, candidate := range []*registry.Model{nil, new(registry.Model)} {
		_, bad := evaluate(ctx, p, &policy.Input{
			Device: new(capability.Device), Request: new(policy.Request), State: new(policy.State), Subject: new(policy.Subject),
			Candidate: candidate,
		})
		if bad != nil {
			bad.problem = "With nothing known: " + bad.problem
			return bad
		}
	}
	return nil
}
