package pool

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/edgewise-ai/edgewise/backend"
)

// failure is what one endpoint said in place of an answer.
type failure struct {
	endpoint string
	err      *backend.Error
}

// failures are those of one request, in order.
type failures []failure

// attempts counts the requests to endpoints that came of it.
func (f failures) attempts() int {
	n := 0
	for _, one := range f {
		n += max(one.err.Attempts, 1)
	}
	return n
}

// mostHopeful is the one that a client should hear of, as Pool.Generate says.
func (f failures) mostHopeful() int {
	best := 0
	for i := range f {
		if !better(f[best].err, f[i].err) {
			best = i
		}
	}
	return best
}

// better reports whether a leaves more hope than b, or the same sooner.
func better(a, b *backend.Error) bool {
	if one, other := hopeOf(a.Code), hopeOf(b.Code); one != other {
		return one > other
	}
	wait := func(e *backend.Error) time.Duration {
		if e.RetryAfter == 0 {
			return math.MaxInt64
		}
		return e.RetryAfter
	}
	return wait(a) < wait(b)
}

// tell returns a copy of one failure that accounts for all. The others come as text: as errors their codes would match
// under errors.Is as well.
func (f failures) tell(which int) *backend.Error {
	e := *f[which].err
	e.Endpoint = pathOf(f[which].endpoint, e.Endpoint)
	e.Attempts = f.attempts()
	var others []string
	for i, other := range f {
		if i != which {
			name := pathOf(other.endpoint, other.err.Endpoint)
			others = append(others, fmt.Sprintf("endpoint %s: %v", name, other.err))
		}
	}
	if len(others) > 0 {
		e.Err = errors.Join(e.Err, errors.New(strings.Join(others, "; ")))
	}
	return &e
}

// giveUp returns the error for a request that nobody is left to answer.
func (p *Pool) giveUp(able []candidate, failed failures) *backend.Error {
	aside := p.aside(able)
	if len(failed) == 0 {
		return aside
	}
	e := failed.tell(failed.mostHopeful())
	if e.RetryAfter == 0 && hopeOf(e.Code) >= hopeSoon {
		e.RetryAfter = aside.RetryAfter
	}
	return e
}

// aside returns the error for candidates none of which may be asked now. RetryAfter is 0 if one may after all.
func (p *Pool) aside(able []candidate) *backend.Error {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	wait := time.Duration(math.MaxInt64)
	code := backend.CodeQuotaExceeded
	states := make([]string, len(able))
	for i, c := range able {
		state := c.circuit.state(now)
		states[i] = c.Name + " is " + string(state)
		if !c.ready {
			states[i] = c.Name + " says that it isn't ready"
		}
		wait = min(wait, p.waitFor(c, now))
		switch why := c.circuit.limited; {
		case state != StateLimited, why != backend.CodeRateLimited && why != backend.CodeQuotaExceeded:
			code = backend.CodeUnavailable
		case why == backend.CodeRateLimited && code == backend.CodeQuotaExceeded:
			code = backend.CodeRateLimited
		}
	}
	why := errors.New("no endpoint can be asked: " + strings.Join(states, ", "))
	return &backend.Error{Code: code, RetryAfter: wait, Err: why}
}

// waitFor is how long until an endpoint may be asked: a guess where that depends on others.
func (p *Pool) waitFor(c candidate, now instant) time.Duration {
	switch from := c.circuit.from(); {
	case c.circuit.state(now) == StateUnhealthy:
		return p.opts.ProbeInterval
	case from == never, !c.ready:
		return p.opts.MinPause
	default:
		return time.Duration(max(from-now, 0))
	}
}
