package policytest

import (
	"context"
	"maps"
	"runtime/debug"

	"github.com/edgewise-ai/edgewise/policy"
)

// findBadExplanation looks for an explanation that panics, changes the input, or
// differs from call to call. A policy that explains nothing has none.
func findBadExplanation(ctx context.Context, p policy.Policy) *finding {
	explainer := explainerOf(p)
	if explainer == nil {
		return nil
	}
	inputs, copies := newSource(), newSource()
	for range some {
		in, before := inputs.next(), copies.next()
		if _, bad := evaluate(ctx, p, in); bad != nil {
			return bad
		}
		first, bad := explain(explainer, in)
		if bad != nil {
			return bad
		}
		second, bad := explain(explainer, in)
		switch {
		case bad != nil:
			return bad
		case !maps.Equal(first, second):
			return found("Compute the numbers from the input, as Evaluate does.",
				"Asked again with the same input, Explain says %v after %v", second, first)
		case changed(before, in) != "":
			return found("Other policies read the same input: change a copy.",
				"Explain modifies Input.%s", changed(before, in))
		}
	}
	return nil
}

func explain(e policy.Explainer, in *policy.Input) (numbers map[string]int64, bad *finding) {
	defer func() {
		if cause := recover(); cause != nil {
			bad = found("The trace then has no numbers of this policy. Make Explain return for every input that Evaluate takes.",
				"Explain panicked: %v\n%s", cause, debug.Stack())
		}
	}()
	return e.Explain(in), nil
}

// explainerOf looks for the ability through the wrappers, as a decider does.
func explainerOf(p policy.Policy) policy.Explainer {
	for {
		if e, ok := p.(policy.Explainer); ok {
			return e
		}
		w, ok := p.(interface{ Unwrap() policy.Policy })
		if !ok {
			return nil
		}
		p = w.Unwrap()
	}
}
