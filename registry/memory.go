package registry

import (
	"context"
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
	all := newCollection(len(models))
	for i := range models {
		if err := all.add(&models[i]); err != nil {
			return nil, err
		}
	}
	r := new(Memory)
	r.replace(all.models)
	return r, nil
}

// ListAll implements [ModelRegistry]. It never fails.
func (r *Memory) ListAll(context.Context) (Listing, error) { return *r.load(), nil }

// GetModel implements [ModelRegistry].
func (r *Memory) GetModel(_ context.Context, id string) (Model, error) {
	return r.load().get(id)
}

// PutModel implements [Writer].
func (r *Memory) PutModel(_ context.Context, m Model) error {
	if err := m.Validate(); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.load()
	next := slices.Clone(now.Models)
	if i := now.index(m.ID); i >= 0 {
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
	now := r.load()
	i := now.index(id)
	if i < 0 {
		return notFound(id)
	}
	r.replace(slices.Delete(slices.Clone(now.Models), i, i+1))
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

func (r *Memory) load() *Listing {
	if l := r.listing.Load(); l != nil {
		return l
	}
	return newListing(nil)
}

// replace publishes models and tells the watchers. Callers hold mu, or own the
// registry alone.
func (r *Memory) replace(models []Model) {
	r.listing.Store(newListing(models))
	for w := range r.watchers {
		signal(w)
	}
}

// signal tells a watcher, unless one signal waits for it already.
func signal(w chan<- struct{}) {
	select {
	case w <- struct{}{}:
	default:
	}
}
