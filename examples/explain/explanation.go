package main

import (
	"context"
	"maps"
	"slices"

	"github.com/edgewise-ai/edgewise/policy"
	"github.com/edgewise-ai/edgewise/registry"
)

// explanation is one decision with all that led to it. Names on the wire are
// those of POST /browser/route, where it has them.
type explanation struct {
	Revision string         `json:"policyRevision"`
	Subject  policy.Subject `json:"subject"`
	Models   int            `json:"models"` // before the filters

	Target     policy.Target            `json:"target"`
	Reason     policy.Reason            `json:"reason"`
	Model      string                   `json:"model,omitempty"`
	Alternates []string                 `json:"alternates,omitempty"`
	Fallback   policy.Target            `json:"fallback,omitzero"`
	Preload    string                   `json:"preload,omitempty"`
	Forbidden  map[string]policy.Reason `json:"forbidden,omitempty"` // by target

	Trace    []policy.Step       `json:"trace"`
	Removed  map[string][]string `json:"removed,omitempty"`  // models, by filter
	Opaque   []opaque            `json:"opaque,omitempty"`   // policies that were not asked
	Unlisted []string            `json:"unlisted,omitempty"` // models in the state that are not among those of the service
}

// opaque is a policy that only the server can evaluate.
type opaque struct {
	Name        string          `json:"name"`
	Effects     *policy.Effects `json:"effects,omitempty"` // nil means anything
	CouldChange bool            `json:"couldChange"`       // the target
}

func explain(s *service, r *request) (*explanation, error) {
	in := policy.Input{
		Device: &r.Capabilities, Request: &r.Request, State: &r.State, Subject: &s.subject, Trace: true,
	}
	d := s.decider.Decide(context.Background(), in)
	snapshot := s.decider.Snapshot()
	removed, err := removedBy(&snapshot, in)
	if err != nil {
		return nil, err
	}
	e := &explanation{
		Revision: s.decider.Revision(), Subject: s.subject, Models: len(snapshot.Models),
		Target: d.Target, Reason: d.Reason, Model: id(d.Model), Fallback: d.Fallback, Preload: id(d.Preload),
		Forbidden: make(map[string]policy.Reason),
		Trace:     d.Trace, Removed: removed,
	}
	for _, m := range d.Alternates() {
		e.Alternates = append(e.Alternates, m.ID)
	}
	for _, t := range []policy.Target{policy.Browser, policy.Server} {
		if why := d.Forbidden(t); why != "" {
			e.Forbidden[t.String()] = why
		}
	}
	for _, spec := range s.opaque {
		e.Opaque = append(e.Opaque, opaque{spec.Name, spec.Effects, s.couldChange(&d, spec)})
	}
	listed := func(id string) bool {
		return slices.ContainsFunc(snapshot.Models, func(m registry.Model) bool { return m.ID == id })
	}
	e.Unlisted = slices.DeleteFunc(slices.Sorted(maps.Keys(r.State.Models)), listed)
	return e, nil
}

// id names a model, if there is one.
func id(m *registry.Model) string {
	if m == nil {
		return ""
	}
	return m.ID
}

// removedBy tells which models each filter took out, by deciding about each model
// alone: a trace has only their number.
func removedBy(s *policy.Snapshot, in policy.Input) (map[string][]string, error) {
	by := make(map[string][]string)
	for _, m := range s.Models {
		alone := policy.Snapshot{Schema: s.Schema, Limits: s.Limits, Models: []registry.Model{m}}
		decider, err := alone.Decider()
		if err != nil {
			return nil, err
		}
		for _, step := range decider.Decide(context.Background(), in).Trace {
			if step.Step == "filter" && *step.Remaining == 0 {
				by[step.By] = append(by[step.By], m.ID)
				break
			}
		}
	}
	return by, nil
}
