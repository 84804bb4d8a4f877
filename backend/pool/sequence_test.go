package pool_test

import (
	"context"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/edgewise-ai/edgewise/backend"
	"github.com/edgewise-ai/edgewise/backend/pool"
)

// TestCircuitFollowsTheModel runs random sequences of requests, outcomes and pauses against a naive model.
func TestCircuitFollowsTheModel(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	for range 400 {
		script := make([]byte, 3*(1+r.IntN(60)))
		for i := range script {
			script[i] = byte(r.Uint32())
		}
		runSequence(t, script)
		if t.Failed() {
			t.Fatalf("the script was %v", script)
		}
	}
}

func FuzzCircuit(f *testing.F) {
	f.Add([]byte{0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 5, 255, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, script []byte) {
		if len(script) <= 300 {
			runSequence(t, script)
		}
	})
}

// sequence is a pool of one endpoint, the requests it is busy with, and the model.
type sequence struct {
	*testing.T
	pool     *pool.Pool
	clock    *fakeClock
	arrived  chan *exchange // requests, at the endpoint
	returned chan answered  // by Generate; one at a time
	waiting  []*exchange    // for an answer to begin
	open     []*exchange    // answers that have begun
	model    naive
}

// exchange is one request, as its endpoint and the model know it.
type exchange struct {
	outcome chan error // nil lets an answer begin
	cut     error      // of the stream; nil if it is whole
	body    io.ReadCloser
	period  int // of the model, in which it began
	trial   bool
}

type answered struct {
	resp *backend.Response
	err  error
}

const (
	modelFailures = 3
	modelMin      = time.Second
	modelMax      = 5 * time.Second
	modelLimit    = 500 * time.Millisecond // the RetryAfter of all errors: less than any pause, so that a pause that begins can be seen
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
		return pool.Open
	case now.Before(m.limit):
		return pool.Limited
	case m.broken:
		return pool.HalfOpen
	default:
		return pool.Closed
	}
}

// turn begins a period.
func (m *naive) turn(broken, probation bool) {
	m.period++
	m.broken, m.probation, m.trial, m.history = broken, probation, false, nil
}

// ends notes what came of a request, and reports whether the circuit opens.
func (m *naive) ends(x *exchange, code backend.Code, now time.Time) (opens bool) {
	if blamed := code != "" && code != backend.CodeInvalidRequest && code != backend.CodeCanceled; blamed {
		m.failed++
		if until := now.Add(modelLimit); code != backend.CodeUpstreamAuth && until.After(m.limit) {
			m.limit = until
		}
	}
	if code == backend.CodeRateLimited || code == backend.CodeCanceled {
		m.trial = m.trial && !x.trial
		return false
	}
	if x.period != m.period {
		return false
	}
	alive := code == "" || code == backend.CodeInvalidRequest
	m.history = append(m.history, alive)
	switch {
	case alive:
		m.openings = 0
		if m.broken {
			m.turn(false, false)
		}
	case m.broken, m.row() >= modelFailures, code == backend.CodeUpstreamAuth:
		m.openings++
		m.turn(true, false)
		return true
	}
	return false
}

var sequenceCodes = []backend.Code{
	"", backend.CodeUnavailable, backend.CodeUnavailable, backend.CodeTimeout, backend.CodeInvalidRequest,
	backend.CodeCanceled, backend.CodeRateLimited, backend.CodeUpstreamAuth,
}

// runSequence does what a script says, three bytes a step: what, to which request, and with what outcome.
func runSequence(t *testing.T, script []byte) {
	s := &sequence{T: t, clock: newFakeClock(), arrived: make(chan *exchange), returned: make(chan answered, 1)}
	up := &upstream{}
	up.does(s.generate)
	s.pool = newPool(t, pool.Options{
		Endpoints: team(up), Failures: modelFailures, MinPause: modelMin, MaxPause: modelMax, Now: s.clock.Now,
	})
	for ; len(script) >= 3 && !t.Failed(); script = script[3:] {
		which, outcome := int(script[1]), int(script[2])
		switch step := script[0] % 6; {
		case step <= 1:
			s.arrives()
		case step <= 3 && len(s.waiting) > 0:
			s.begins(take(&s.waiting, which), sequenceCodes[outcome%len(sequenceCodes)], sequenceCodes[which%4])
		case step == 4 && len(s.open) > 0:
			s.ends(take(&s.open, which), outcome%3 > 0)
		case step == 5:
			s.clock.advance(time.Duration(which) * 20 * time.Millisecond)
		}
		s.check()
	}
	for _, x := range s.waiting {
		x.outcome <- backend.CodeCanceled
		<-s.returned
	}
	for _, x := range s.open {
		x.body.Close()
	}
	if n := status(t, s.pool, "a").InFlight; n != 0 {
		t.Errorf("%d in flight at last", n)
	}
}

// generate is the endpoint.
func (s *sequence) generate(context.Context, *backend.Request) (*backend.Response, error) {
	x := &exchange{outcome: make(chan error)}
	s.arrived <- x
	if err := <-x.outcome; err != nil {
		return nil, err
	}
	if x.cut != nil {
		return streamsFrom(io.MultiReader(strings.NewReader(role+hello), iotest.ErrReader(x.cut)))(nil, nil)
	}
	return streamsFrom(strings.NewReader(streamText))(nil, nil)
}

// arrives sends a request, which the pool lets through or refuses.
func (s *sequence) arrives() {
	admits := s.model.admits(s.clock.Now())
	go func() {
		resp, err := s.pool.Generate(context.Background(), &streamed)
		s.returned <- answered{resp, err}
	}()
	select {
	case x := <-s.arrived:
		if !admits {
			s.Error("a request was let through")
		}
		s.model.asked++
		s.model.trial = s.model.broken
		x.period, x.trial = s.model.period, s.model.broken
		s.waiting = append(s.waiting, x)
	case a := <-s.returned:
		if admits {
			s.Errorf("a request was refused: %v", a.err)
		}
	}
}

// begins has an answer begin, to end with the code cut if that isn't "", or fail before with a code.
func (s *sequence) begins(x *exchange, code, cut backend.Code) {
	if code != "" {
		x.outcome <- &backend.Error{Code: code, RetryAfter: modelLimit}
		<-s.returned
		s.ended(x, code)
		return
	}
	if cut != "" {
		x.cut = &backend.Error{Code: cut, RetryAfter: modelLimit}
	}
	x.outcome <- nil
	x.body = (<-s.returned).resp.Body
	s.open = append(s.open, x)
	if x.trial {
		s.model.turn(false, true)
		x.period, x.trial = s.model.period, false
	}
}

// ends reads an answer to its end, or leaves it.
func (s *sequence) ends(x *exchange, read bool) {
	code := backend.CodeCanceled
	if read {
		code = ""
		if _, err := io.Copy(io.Discard, x.body); err != nil {
			code = backend.AsError(err, "").Code
		}
	}
	x.body.Close()
	s.ended(x, code)
}

// take removes one of a list.
func take(list *[]*exchange, which int) *exchange {
	i := which % len(*list)
	x := (*list)[i]
	*list = slices.Delete(*list, i, i+1)
	return x
}

// ended tells the model, and lets it know how long the pause is, which is random.
func (s *sequence) ended(x *exchange, code backend.Code) {
	now := s.clock.Now()
	if !s.model.ends(x, code, now) {
		return
	}
	full := min(modelMin<<(s.model.openings-1), modelMax)
	s.model.until = status(s, s.pool, "a").Until
	if pause := s.model.until.Sub(now); pause > full || pause < full*3/4 {
		s.Errorf("pause is %s, want up to a quarter less than %s", pause, full)
	}
}

// check compares what the pool says with the model.
func (s *sequence) check() {
	s.Helper()
	now, got := s.clock.Now(), status(s, s.pool, "a")
	if want := s.model.state(now); got.State != want {
		s.Errorf("state is %s, want %s", got.State, want)
	}
	if got.InFlight != len(s.waiting)+len(s.open) || got.Requests != s.model.asked || got.Failures != s.model.failed {
		s.Errorf("%+v, want %+v", got, s.model)
	}
	if ready := s.pool.Ready(); ready != s.model.admits(now) {
		s.Errorf("ready is %v", ready)
	}
}
