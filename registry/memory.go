package registry

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
)

// Memory is a [ModelRegistry] that lives in the process. Reads never lock:
// writers copy the listing, change the copy and put it in place.
//
// The zero Memory is empty and ready to use. It is safe for concurrent use and
// must not be copied.
type Memory struct {
	mu       sync.Mutex // serialises writers and guards watchers
	listing  atomic.Pointer[Listing]
	watchers map[chan struct{}]struct{}
}

var (
	_ ModelRegistry = (*Memory)(nil)
	_ Writer        = (*Memory)(nil)
	_ Watcher       = (*Memory)(nil)
)

// NewMemory returns a registry that holds the given models. It fails with a
// [*FieldError] if one of them is invalid or has the ID of another.
func NewMemory(models ...Model) (*Memory, error) {
	next := make([]Model, 0, len(models))
	seen := make(map[string]bool, len(models))
	for i := range models {
		if err := models[i].Validate(); err != nil {
			return nil, err
		}
		if seen[models[i].ID] {
			return nil, &FieldError{Model: models[i].ID, Field: "id", Problem: "is used twice"}
		}
		seen[models[i].ID] = true
		next = append(next, models[i].normalized())
	}
	r := new(Memory)
	r.replace(next)
	return r, nil
}

// ListAll implements [ModelRegistry]. It never fails.
func (r *Memory) ListAll(context.Context) (Listing, error) { return r.load(), nil }

// GetModel implements [ModelRegistry].
func (r *Memory) GetModel(_ context.Context, id string) (Model, error) {
	models := r.load().Models
	if i := indexOf(models, id); i >= 0 {
		return models[i], nil
	}
	return Model{}, fmt.Errorf("%w: %q", ErrNotFound, id)
}

// PutModel implements [Writer].
func (r *Memory) PutModel(_ context.Context, m Model) error {
	if err := m.Validate(); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	next := slices.Clone(r.load().Models)
	if i := indexOf(next, m.ID); i >= 0 {
		next[i] = m.normalized()
	} else {
		next = append(next, m.normalized())
	}
	r.replace(next)
	return nil
}

// DeleteModel implements [Writer].
func (r *Memory) DeleteModel(_ context.Context, id string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	models := r.load().Models
	i := indexOf(models, id)
	if i < 0 {
		return fmt.Errorf("%w: %q", ErrNotFound, id)
	}
	r.replace(slices.Delete(slices.Clone(models), i, i+1))
	return nil
}

// Watch implements [Watcher].
func (r *Memory) Watch(ctx context.Context) (<-chan struct{}, error) {
	changed := make(chan struct{}, 1)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.watchers == nil {
		r.watchers = make(map[chan struct{}]struct{})
	}
	r.watchers[changed] = struct{}{}
	context.AfterFunc(ctx, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.watchers, changed)
	})
	return changed, nil
}

func (r *Memory) load() Listing {
	if l := r.listing.Load(); l != nil {
		return *l
	}
	return Listing{Revision: revisionOf(nil), Models: []Model{}} // [] on the wire, not null
}

// replace publishes models and tells the watchers. Callers hold mu, or own the
// registry alone.
func (r *Memory) replace(models []Model) {
	r.listing.Store(&Listing{Revision: revisionOf(models), Models: models})
	for w := range r.watchers {
		select {
		case w <- struct{}{}:
		default: // a signal is waiting already
		}
	}
}

// revisionOf names a listing by its content, so that replicas with the same
// models agree on the revision and a restart does not change it.
func revisionOf(models []Model) string {
	hash := sha256.New()
	// A Model holds only strings, numbers, maps and slices of them, so encoding
	// cannot fail; encoding/json sorts the maps.
	encoder := json.NewEncoder(hash)
	for i := range models { // one by one, so that nil and empty are the same
		_ = encoder.Encode(&models[i])
	}
	return hex.EncodeToString(hash.Sum(nil)[:8])
}

func indexOf(models []Model, id string) int {
	return slices.IndexFunc(models, func(m Model) bool { return m.ID == id })
}
