package hybrid

import (
	"bytes"
	"encoding/json"
	"slices"

	"github.com/edgewise-ai/edgewise/policy"
	"github.com/edgewise-ai/edgewise/registry"
)

// view is everything that changes with the registry, built once per listing and
// then only read: the decider, and the answers that are the same for everybody,
// encoded already.
type view struct {
	decider  *policy.Decider
	listing  string // the revision of the listing
	revision string // of policies, limits and models together

	models     []byte // the body of GET /browser/models
	modelsETag string

	// snapshot is the shared part of GET /browser/policy: a JSON object without
	// its closing brace, to which each answer adds subject and grant.
	snapshot    []byte
	snapshotTag string // fingerprint of it
}

func newView(listing registry.Listing, opts *Options, onError func(policy string, err error)) (*view, error) {
	full, err := registry.NewIndex(listing)
	if err != nil {
		return nil, err
	}
	index, err := withoutOrigin(full)
	if err != nil {
		return nil, err
	}
	decider, err := policy.NewDecider(index, policy.Options{
		Policies: opts.Policies,
		First:    opts.First,
		Limits:   opts.Limits,
		OnError:  onError,
	})
	if err != nil {
		return nil, err
	}
	v := &view{decider: decider, listing: listing.Revision, revision: decider.Revision()}

	v.models, err = json.Marshal(registry.Listing{Revision: listing.Revision, Models: full.Models()})
	if err != nil {
		return nil, err
	}
	v.modelsETag = `"` + fingerprint(v.models) + `"`

	shared := decider.Snapshot()
	shared.MaxAge = int64(opts.MaxAge.Seconds())
	shared.StaleIfUnreachable = int64(opts.StaleIfUnreachable.Seconds())
	snapshot, err := json.Marshal(struct {
		policy.Snapshot
		// These hide the snapshot's own and are left out themselves.
		Subject *struct{} `json:"subject,omitempty"`
		Grant   *struct{} `json:"grant,omitempty"`
	}{Snapshot: shared})
	if err != nil {
		return nil, err
	}
	v.snapshot = bytes.TrimSuffix(snapshot, []byte("}"))
	v.snapshotTag = fingerprint(v.snapshot)
	return v, nil
}

// withoutOrigin returns the index whose models lack their Origin: it is there for
// people who look at the list, and would make half of every other answer.
func withoutOrigin(full *registry.Index) (*registry.Index, error) {
	models := slices.Clone(full.Models())
	for i := range models {
		models[i].Origin = nil
	}
	return registry.NewIndex(registry.Listing{Revision: full.Revision(), Models: models})
}
