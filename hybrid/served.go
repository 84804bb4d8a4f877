package hybrid

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/edgewise-ai/edgewise/backend"
)

// autoModel asks for the default model, as an absent one does.
const autoModel = "auto"

const (
	// modelsTimeout bounds one listing of the backend's models: requests wait for it.
	modelsTimeout = 5 * time.Second

	// modelsPause is how long after one listing no other is asked for, whatever came of it.
	modelsPause = time.Second
)

// served remembers what the backend serves: requests check their model against
// it, and none of them should wait for the backend's own list. The first request
// fetches it. A list older than an interval is renewed beside the request that
// finds it so; one that nobody looked at for a second interval is waited for.
type served struct {
	backend  backend.Backend
	life     context.Context // of the router
	interval time.Duration
	now      func() time.Time
	log      *slog.Logger

	// preset is the default model, "" if none was named; then the first of the
	// list is, or if order means nothing, the only one.
	preset    string
	unordered bool

	mu    sync.Mutex
	list  []backend.Model // the last good one, nil if there is none yet
	err   error           // of the last listing
	tried time.Time       // when the last listing ended; zero if there was none
	call  *listing        // under way, nil if none is
}

// listing is one call of the backend's Models, which all that wait for it share.
type listing struct {
	done   chan struct{}
	models []backend.Model
	err    error
}

func newServed(life context.Context, o *Options) *served {
	s := &served{
		backend: o.Backend, life: life, interval: o.RefreshInterval, now: o.Now, log: o.Logger,
		preset: o.DefaultModel,
	}
	if d, ok := o.Backend.(backend.Defaulter); ok {
		s.unordered = true
		s.preset = cmp.Or(s.preset, d.DefaultModel())
	}
	return s
}

// warm begins to list the models, if the default is among what nobody has said.
func (s *served) warm() {
	if s.backend == nil || s.preset != "" {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fetch()
}

// presumed is the default model as far as it is known without waiting, else "".
func (s *served) presumed() string {
	if s.preset != "" || s.unordered {
		return s.preset
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.list) == 0 {
		return ""
	}
	return s.list[0].ID
}

// models returns what the backend serves.
func (s *served) models(ctx context.Context) ([]backend.Model, error) {
	s.mu.Lock()
	age := s.now().Sub(s.tried)
	switch {
	case s.list != nil && age < s.interval:
	case s.list != nil && age < 2*s.interval:
		s.fetch() // for those to come
	case s.list == nil && s.err != nil && age < modelsPause:
		err := s.err
		s.mu.Unlock()
		return nil, err
	default:
		call := s.fetch()
		s.mu.Unlock()
		return call.wait(ctx)
	}
	defer s.mu.Unlock()
	return s.list, nil
}

// again returns a newer list than the one that a model was missed in, or that
// list if it is too young.
func (s *served) again(ctx context.Context) ([]backend.Model, error) {
	s.mu.Lock()
	if s.call == nil && s.now().Sub(s.tried) < modelsPause {
		defer s.mu.Unlock()
		return s.list, nil
	}
	call := s.fetch()
	s.mu.Unlock()
	return call.wait(ctx)
}

// fetch returns the listing that is under way, and begins one if none is. It
// belongs to no request: one that goes away must not fail the others. The caller
// holds mu.
func (s *served) fetch() *listing {
	if s.call != nil {
		return s.call
	}
	call := &listing{done: make(chan struct{})}
	s.call = call
	go func() {
		ctx, cancel := context.WithTimeout(s.life, modelsTimeout)
		defer cancel()
		err := contain(func() (err error) {
			call.models, err = s.backend.Models(ctx)
			return err
		})
		s.settle(call, err)
	}()
	return call
}

// settle keeps what came of a listing. If it failed, the last good list stands.
func (s *served) settle(call *listing, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.call, s.err, s.tried = nil, err, s.now()
	if err == nil {
		s.list = make([]backend.Model, 0, len(call.models))
		for _, m := range call.models {
			if m.ID != "" {
				s.list = append(s.list, m)
			}
		}
	} else if s.list != nil && s.life.Err() == nil {
		s.log.Warn("hybrid: the backend's models could not be listed; the last good list stays", causeOf(err))
	}
	if call.models, call.err = s.list, err; s.list != nil {
		call.err = nil
	}
	close(call.done)
}

// wait returns what came of a listing.
func (l *listing) wait(ctx context.Context) ([]backend.Model, error) {
	select {
	case <-l.done:
		return l.models, l.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// model returns the model to ask the backend for, given the one that the request
// named. What the backend is not known to serve is not asked for, nor what the
// allowance doesn't have.
func (s *served) model(ctx context.Context, asked string, a *Allowance) (string, error) {
	if asked == "" || asked == autoModel {
		preset, err := s.usual(ctx)
		if err != nil && len(a.Models) == 0 {
			return "", err
		}
		asked = a.preset(preset)
	}
	if !a.allows(asked) {
		return "", &backend.Error{Code: backend.CodeModelNotFound, Param: "model"}
	}
	if asked == s.preset {
		return asked, nil
	}
	models, err := s.models(ctx)
	if err != nil {
		return "", err
	}
	is := func(m backend.Model) bool { return m.ID == asked }
	if !slices.ContainsFunc(models, is) {
		if models, err = s.again(ctx); err != nil {
			return "", err
		}
	}
	if !slices.ContainsFunc(models, is) {
		return "", &backend.Error{Code: backend.CodeModelNotFound, Param: "model"}
	}
	return asked, nil
}

// usual is the default model.
func (s *served) usual(ctx context.Context) (string, error) {
	if s.preset != "" {
		return s.preset, nil
	}
	models, err := s.models(ctx)
	if err != nil {
		return "", err
	}
	return s.first(models)
}

// first is the default model where none was named beforehand.
func (s *served) first(models []backend.Model) (string, error) {
	switch {
	case len(models) == 0:
		return "", &backend.Error{Code: backend.CodeUnavailable, Message: "the model server serves no model"}
	case s.unordered && len(models) > 1:
		return "", &backend.Error{
			Code: backend.CodeInvalidRequest, Param: "model",
			Message: "name a model: this service has several, and no default among them (its operator can set Options.DefaultModel)",
		}
	}
	return models[0].ID, nil
}
