package hybrid

import (
	"context"
	"slices"
	"sync/atomic"

	"github.com/edgewise-ai/edgewise/backend"
)

// autoModel asks for the default model, as an absent one does.
const autoModel = "auto"

// served remembers what the backend serves: requests check their model against
// it, and none of them should wait for the backend's own list. The first request
// fetches it; from then on the refresher renews it while it is in use.
type served struct {
	backend backend.Backend
	list    atomic.Pointer[[]backend.Model]
	used    atomic.Bool   // since the last renewal
	turn    chan struct{} // holds a value while somebody fetches
}

func (s *served) init(b backend.Backend) {
	s.backend = b
	s.turn = make(chan struct{}, 1)
}

// models returns what the backend serves, its default first.
func (s *served) models(ctx context.Context) ([]backend.Model, error) {
	s.used.Store(true)
	if known := s.list.Load(); known != nil {
		return *known, nil
	}
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if known := s.list.Load(); known != nil { // whoever had the turn before
		return *known, nil
	}
	return s.fetch(ctx)
}

func (s *served) fetch(ctx context.Context) ([]backend.Model, error) {
	models, err := s.backend.Models(ctx)
	if err != nil {
		return nil, err
	}
	models = slices.DeleteFunc(slices.Clone(models), func(m backend.Model) bool { return m.ID == "" })
	s.list.Store(&models)
	return models, nil
}

// renewServed fetches the list again if it was used, and keeps the last good one
// if that fails.
func (r *Router) renewServed(ctx context.Context) {
	if r.served.list.Load() == nil || !r.served.used.Swap(false) {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, listTimeout)
	defer cancel()
	err := contain(func() error {
		_, err := r.served.fetch(ctx)
		return err
	})
	if err != nil {
		r.opts.Logger.Warn("hybrid: the backend's models could not be listed; the last good list stays", causeOf(err))
	}
}

// model returns the model to ask the backend for, given the one that the request
// named. What the backend is not known to serve is not asked for.
func (r *Router) model(ctx context.Context, asked string) (string, error) {
	if asked == autoModel {
		asked = ""
	}
	if asked == "" {
		asked = r.opts.DefaultModel
	}
	if asked != "" && asked == r.opts.DefaultModel {
		return asked, nil
	}
	models, err := r.served.models(ctx)
	switch {
	case err != nil:
		return "", err
	case asked == "" && len(models) > 0:
		return models[0].ID, nil
	case asked == "":
		return "", &backend.Error{Code: backend.CodeUnavailable, Message: "the model server serves no model"}
	case !slices.ContainsFunc(models, func(m backend.Model) bool { return m.ID == asked }):
		return "", &backend.Error{Code: backend.CodeModelNotFound, Param: "model"}
	}
	return asked, nil
}
