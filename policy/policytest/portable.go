package policytest

import (
	"bytes"
	"context"
	"encoding/json"

	"github.com/edgewise-ai/edgewise/policy"
)

// findLoss looks for a policy that is not the same after its way through a
// snapshot. One that is Go code only does not travel.
func findLoss(ctx context.Context, p policy.Policy) *finding {
	spec, bad := specOf(p)
	if bad != nil || spec.Opaque {
		return bad
	}
	data, err := json.Marshal(spec)
	if err != nil {
		return found(keepAll, "Its specification cannot be encoded: %v", err)
	}
	var read policy.Spec
	if err := json.Unmarshal(data, &read); err != nil {
		return found(keepAll, "Its specification cannot be read again: %v", err)
	}
	again, err := policy.FromSpec(read)
	if err != nil {
		return found(keepAll, "policy.FromSpec refuses its specification %s: %v", data, err)
	}
	if twice, bad := specOf(again); bad != nil || !bytes.Equal(twice.Options, spec.Options) {
		return found(keepAll, "Its options went as %s and came back as %s", spec.Options, twice.Options)
	}
	if bad := findDifference(ctx, p, again); bad != nil {
		bad.problem = "After its way as " + string(data) + ": " + bad.problem
		return bad
	}
	return nil
}

// findDifference looks for an input about which two policies that should be the
// same disagree.
func findDifference(ctx context.Context, p, other policy.Policy) *finding {
	inputs := newSource()
	for range many {
		in := inputs.next()
		first, bad := evaluate(ctx, p, in)
		if bad != nil {
			return bad
		}
		second, bad := evaluate(ctx, other, in)
		if bad != nil {
			return bad
		}
		if first != second {
			return found(keepAll, "It says %+v, and said %+v before", second, first)
		}
	}
	return nil
}

const keepAll = "Give every option a json tag, and fill in every default before it is encoded."

// specOf returns the policy as it stands in a snapshot.
func specOf(p policy.Policy) (policy.Spec, *finding) {
	d, err := newDecider(p, nil)
	if err != nil {
		return policy.Spec{}, found("Correct what the error speaks of.", "policy.NewDecider refuses the policy: %v", err)
	}
	specs := d.Snapshot().Policies
	for _, spec := range specs {
		if spec.Name != policy.NamePrivacy {
			return spec, nil
		}
	}
	return specs[0], nil // it is privacy itself
}
