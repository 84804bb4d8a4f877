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

// trace adds what one policy said: a step, or two if it forbids both targets. Of
// an error it tells that there was one, and what the policy counts as because of
// it, but no more: traces go to the page, and errors name hosts and keys.
func (a *asked) trace(steps []Step, in *Input, v Verdict, err error) []Step {
	s := Step{Step: "abstain", By: a.name, Said: string(v.Reason), Failed: err != nil}
	if a.explains != nil && err == nil {
		s.Detail = a.explain(in)
	}
	switch {
	case v.Forbid != 0:
		s.Step = "forbid"
		for _, target := range [...]Target{Browser, Server} {
			if v.Forbid.Has(target) {
				s.Target = target.String()
				steps = append(steps, s)
				s.Detail = nil // once is enough
			}
		}
		return steps
	case v.Prefer != None:
		s.Step, s.Target = "prefer", v.Prefer.String()
	case err != nil:
		s.Step, s.Said = "error", "failed"
	}
	return append(steps, s)
}

// explain asks for the policy's numbers; one that panics has none.
func (a *asked) explain(in *Input) (detail map[string]int64) {
	var err error
	defer recoverAs(&err)
	return a.explains.Explain(in)
}
