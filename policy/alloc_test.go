package policy_test

import (
	"math/rand/v2"
	"testing"

	"github.com/edgewise-ai/edgewise/internal/race"
	"github.com/edgewise-ai/edgewise/policy"
	"github.com/edgewise-ai/edgewise/policy/policytest"
)

func TestDecideAllocatesNothing(t *testing.T) {
	listed := models()
	r := rand.New(rand.NewPCG(7, 7))
	inputs := make([]policy.Input, 1_000)
	for i := range inputs {
		inputs[i] = policytest.RandomInput(r, listed)
	}
	ctx := t.Context()
	for name, opts := range map[string]policy.Options{
		"by default":   {},
		"with options": everyone(policy.Sticky{Conversations: true}, policy.Complexity{Weights: policy.DefaultWeights()}),
	} {
		d := newDecider(t, opts)
		allocations := testing.AllocsPerRun(10, func() {
			for i := range inputs {
				d.Decide(ctx, inputs[i])
			}
		})
		if allocations != 0 && !race.Enabled {
			t.Errorf("%s: %d decisions allocate %v times, want 0", name, len(inputs), allocations)
		}
	}
}
