//go:build linux

package main

import (
	"context"
	"sync"
	"sync/atomic"
)

// load is requests of some workers, each with a connection of its own, one after
// the other.
type load struct {
	workers  sync.WaitGroup
	stopping atomic.Bool

	mu     sync.Mutex
	whole  int // answers
	failed tally
}

// tally counts answers that were not whole. The zero tally is none.
type tally struct {
	failed  int
	failure error // the first
}

func (t *tally) add(other tally) {
	if t.failure == nil {
		t.failure = other.failure
	}
	t.failed += other.failed
}

// startLoad starts so many workers, each in a conversation of its own. Each ends at stop, or at its first failure: a
// proxy that is broken need not be asked on.
func startLoad(ctx context.Context, addr string, ex *exchange, workers int) *load {
	l := &load{}
	for worker := range workers {
		l.workers.Go(func() {
			n, err := l.work(ctx, addr, ex.in(worker))
			l.mu.Lock()
			defer l.mu.Unlock()
			l.whole += n
			if err != nil {
				l.failed.add(tally{1, err})
			}
		})
	}
	return l
}

func (l *load) work(ctx context.Context, addr string, ex *exchange) (n int, err error) {
	c, err := dial(ctx, addr)
	if err != nil {
		return 0, err
	}
	defer c.close()
	for ; !l.stopping.Load(); n++ {
		if _, err := c.do(ex); err != nil {
			return n, err
		}
	}
	return n, nil
}

// broken reports whether a worker has failed.
func (l *load) broken() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.failed.failed > 0
}

// stop returns once every request has its answer: how many are whole, and what failed.
func (l *load) stop() (whole int, failed tally) {
	l.stopping.Store(true)
	l.workers.Wait()
	return l.whole, l.failed
}
