package hybrid

import (
	"sync"
	"time"
)

const (
	// quietTime is how long what was logged is not logged again: what happens
	// once happens for every request.
	quietTime = time.Minute

	// paceKinds bounds how many kinds of things are told apart, as an app may
	// make up reasons as it goes. Beyond them all begin anew.
	paceKinds = 1000
)

// pace says when something of a kind is due for the log.
type pace[K comparable] struct {
	now func() time.Time

	mu    sync.Mutex
	kinds map[K]paced
}

// paced is when a kind was last due, and how often it came too soon since.
type paced struct {
	last    time.Time
	omitted int64
}

func newPace[K comparable](now func() time.Time) *pace[K] {
	return &pace[K]{now: now, kinds: make(map[K]paced)}
}

// due reports whether kind may be logged now, and if so, how often it was not
// since the last time.
func (p *pace[K]) due(kind K) (omitted int64, due bool) {
	now := p.now()
	p.mu.Lock()
	defer p.mu.Unlock()
	was, known := p.kinds[kind]
	if known && now.Sub(was.last) < quietTime {
		was.omitted++
		p.kinds[kind] = was
		return 0, false
	}
	if !known && len(p.kinds) >= paceKinds {
		clear(p.kinds)
	}
	p.kinds[kind] = paced{last: now}
	return was.omitted, true
}
