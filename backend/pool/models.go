package pool

import (
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/edgewise-ai/edgewise/backend"
)

// listing is what an endpoint listed.
type listing struct {
	models []backend.Model
	names  map[string]bool
}

// list asks an endpoint for its models, and keeps what it says.
func (p *Pool) list(ctx context.Context, e *endpoint) error {
	ctx, cancel := context.WithTimeout(ctx, p.opts.ProbeTimeout)
	defer cancel()
	return contain(func() error {
		models, err := e.Backend.Models(ctx)
		if err != nil {
			return err
		}
		l := &listing{models, make(map[string]bool, len(models))}
		for _, m := range models {
			l.names[m.ID] = true
		}
		e.listed.Store(l)
		return nil
	})
}

// Models implements [backend.Backend]: Options.DefaultModel, and what the endpoints serve, in order of priority and
// then as they are given, each name once. Endpoints are asked all at once, for up to Options.ProbeTimeout; one with a
// map need not be. One that fails, or that is known to be out of order, counts with what it listed last. It is an error
// if nothing at all is known.
func (p *Pool) Models(ctx context.Context) ([]backend.Model, error) {
	failed := p.listAll(ctx)
	var all union
	if p.opts.DefaultModel != "" {
		all.add(backend.Model{ID: p.opts.DefaultModel})
	}
	for _, e := range p.endpoints {
		l := e.listed.Load()
		switch {
		case len(e.Models) > 0:
			for _, alias := range slices.Sorted(maps.Keys(e.Models)) {
				all.add(backend.Model{ID: alias})
			}
		case l != nil:
			for _, m := range l.models {
				all.add(m)
			}
		}
	}
	if !slices.ContainsFunc(p.endpoints, (*endpoint).known) {
		return nil, failed.tell(failed.mostHopeful())
	}
	return all.models, nil
}

// listAll lists the endpoints whose models may have become others. If one has none known, it failed, or wasn't asked
// because another is known.
func (p *Pool) listAll(ctx context.Context) failures {
	errs := make([]error, len(p.endpoints))
	known := slices.ContainsFunc(p.endpoints, (*endpoint).known)
	var wg sync.WaitGroup
	for i, e := range p.endpoints {
		if p.worthListing(e, known) {
			wg.Go(func() { errs[i] = p.list(ctx, e) })
		}
	}
	wg.Wait()
	var failed failures
	for i, err := range errs {
		if err != nil {
			failed = append(failed, failure{p.endpoints[i].Name, backend.AsError(err, backend.CodeUnavailable)})
		}
	}
	return failed
}

// known reports whether there is anything to say of what the endpoint serves.
func (e *endpoint) known() bool { return len(e.Models) > 0 || e.listed.Load() != nil }

// worthListing reports whether an endpoint should be asked for its models, where others may be known.
func (p *Pool) worthListing(e *endpoint, others bool) bool {
	switch {
	case len(e.Models) > 0:
		return false
	case e.known():
		return e.askable(p.now())
	default:
		return !others || !p.unhealthy(e)
	}
}

// union is models without repetition.
type union struct {
	models []backend.Model
	at     map[string]int
}

// add takes a model unless it is there. One that is there by name alone gets what else is known of it.
func (u *union) add(m backend.Model) {
	i, known := u.at[m.ID]
	switch {
	case m.ID == "":
	case !known:
		if u.at == nil {
			u.at = make(map[string]int)
		}
		u.at[m.ID] = len(u.models)
		u.models = append(u.models, m)
	case u.models[i] == backend.Model{ID: m.ID}:
		u.models[i] = m
	}
}
