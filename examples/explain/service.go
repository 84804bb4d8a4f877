package main

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"

	"github.com/edgewise-ai/edgewise/policy"
	"github.com/edgewise-ai/edgewise/registry"
)

// service is what decides: policies, models, and what the server knows of the
// identity that asks.
type service struct {
	decider *policy.Decider
	first   []string      // policies whose preference counts before all others
	opaque  []policy.Spec // policies that only the server can evaluate
	subject policy.Subject
}

// openService reads the snapshot in a file; without one it takes the built-in
// policies and models.
func openService(file string) (*service, error) {
	if file == "" {
		index, err := registry.NewIndex(registry.Listing{Models: registry.Catalogue()})
		if err != nil {
			return nil, err
		}
		decider, err := policy.NewDecider(index, policy.Options{})
		if err != nil {
			return nil, err
		}
		return &service{decider: decider}, nil
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	s, err := decodeService(data)
	if err != nil {
		return nil, fmt.Errorf("%s is not what GET /browser/policy answers: %w", file, err)
	}
	return s, nil
}

// decodeService reads a snapshot. What is opaque in it is set apart: it counts as
// having no opinion, and [couldChange] tells where that matters.
func decodeService(data []byte) (*service, error) {
	var snapshot policy.Snapshot
	if err := json.Unmarshal(data, &snapshot); err != nil {
		return nil, err
	}
	s := &service{first: snapshot.First, subject: snapshot.Subject}
	if prices := s.subject.Prices; prices != nil {
		if err := prices.Validate(); err != nil {
			return nil, err
		}
	}
	isOpaque := func(spec policy.Spec) bool { return spec.Opaque }
	for _, spec := range snapshot.Policies {
		if isOpaque(spec) {
			s.opaque = append(s.opaque, spec)
		}
	}
	snapshot.Policies = slices.DeleteFunc(snapshot.Policies, isOpaque)
	snapshot.First = slices.DeleteFunc(slices.Clone(s.first), func(name string) bool {
		return slices.ContainsFunc(s.opaque, func(spec policy.Spec) bool { return spec.Name == name })
	})
	var err error
	s.decider, err = snapshot.Decider()
	return s, err
}

// couldChange reports whether an opaque policy, were it asked, could move the
// request to another target: by a forbid of its target, or by a preference for
// the other, as far as that counts.
func (s *service) couldChange(d *policy.Decision, opaque policy.Spec) bool {
	if d.Target == policy.None { // no policy can permit what another forbids
		return false
	}
	may := opaque.Effects
	if may == nil || slices.Contains(may.Forbid, d.Target) {
		return true
	}
	return d.Fallback != policy.None && slices.Contains(may.Prefer, d.Fallback) && s.precedes(opaque.Name, d.Trace)
}

// precedes reports whether the named policy's preference would count before those
// in the trace.
func (s *service) precedes(name string, trace []policy.Step) bool {
	place := slices.Index(s.first, name)
	for _, step := range trace {
		if step.Step != "prefer" {
			continue
		}
		if other := slices.Index(s.first, step.By); place < 0 || other >= 0 && other < place {
			return false
		}
	}
	return true
}
