package pool_test

import (
	"slices"
	"time"

	"github.com/edgewise-ai/edgewise/backend"
	"github.com/edgewise-ai/edgewise/backend/pool"
)

// naive is the circuit as one would explain it: it looks at all that happened since the circuit last opened or closed.
type naive struct {
	period    int
	broken    bool
	probation bool
	history   []bool // what came of requests of this period: true is an answer, or a refusal that shows life
	openings  int    // since the last of those
	until     time.Time
	limit     time.Time
	trial     bool // under way
	asked     uint64
	failed    uint64
}

// row is how many failures there were in a row.
func (m *naive) row() int {
	n := 0
	for _, alive := range slices.Backward(m.history) {
		if alive {
			return n
		}
		n++
	}
	if m.probation {
		n += modelFailures - 1
	}
	return n
}

func (m *naive) admits(now time.Time) bool {
	return !now.Before(m.limit) && (!m.broken || !now.Before(m.until) && !m.trial)
}

func (m *naive) state(now time.Time) pool.State {
	switch {
	case m.broken && now.Before(m.until):
		return pool.StateOpen
	case now.Before(m.limit):
		return pool.StateLimited
	case m.broken:
		return pool.StateHalfOpen
	default:
		return pool.StateClosed
	}
}

// turn begins a period.
func (m *naive) turn(broken, probation bool) {
	m.period++
	m.broken, m.probation, m.trial, m.history = broken, probation, false, nil
}

// ends notes what came of a request, and reports whether the circuit opens.
func (m *naive) ends(x *exchange, with outcome, now time.Time) (opens bool) {
	alive := with == answered || with == refused
	none := with == left || with == refusedByNobody
	if !alive && !none {
		m.failed++
		if until := now.Add(modelLimit); with != keyRefused && until.After(m.limit) {
			m.limit = until
		}
	}
	if none || with == limited {
		m.trial = m.trial && !x.trial
		return false
	}
	if x.period != m.period {
		return false
	}
	m.history = append(m.history, alive)
	switch {
	case alive:
		m.openings = 0
		if m.broken {
			m.turn(false, false)
		}
	case m.broken, m.row() >= modelFailures, with == keyRefused:
		m.openings++
		m.turn(true, false)
		return true
	}
	return false
}

// outcome is what can become of a request.
type outcome struct {
	code   backend.Code // "" for an answer
	status int
}

var (
	answered        = outcome{}
	down            = outcome{backend.CodeUnavailable, 503}
	silent          = outcome{backend.CodeTimeout, 0}
	refused         = outcome{backend.CodeInvalidRequest, 400}
	refusedByNobody = outcome{backend.CodeInvalidRequest, 0}
	forbidden       = outcome{backend.CodeUpstreamAuth, 403}
	keyRefused      = outcome{backend.CodeUpstreamAuth, 401}
	limited         = outcome{backend.CodeRateLimited, 429}
	left            = outcome{backend.CodeCanceled, 0}

	// sequenceOutcomes are drawn from. An answer that has begun ends in one of the first four ways.
	sequenceOutcomes = []outcome{
		answered, down, down, silent, refused, refusedByNobody, forbidden, keyRefused, limited, left,
	}
)

// err is the outcome as an endpoint's Backend says it.
func (o outcome) err() error {
	if o == answered {
		return nil
	}
	return &backend.Error{Code: o.code, Status: o.status, RetryAfter: modelLimit}
}
