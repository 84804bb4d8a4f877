package pool_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edgewise-ai/edgewise/backend"
	"github.com/edgewise-ai/edgewise/backend/pool"
)

func TestStatus(t *testing.T) {
	clock := newFakeClock()
	a, b, c := &upstream{}, &upstream{}, &upstream{}
	endpoints := ranked(c, b, a)
	endpoints[0].Priority, endpoints[2].Priority = 7, -7
	p := newPool(t, pool.Options{Endpoints: endpoints, Now: clock.Now})
	b.does(fails(&backend.Error{Code: backend.CodeRateLimited, RetryAfter: 5 * time.Second}))
	c.does(failsWith(backend.CodeInvalidRequest)) // which isn't its fault
	a.does(failsWith(dead))
	_, _ = ask(t, p, hi)
	a.does(nil)
	resp := begin(t, p, streamed)
	defer resp.Body.Close()
	want := []pool.EndpointStatus{
		{Name: "c", Priority: -7, State: pool.StateClosed, InFlight: 1, Requests: 2, Failures: 1, LastFailure: dead},
		{Name: "b", Priority: 1, State: pool.StateLimited, Until: clock.Now().Add(5 * time.Second), Requests: 1, Failures: 1, LastFailure: backend.CodeRateLimited},
		{Name: "a", Priority: 7, State: pool.StateClosed, Requests: 1},
	}
	if diff := cmp.Diff(want, p.Status()); diff != "" {
		t.Error(diff)
	}
}

// logged is a logger, and where its lines go.
func logged() (*slog.Logger, *bytes.Buffer) {
	var log bytes.Buffer
	return slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})), &log
}

func TestLogsWithoutWords(t *testing.T) {
	clock, a := newFakeClock(), &upstream{}
	logger, log := logged()
	p := newPool(t, pool.Options{
		Endpoints: team(a), Failures: 2, MinPause: time.Second, Now: clock.Now, Logger: logger,
	})
	const failed = "level=INFO msg=\"pool: an endpoint failed a request\" endpoint=a code="
	secret := func(code backend.Code) *backend.Error {
		return &backend.Error{Code: code, Status: 418, Message: "secret", Body: []byte(`{"message":"secret"}`), Err: errors.New("secret")}
	}
	for _, step := range []struct {
		err  *backend.Error
		want []string // one for each line that is logged, in order
	}{
		{nil, nil},
		{secret(dead), []string{failed + "upstream_unavailable status=418"}},
		{secret(dead), []string{"level=WARN msg=\"pool: an endpoint's state changed\" endpoint=a from=closed to=open code=upstream_unavailable for=", failed}},
		{secret(dead), []string{"from=half_open to=open", failed}},
		{nil, []string{"level=INFO msg=\"pool: an endpoint's state changed\" endpoint=a from=half_open to=closed"}},
		{nil, nil},
		{secret(backend.CodeRateLimited), []string{"level=WARN msg=\"pool: an endpoint's state changed\" endpoint=a from=closed to=limited code=rate_limit_exceeded for=1s", failed + "rate_limit_exceeded"}},
		{secret(backend.CodeModelNotFound), []string{failed + "model_not_found"}},
		{secret(backend.CodeInvalidRequest), nil}, // which is the request's own affair
		{secret(backend.CodeContextLength), nil},  // where no other model is left
		{secret(backend.CodeCanceled), nil},
	} {
		a.does(nil)
		if step.err != nil {
			a.does(fails(step.err))
		}
		log.Reset()
		_, _ = ask(t, p, streamed)
		lines := slices.Collect(strings.Lines(log.String()))
		if len(lines) != len(step.want) || strings.Contains(log.String(), "secret") {
			t.Errorf("logged %q, want %q", lines, step.want)
			continue
		}
		for i, want := range step.want {
			if !strings.Contains(lines[i], want) {
				t.Errorf("logged %q, which lacks %q", lines[i], want)
			}
		}
		wait(t, p, clock)
	}
}

// TestLogsNoWaitThatNobodyKnows has a request of before end during a trial, on which it depends when others may come.
func TestLogsNoWaitThatNobodyKnows(t *testing.T) {
	clock, a := newFakeClock(), &upstream{}
	logger, log := logged()
	p := newPool(t, pool.Options{Endpoints: team(a), Failures: 1, Now: clock.Now, Logger: logger})
	a.does(streamsFrom(io.MultiReader(strings.NewReader(role+hello), iotest.ErrReader(limited.err()))))
	old := begin(t, p, streamed)
	outcomes(t, p, a, dead)
	wait(t, p, clock)
	log.Reset()
	a.does(func(context.Context, *backend.Request) (*backend.Response, error) { // the trial
		_, _ = io.Copy(io.Discard, old.Body)
		old.Body.Close()
		return nil, &backend.Error{Code: backend.CodeCanceled}
	})
	_, _ = ask(t, p, hi)
	if line := log.String(); !strings.Contains(line, "to=limited code=rate_limit_exceeded\n") {
		t.Errorf("logged %q", line)
	}
}

// TestUnderStress has many clients meet random endpoints, for the race detector and for what must add up.
func TestUnderStress(t *testing.T) {
	clock := newFakeClock()
	ups := []*upstream{{}, {}, {}}
	for _, u := range ups {
		u.lists("m")
		u.does(func(_ context.Context, req *backend.Request) (*backend.Response, error) {
			switch how := sequenceOutcomes[rand.IntN(len(sequenceOutcomes))]; {
			case how == silent:
				panic("bug")
			case how != answered:
				return nil, &backend.Error{Code: how.code, Status: how.status, RetryAfter: time.Millisecond}
			case req.Stream:
				return streams(streamText[:rand.IntN(2)*len(streamText)])(nil, nil)
			}
			return &backend.Response{Body: io.NopCloser(strings.NewReader(wholeAnswer))}, nil
		})
	}
	p := newPool(t, pool.Options{
		Endpoints: ranked(ups...), Failures: 3, MinPause: time.Millisecond, MaxPause: 8 * time.Millisecond,
		ProbeInterval: time.Millisecond, Now: clock.Now,
	})
	var wg sync.WaitGroup
	for client := range 8 {
		wg.Go(func() {
			for i := range 200 {
				ctx, cancel := context.WithCancel(t.Context())
				resp, err := p.Generate(ctx, &backend.Request{Stream: i%2 == 0, Conversation: strings.Repeat("c", i%3)})
				if i%5 == 0 {
					cancel()
				}
				if err == nil {
					_, _ = io.CopyN(io.Discard, resp.Body, int64(i))
					resp.Body.Close()
				}
				cancel()
				if client == 0 {
					clock.advance(time.Millisecond)
				}
				_ = p.Ready() && p.Continuation() == backend.ContinuationNative
				_ = p.Status()
			}
		})
	}
	wg.Wait()
	for i, s := range p.Status() {
		if s.InFlight != 0 || s.Requests != uint64(ups[i].times()) || s.Failures > s.Requests {
			t.Errorf("%+v, and it was asked %d times", s, ups[i].times())
		}
	}
}
