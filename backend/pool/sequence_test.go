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
	returned chan result    // by Generate; one at a time
	waiting  []*exchange    // for an answer to begin
	open     []*exchange    // answers that have begun
	model    naive
}

// exchange is one request, as its endpoint and the model know it.
type exchange struct {
	outcome chan error // nil lets an answer begin
	end     outcome    // of an answer that has begun
	body    io.ReadCloser
	period  int // of the model, in which it began
	trial   bool
}

type result struct {
	resp *backend.Response
	err  error
}

const (
	modelFailures = 3
	modelMin      = time.Second
	modelMax      = 5 * time.Second

	// modelLimit is the RetryAfter of all errors: less than any pause, so that a pause that begins can be seen.
	modelLimit = 500 * time.Millisecond
)

// runSequence does what a script says, three bytes a step: what, to which request, and with what outcome.
func runSequence(t *testing.T, script []byte) {
	s := &sequence{T: t, clock: newFakeClock(), arrived: make(chan *exchange), returned: make(chan result, 1)}
	up := &upstream{}
	up.does(s.generate)
	s.pool = newPool(t, pool.Options{
		Endpoints: team(up), Failures: modelFailures, MinPause: modelMin, MaxPause: modelMax, Now: s.clock.Now,
	})
	for ; len(script) >= 3 && !t.Failed(); script = script[3:] {
		which, how := int(script[1]), int(script[2])
		switch step := script[0] % 6; {
		case step <= 1:
			s.arrives()
		case step <= 3 && len(s.waiting) > 0:
			s.begins(take(&s.waiting, which), sequenceOutcomes[how%len(sequenceOutcomes)], sequenceOutcomes[which%4])
		case step == 4 && len(s.open) > 0:
			s.ends(take(&s.open, which), how%3 > 0)
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
	if err := x.end.err(); err != nil {
		return streamsFrom(io.MultiReader(strings.NewReader(role+hello), iotest.ErrReader(err)))(nil, nil)
	}
	return streamsFrom(strings.NewReader(streamText))(nil, nil)
}

// arrives sends a request, which the pool lets through or refuses.
func (s *sequence) arrives() {
	admits := s.model.admits(s.clock.Now())
	go func() {
		resp, err := s.pool.Generate(context.Background(), &streamed)
		s.returned <- result{resp, err}
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

// begins has an answer begin, to end in one way, or fail before.
func (s *sequence) begins(x *exchange, how, end outcome) {
	x.end = end
	x.outcome <- how.err()
	if how != answered {
		<-s.returned
		s.ended(x, how)
		return
	}
	x.body = (<-s.returned).resp.Body
	s.open = append(s.open, x)
	if x.trial {
		s.model.turn(false, true)
		x.period, x.trial = s.model.period, false
	}
}

// ends reads an answer to its end, or leaves it.
func (s *sequence) ends(x *exchange, read bool) {
	how := left
	if read {
		how = x.end
		if _, err := io.Copy(io.Discard, x.body); (err == nil) != (how == answered) {
			s.Errorf("a stream that should end as %v ended with %v", how, err)
		}
	}
	x.body.Close()
	s.ended(x, how)
}

// take removes one of a list.
func take(list *[]*exchange, which int) *exchange {
	i := which % len(*list)
	x := (*list)[i]
	*list = slices.Delete(*list, i, i+1)
	return x
}

// ended tells the model, and lets it know how long the pause is, which is random.
func (s *sequence) ended(x *exchange, how outcome) {
	now := s.clock.Now()
	if !s.model.ends(x, how, now) {
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
