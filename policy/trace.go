package policy

import "github.com/edgewise-ai/edgewise/registry"

// traceFilters tells how many models each filter left, as
// [registry.Index.Remaining] counts them.
func traceFilters(left []int) []Step {
	steps := make([]Step, 0, len(left)+16)
	for f := registry.FilterEnabled; int(f) < len(left); f++ {
		n := left[f]
		step := Step{Step: "filter", By: f.String(), Remaining: &n}
		if n == 0 && left[f-1] > 0 {
			step.Said = string(reasonOf(f))
			step.Target = Browser.String()
		}
		steps = append(steps, step)
	}
	return steps
}

// step tells what one policy said.
func (a *asked) step(in *Input, v Verdict, err error) Step {
	s := Step{Step: "abstain", By: a.name, Said: string(v.Reason)}
	switch {
	case err != nil:
		s.Step, s.Said = "error", err.Error()
	case v.Forbid != 0:
		s.Step = "forbid"
		if s.Target = Browser.String(); v.Forbid.Has(Server) {
			s.Target = Server.String()
		}
	case v.Prefer != None:
		s.Step, s.Target = "prefer", v.Prefer.String()
	}
	if a.explains != nil && err == nil {
		s.Detail = a.explains.Explain(in)
	}
	return s
}
