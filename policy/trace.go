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

// step tells what one policy said. Of an error it tells what the policy counts as
// because of it, or only that there was one: traces go to the page, and errors
// name hosts and keys.
func (a *asked) step(in *Input, v Verdict, err error) Step {
	s := Step{Step: "abstain", By: a.name, Said: string(v.Reason)}
	switch {
	case err != nil && v == (Verdict{}):
		s.Step, s.Said = "error", "failed"
	case v.Forbid != 0:
		s.Step = "forbid"
		if s.Target = Browser.String(); v.Forbid.Has(Server) {
			s.Target = Server.String()
		}
	case v.Prefer != None:
		s.Step, s.Target = "prefer", v.Prefer.String()
	}
	if a.explains != nil && err == nil {
		s.Detail = a.explain(in)
	}
	return s
}

// explain asks for the policy's numbers; one that panics has none.
func (a *asked) explain(in *Input) (detail map[string]int64) {
	var err error
	defer recoverAs(&err)
	return a.explains.Explain(in)
}
