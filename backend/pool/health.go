package pool

import (
	"context"
	"time"

	"github.com/edgewise-ai/edgewise/backend"
)

// watch probes an endpoint until ctx ends.
func (p *Pool) watch(ctx context.Context, e *endpoint) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
			p.probe(ctx, e)
			timer.Reset(jittered(p.opts.ProbeInterval))
		}
	}
}

// probe probes an endpoint once.
func (p *Pool) probe(ctx context.Context, e *endpoint) {
	err := p.check(ctx, e)
	if ctx.Err() != nil {
		return // the pool is closed, which says nothing about the endpoint
	}
	var code backend.Code
	if failed := backend.AsError(err, backend.CodeUnavailable); failed != nil {
		code = failed.Code
	}
	p.update(e, code, func(now instant) { e.circuit.probed(code, now) })
}

func (p *Pool) check(ctx context.Context, e *endpoint) error {
	if e.Probe == nil {
		return p.list(ctx, e)
	}
	ctx, cancel := context.WithTimeout(ctx, p.opts.ProbeTimeout)
	defer cancel()
	return contain(func() error { return e.Probe(ctx) })
}
