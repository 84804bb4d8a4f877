package hybrid

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/edgewise-ai/edgewise/policy"
	"github.com/edgewise-ai/edgewise/registry"
)

// view is everything that changes with the registry, built once per listing and
// then only read: the decider, and the answers that are the same for everybody,
// encoded already.
type view struct {
	decider  *policy.Decider
	shadow   *policy.Decider // of Options.Shadow, nil without one
	listing  string          // the revision of the listing
	revision string          // of policies, limits and models together

	models     []byte // the body of GET /browser/models
	modelsETag string

	// snapshot is the shared part of GET /browser/policy: a JSON object without
	// its closing brace, to which each answer adds subject and grant.
	snapshot    []byte
	snapshotTag string // fingerprint of it
}

func newView(listing registry.Listing, opts *Options, c *complaints) (*view, error) {
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
		OnError:  func(name string, err error) { c.hear("a policy", name, err) },
	})
	if err != nil {
		return nil, err
	}
	v := &view{decider: decider, listing: listing.Revision, revision: decider.Revision()}
	if s := opts.Shadow; s != nil {
		v.shadow, err = policy.NewDecider(index, policy.Options{
			Policies: s.Policies,
			First:    s.First,
			Limits:   *s.Limits,
			OnError:  func(name string, err error) { c.hear("a shadow policy", name, err) },
		})
		if err != nil {
			return nil, fmt.Errorf("Options.Shadow: %w", err)
		}
	}

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
