package policytest

import (
	"context"

	"github.com/edgewise-ai/edgewise/policy"
)

// findBadVerdict looks for a verdict that makes no sense or goes beyond what the
// policy declared: one that a decider does not accept.
func findBadVerdict(ctx context.Context, p policy.Policy) *finding {
	var (
		given   policy.Verdict
		refusal error
	)
	judge, err := newDecider(policy.Named("policytest.replay", replay{p, &given}), func(_ string, err error) { refusal = err })
	if err != nil {
		return found("Correct what the error speaks of.", "policy.NewDecider refuses the policy under another name: %v", err)
	}
	inputs := newSource()
	for range many {
		in := inputs.next()
		var bad *finding
		if given, bad = evaluate(ctx, p, in); bad != nil {
			return bad
		}
		if judge.Decide(ctx, policy.Input{}); refusal != nil {
			return found("A verdict forbids or prefers browser or server, gives a reason, and keeps to what the policy declares; "+
				"the zero Verdict abstains. Narrow the verdict, or widen the declaration.",
				"A decider does not accept %+v: %v", given, refusal)
		}
	}
	return nil
}

// replay gives a verdict that a policy gave before, in the place of that policy
// and under its declaration.
type replay struct {
	policy.Policy
	verdict *policy.Verdict
}

func (r replay) Evaluate(context.Context, *policy.Input) (policy.Verdict, error) {
	return *r.verdict, nil
}

// Unwrap returns the policy that spoke, which may have declared itself.
func (r replay) Unwrap() policy.Policy { return r.Policy }
