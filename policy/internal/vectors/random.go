package vectors

import (
	"math/rand/v2"

	"github.com/edgewise-ai/edgewise/policy"
	"github.com/edgewise-ai/edgewise/policy/policytest"
	"github.com/edgewise-ai/edgewise/registry"
)

func pick[T any](r *rand.Rand, values ...T) T { return values[r.IntN(len(values))] }

// subset picks each of the values or not; the result is nil if it is none.
func subset[T any](r *rand.Rand, values ...T) []T {
	var picked []T
	for _, v := range values {
		if r.IntN(2) == 0 {
			picked = append(picked, v)
		}
	}
	return picked
}

// words are tiers and tasks. Some are the names of what every JavaScript object
// has, where a careless look-up finds it.
var words = []string{"free", "pro", "classification", "poetry", "constructor", "__proto__"}

// RandomInput is [policytest.RandomInput], here and there with a tier and a task
// that a random decider knows.
func RandomInput(r *rand.Rand, models []registry.Model) policy.Input {
	in := policytest.RandomInput(r, models)
	if r.IntN(4) == 0 {
		in.Subject.Tier = pick(r, words...)
	}
	if r.IntN(4) == 0 {
		in.Request.Task = pick(r, words...)
	}
	return in
}

// RandomDecider makes a decider of random options over random models.
func RandomDecider(r *rand.Rand) (*policy.Decider, error) {
	index, err := registry.NewIndex(registry.Listing{Models: RandomModels(r)})
	if err != nil {
		return nil, err
	}
	return policy.NewDecider(index, RandomOptions(r))
}
