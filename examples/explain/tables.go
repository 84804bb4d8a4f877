package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/edgewise-ai/edgewise/examples/internal/text"
)

func (e *explanation) writeTables(out io.Writer) error {
	parts := []string{
		fmt.Sprintf("Policy revision %s, %s\n", e.Revision, e.about()),
		text.Table(e.filters()),
		text.Table(e.policies()),
		text.Table(e.outcome()),
	}
	if len(e.Opaque) > 0 {
		parts = append(parts, "Policies that were not asked can be evaluated on the server only.\n")
	}
	if len(e.Unlisted) > 0 {
		parts = append(parts, text.Wrap("The state speaks of models that are not listed, which counts for nothing: "+strings.Join(e.Unlisted, " ")))
	}
	_, err := io.WriteString(out, strings.Join(parts, "\n"))
	return err
}

// about says for whom the decision is made.
func (e *explanation) about() string {
	s := fmt.Sprintf("tier %q, rollout bucket %d", e.Subject.Tier, e.Subject.RolloutBucket)
	if b := e.Subject.Budget; b != nil {
		s += fmt.Sprintf(", budget %d microUSD", b.RemainingMicroUSD)
	}
	return s
}

// maxNamed is how many removed models a filter's line names.
const maxNamed = 8

func (e *explanation) filters() [][]string {
	t := [][]string{{"FILTER", "LEFT", "REMOVED"}, {"(none)", strconv.Itoa(e.Models), ""}}
	for _, step := range e.Trace {
		if step.Step != "filter" {
			continue
		}
		models := slices.Clone(e.Removed[step.By])
		if more := len(models) - maxNamed; more > 0 {
			models = append(models[:maxNamed], fmt.Sprintf("and %d more", more))
		}
		if step.Said != "" {
			models = append(models, fmt.Sprintf("=> forbid %s (%s)", step.Target, step.Said))
		}
		t = append(t, []string{step.By, strconv.Itoa(*step.Remaining), strings.Join(models, " ")})
	}
	return t
}

func (e *explanation) policies() [][]string {
	t := [][]string{{"POLICY", "SAYS", "REASON", "NUMBERS (-1: unknown)"}}
	for _, step := range e.Trace {
		if step.Step == "filter" || step.Step == "outcome" {
			continue
		}
		var numbers []string
		for _, name := range slices.Sorted(maps.Keys(step.Detail)) {
			numbers = append(numbers, fmt.Sprintf("%s=%d", name, step.Detail[name]))
		}
		t = append(t, []string{step.By, strings.TrimSpace(step.Step + " " + step.Target), step.Said, strings.Join(numbers, " ")})
	}
	for _, o := range e.Opaque {
		t = append(t, []string{fmt.Sprintf("%.24s", o.Name), "not asked", "", o.effect()})
	}
	return t
}

func (e *explanation) outcome() [][]string {
	t := [][]string{
		{"OUTCOME", ""},
		{"target", e.Target.String()},
		{"reason", string(e.Reason)},
	}
	for _, target := range slices.Sorted(maps.Keys(e.Forbidden)) {
		t = append(t, []string{"forbidden", fmt.Sprintf("%s (%s)", target, e.Forbidden[target])})
	}
	return append(t,
		[]string{"model", cmp.Or(e.Model, "none")},
		[]string{"alternates", cmp.Or(strings.Join(e.Alternates, " "), "none")},
		[]string{"fallback", e.Fallback.String()},
		[]string{"preload", cmp.Or(e.Preload, "none")},
	)
}

// effect says in words what an opaque policy might do.
func (o *opaque) effect() string {
	change := "; the target would be the same"
	if o.CouldChange {
		change = "; that could change the target"
	}
	if o.Effects == nil {
		return "may forbid or prefer anything" + change
	}
	var effects []string
	for _, t := range o.Effects.Forbid {
		effects = append(effects, "forbid "+t.String())
	}
	for _, t := range o.Effects.Prefer {
		effects = append(effects, "prefer "+t.String())
	}
	return "may " + cmp.Or(strings.Join(effects, " or "), "do nothing") + change
}
