// Package vectors makes decisions that Go and TypeScript must both make: golden
// ones, which stand in policy/testdata, and random ones, which the differential
// test compares. What it makes follows from the random numbers it is given.
package vectors

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/edgewise-ai/edgewise/capability"
	"github.com/edgewise-ai/edgewise/policy"
	"github.com/edgewise-ai/edgewise/registry"
)

// Vectors is a file of vectors and the snapshots they decide by.
type Vectors struct {
	Snapshots []policy.Snapshot `json:"snapshots"`
	Vectors   []Vector          `json:"vectors"`
}

// Vector is one decision, as the page would make it from its snapshot: the
// subject in the place of the snapshot's, and what the page knows.
type Vector struct {
	Name     string             `json:"name"`
	Snapshot int                `json:"snapshot"` // counted from 0
	Subject  policy.Subject     `json:"subject"`
	Device   *capability.Device `json:"device"`
	State    *policy.State      `json:"state"`
	Request  *policy.Request    `json:"request"`
	Want     Outcome            `json:"want"`

	// Trace is how it comes about, if the input asked for that. Golden files hold
	// none: outcomes show a change in fewer lines.
	Trace []policy.Step `json:"trace,omitempty"`
}

// Outcome is what both languages must agree on.
type Outcome struct {
	Target     policy.Target `json:"target"`
	Reason     policy.Reason `json:"reason"`
	Model      string        `json:"model,omitempty"`
	Alternates []string      `json:"alternates,omitempty"`
	Fallback   policy.Target `json:"fallback,omitzero"`
	Preload    string        `json:"preload,omitempty"`
}

// OutcomeOf returns what of a decision both languages must agree on.
func OutcomeOf(d policy.Decision) Outcome {
	o := Outcome{Target: d.Target, Reason: d.Reason, Model: idOf(d.Model), Fallback: d.Fallback, Preload: idOf(d.Preload)}
	for _, m := range d.Alternates() {
		o.Alternates = append(o.Alternates, m.ID)
	}
	return o
}

func idOf(m *registry.Model) string {
	if m == nil {
		return ""
	}
	return m.ID
}

// Record makes a vector of an input, which must be complete, and of what a
// decider decides about it. The snapshot is that decider's, by its place.
func Record(name string, snapshot int, d *policy.Decider, in policy.Input) Vector {
	decision := d.Decide(context.Background(), in)
	return Vector{
		Name: name, Snapshot: snapshot,
		Subject: *in.Subject, Device: in.Device, State: in.State, Request: in.Request,
		Want: OutcomeOf(decision), Trace: decision.Trace,
	}
}

// Input returns what the vector decides about.
func (v *Vector) Input() policy.Input {
	return policy.Input{Subject: &v.Subject, Device: v.Device, State: v.State, Request: v.Request, Trace: v.Trace != nil}
}

// WriteTo writes the file, a snapshot or vector a line, so that a change shows
// which of them it concerns.
func (v *Vectors) WriteTo(w io.Writer) (int64, error) {
	var file bytes.Buffer
	file.WriteString(`{"snapshots":[`)
	if err := writeLines(&file, v.Snapshots); err != nil {
		return 0, err
	}
	file.WriteString(`],"vectors":[`)
	if err := writeLines(&file, v.Vectors); err != nil {
		return 0, err
	}
	file.WriteString("]}\n")
	return file.WriteTo(w)
}

func writeLines[T any](file *bytes.Buffer, items []T) error {
	separator := "\n"
	for i := range items {
		line, err := json.Marshal(&items[i])
		if err != nil {
			return fmt.Errorf("vectors: %w", err)
		}
		file.WriteString(separator)
		file.Write(line)
		separator = ",\n"
	}
	file.WriteByte('\n')
	return nil
}
