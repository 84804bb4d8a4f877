package hybrid

import (
	"context"
	"fmt"
	"time"

	"github.com/edgewise-ai/edgewise/registry"
)

// listTimeout bounds one listing of the registry in the background.
const listTimeout = 30 * time.Second

// refresh lists the registry again whenever it signals or the interval passes,
// until ctx ends; a nil channel never signals.
func (r *Router) refresh(ctx context.Context, changed <-chan struct{}) {
	defer close(r.stopped)
	tick := time.NewTicker(r.opts.RefreshInterval)
	defer tick.Stop()
	failed := false
	for {
		select {
		case <-ctx.Done():
			return
		case _, open := <-changed:
			if !open {
				changed = nil // from now on by the interval
				continue
			}
		case <-tick.C:
			if changed != nil && !failed {
				continue
			}
		}
		err := contain(func() error { return r.relist(ctx) })
		if ctx.Err() != nil {
			return
		}
		if failed = err != nil; failed {
			r.opts.Logger.Warn("hybrid: the registry could not be listed; the last good models stay", "error", err)
		}
	}
}

// watch returns the registry's channel of changes, or nil if it has none.
func (r *Router) watch(ctx context.Context) <-chan struct{} {
	w, ok := r.opts.Registry.(registry.Watcher)
	if !ok {
		return nil
	}
	changed, err := w.Watch(ctx)
	if err != nil {
		r.opts.Logger.Warn("hybrid: the registry can't be watched and is listed at an interval", "error", err)
		return nil
	}
	return changed
}

// relist puts a new view in place if the models have changed.
func (r *Router) relist(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, listTimeout)
	defer cancel()
	listing, err := r.opts.Registry.ListAll(ctx)
	if err != nil {
		return err
	}
	old := r.view.Load()
	if listing.Revision == old.listing {
		return nil
	}
	v, err := newView(listing, &r.opts, r.complaints)
	if err != nil {
		return err
	}
	r.view.Store(v)
	r.opts.Logger.Info("hybrid: the models have changed", "revision", v.revision, "models", len(listing.Models))
	return nil
}

// contain turns a panic of f into an error: registries and backends are the app's
// code, and the refresher has no handler above it.
func contain(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("it panicked: %v", p)
		}
	}()
	return f()
}
