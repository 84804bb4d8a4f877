package pool_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edgewise-ai/edgewise/backend"
	"github.com/edgewise-ai/edgewise/backend/pool"
)

func TestPoolStatus(t *testing.T) {
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
		{Name: "c", Priority: -7, State: pool.Closed, InFlight: 1, Requests: 2, Failures: 1, LastFailure: dead},
		{Name: "b", Priority: 1, State: pool.Limited, Until: clock.Now().Add(5 * time.Second), Requests: 1, Failures: 1, LastFailure: backend.CodeRateLimited},
		{Name: "a", Priority: 7, State: pool.Closed, Requests: 1},
	}
	if diff := cmp.Diff(want, p.Status()); diff != "" {
		t.Error(diff)
	}
}

func TestPoolLogsChangesWithoutWords(t *testing.T) {
	var log bytes.Buffer
	clock, a := newFakeClock(), &upstream{}
	p := newPool(t, pool.Options{
		Endpoints: team(a), Failures: 2, MinPause: time.Second, Now: clock.Now,
		Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	secret := func(code backend.Code) *backend.Error {
		return &backend.Error{Code: code, Message: "secret", Body: []byte(`{"message":"secret"}`), Err: errors.New("secret")}
	}
	for _, step := range []struct {
		err  *backend.Error
		want []string // of the one line that is logged; nil for none
	}{
		{nil, nil},
		{secret(dead), nil},
		{secret(dead), []string{"level=WARN", "endpoint=a", "from=closed", "to=open", "code=upstream_unavailable", "for="}},
		{secret(dead), []string{"level=WARN", "from=half_open", "to=open"}},
		{nil, []string{"level=INFO", "endpoint=a", "from=half_open", "to=closed"}},
		{nil, nil},
		{secret(backend.CodeRateLimited), []string{"level=WARN", "from=closed", "to=limited", "code=rate_limit_exceeded", "for=1s"}},
		{nil, nil},
		{secret(backend.CodeUpstreamAuth), []string{"level=WARN", "to=open", "code=upstream_auth"}},
	} {
		a.does(nil)
		if step.err != nil {
			a.does(fails(step.err))
		}
		log.Reset()
		_, _ = ask(t, p, streamed)
		line := log.String()
		if strings.Count(line, "\n") > 1 || (line == "") != (step.want == nil) || strings.Contains(line, "secret") {
			t.Errorf("logged %q, want %q", line, step.want)
		}
		for _, want := range step.want {
			if !strings.Contains(line, want) {
				t.Errorf("logged %q, which lacks %q", line, want)
			}
		}
		wait(t, p, clock)
	}
}

// TestPoolUnderStress has many clients meet random endpoints, for the race detector and for what must add up.
func TestPoolUnderStress(t *testing.T) {
	clock := newFakeClock()
	ups := []*upstream{{}, {}, {}}
	for _, u := range ups {
		u.lists("m")
		u.does(func(_ context.Context, req *backend.Request) (*backend.Response, error) {
			code := sequenceCodes[rand.IntN(len(sequenceCodes))]
			switch {
			case code == backend.CodeTimeout:
				panic("bug")
			case code != "":
				return nil, &backend.Error{Code: code, RetryAfter: time.Millisecond}
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
