package pool

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"sync/atomic"
	"time"

	"github.com/edgewise-ai/edgewise/backend"
)

// endpoint is an Endpoint at work.
type endpoint struct {
	Endpoint
	weight    int64
	hash      uint64 // of its name
	continuer backend.Continuer
	readier   backend.Readier

	listed atomic.Pointer[listing] // the last good one; nil if there was none
	from   atomic.Int64            // circuit.from, for those who take no lock

	// The pool's mu guards these.
	circuit  circuit
	inFlight int64        // until the answer's body is closed
	requests uint64       // that it was asked
	failures uint64       // of those, that failed by its fault or for want of its rate or quota
	last     backend.Code // of the last such failure
}

func newEndpoint(given Endpoint, opts *Options) *endpoint {
	given.Models = maps.Clone(given.Models)
	e := &endpoint{Endpoint: given, weight: int64(cmp.Or(given.Weight, 1)), hash: hash(given.Name)}
	e.circuit.opts = opts
	e.continuer, _ = given.Backend.(backend.Continuer)
	e.readier, _ = given.Backend.(backend.Readier)
	return e
}

func (e *endpoint) continues() bool {
	return e.continuer != nil && e.continuer.Continuation() == backend.ContinuationNative
}

// willing asks a Backend that has an opinion of its own.
func (e *endpoint) willing() bool { return e.readier == nil || e.readier.Ready() }

// askable reports whether a request could go there.
func (e *endpoint) askable(now instant) bool { return e.from.Load() <= int64(now) && e.willing() }

// generate asks the Backend, and contains it.
func (e *endpoint) generate(ctx context.Context, req *backend.Request) (resp *backend.Response, err error) {
	err = contain(func() error {
		var err error
		resp, err = e.Backend.Generate(ctx, req)
		if err == nil && (resp == nil || resp.Body == nil) {
			err = errors.New("the endpoint's backend gave neither answer nor error")
			return &backend.Error{Code: backend.CodeInternal, Err: err}
		}
		return err
	})
	return resp, err
}

// contain turns a panic into an error.
func contain(f func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &backend.Error{Code: backend.CodeInternal, Err: fmt.Errorf("the endpoint's backend panicked: %v", v)}
		}
	}()
	return f()
}

// update changes an endpoint's state, and logs what came of it. Code is what moved it, "" for no failure.
func (p *Pool) update(e *endpoint, code backend.Code, change func(now instant)) {
	p.mu.Lock()
	now := p.now()
	before := e.circuit.state(now)
	change(now)
	e.from.Store(int64(e.circuit.from()))
	after, from := e.circuit.state(now), e.circuit.from()
	p.mu.Unlock()
	if before != after {
		var wait time.Duration
		if from != never {
			wait = time.Duration(from - now)
		}
		p.logChange(e, code, before, after, wait)
	}
}

// settle takes into account what became of a request, nil for a whole answer, and the verdict on it.
func (p *Pool) settle(e *endpoint, t ticket, v verdict, failed *backend.Error) {
	var code backend.Code
	if failed != nil {
		code = failed.Code
	}
	p.update(e, code, func(now instant) {
		if v.blames() {
			e.failures++
			e.last = code
		}
		e.circuit.settle(t, v, failed, now)
	})
}

// unhealthy reports whether probes say that nobody is there.
func (p *Pool) unhealthy(e *endpoint) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return e.circuit.state(p.now()) == StateUnhealthy
}

// release gives an endpoint's place back.
func (p *Pool) release(e *endpoint) {
	p.mu.Lock()
	e.inFlight--
	p.mu.Unlock()
}

// pathOf is the name of an endpoint that may be a pool with an endpoint of its own.
func pathOf(name, inner string) string {
	if inner == "" {
		return name
	}
	return name + "/" + inner
}
