package hybrid

import (
	"maps"
	"slices"

	"github.com/edgewise-ai/edgewise/policy"
)

// cloneInput copies an input that outlives the decision made from it: all its
// memory belongs to whoever asked.
func cloneInput(in policy.Input) policy.Input {
	if in.Device = clone(in.Device); in.Device != nil {
		in.Device.Engines = slices.Clone(in.Device.Engines)
		in.Device.GPU.Features = slices.Clone(in.Device.GPU.Features)
	}
	if in.Request = clone(in.Request); in.Request != nil {
		in.Request.Features = clone(in.Request.Features)
		in.Request.Engines = slices.Clone(in.Request.Engines)
	}
	if in.State = clone(in.State); in.State != nil {
		in.State.Models = maps.Clone(in.State.Models)
	}
	if in.Subject = clone(in.Subject); in.Subject != nil {
		in.Subject.Budget = clone(in.Subject.Budget)
		in.Subject.Prices = clone(in.Subject.Prices)
	}
	return in
}

// cloneTrace copies a trace down to its numbers.
func cloneTrace(trace []policy.Step) []policy.Step {
	trace = slices.Clone(trace)
	for i := range trace {
		step := &trace[i]
		step.Detail, step.Remaining = maps.Clone(step.Detail), clone(step.Remaining)
	}
	return trace
}

// clone copies what p points to, and no further.
func clone[T any](p *T) *T {
	if p == nil {
		return nil
	}
	c := *p
	return &c
}
