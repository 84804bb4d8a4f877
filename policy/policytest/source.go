package policytest

import (
	"math/rand/v2"

	"github.com/edgewise-ai/edgewise/policy"
	"github.com/edgewise-ai/edgewise/registry"
)

// How many inputs a check looks at: many where a single input may bring out a
// fault, some where most inputs do.
const (
	many = 3_000
	some = 500
)

// source makes inputs. Every source makes the same ones, and shares no memory
// with another: two of them give a policy's input and a copy that the policy
// never saw.
type source struct {
	r      *rand.Rand
	models []registry.Model
}

func newSource() *source {
	return &source{rand.New(rand.NewPCG(5, 5)), registry.Catalogue()}
}

func (s *source) next() *policy.Input {
	in := RandomInput(s.r, s.models)
	return &in
}

// take makes the next n inputs.
func (s *source) take(n int) []*policy.Input {
	inputs := make([]*policy.Input, n)
	for i := range inputs {
		inputs[i] = s.next()
	}
	return inputs
}
