package policy

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/edgewise-ai/edgewise/registry"
)

// SchemaVersion is the version of the snapshot's form. A reader refuses a newer
// one.
const SchemaVersion = 1

// Snapshot is policies, models and the server's facts about one identity, as
// data: all that the page needs to decide alone.
type Snapshot struct {
	Schema   int    `json:"schema"`
	Revision string `json:"revision"` // names policies, limits and models together

	MaxAge             int64 `json:"maxAge"`             // seconds during which the page need not ask
	StaleIfUnreachable int64 `json:"staleIfUnreachable"` // seconds during which it may go on without the server

	Policies []Spec           `json:"policies"` // in the order of forbids
	First    []string         `json:"first,omitempty"`
	Limits   registry.Limits  `json:"limits"`
	Models   []registry.Model `json:"models"`
	Subject  Subject          `json:"subject"`
	Grant    *Grant           `json:"grant,omitempty"`
}

// Grant is the signed right to report, handed out with a snapshot.
type Grant struct {
	ID         string `json:"id"`         // reports are numbered below it: "<id>.<n>"
	Token      string `json:"token"`      // what a report shows
	Expires    int64  `json:"expires"`    // Unix seconds
	MaxReports int    `json:"maxReports"` // how many reports it is good for
}

// Snapshot returns the decider's part of a snapshot: schema, revision, policies,
// limits and models. The caller adds ages, subject and grant. It may change the
// rest too, but not the models, which are the index's.
func (d *Decider) Snapshot() Snapshot {
	s := Snapshot{
		Schema:   SchemaVersion,
		Revision: d.revision,
		Policies: make([]Spec, len(d.specs)),
		First:    slices.Clone(d.first),
		Limits:   d.limits.WithDefaults(),
		Models:   slices.Clone(d.index.Models()),
	}
	for i, spec := range d.specs {
		s.Policies[i] = spec.clone()
	}
	return s
}

// Revision names what decisions depend on besides their input: policies, limits
// and models.
func (d *Decider) Revision() string { return d.revision }

// Decider builds the decider that a snapshot describes, under the snapshot's
// revision if it has one. It fails if the schema is newer, a policy is opaque or
// unknown, an option or limit is out of range, or a model is invalid.
func (s *Snapshot) Decider() (*Decider, error) {
	if s.Schema < 1 || s.Schema > SchemaVersion {
		return nil, fmt.Errorf("policy: snapshot has schema %d: this version reads 1 to %d", s.Schema, SchemaVersion)
	}
	index, err := registry.NewIndex(registry.Listing{Revision: s.Revision, Models: s.Models})
	if err != nil {
		return nil, fmt.Errorf("policy: snapshot: %w", err)
	}
	policies := make([]Policy, 0, len(s.Policies))
	for _, spec := range s.Policies {
		p, err := FromSpec(spec)
		if err != nil {
			return nil, fmt.Errorf("policy: snapshot: %w", err)
		}
		policies = append(policies, p)
	}
	d, err := NewDecider(index, Options{Policies: policies, First: s.First, Limits: s.Limits})
	if err != nil {
		return nil, err
	}
	d.revision = cmp.Or(s.Revision, d.revision)
	return d, nil
}

// revisionOf names the decider's content, so that replicas with the same
// configuration agree.
func (d *Decider) revisionOf() (string, error) {
	hash := sha256.New()
	err := json.NewEncoder(hash).Encode([]any{SchemaVersion, d.index.Revision(), d.specs, d.first, d.limits})
	return hex.EncodeToString(hash.Sum(nil)[:8]), err
}
