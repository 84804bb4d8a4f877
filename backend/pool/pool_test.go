package pool_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/edgewise-ai/edgewise/backend"
	"github.com/edgewise-ai/edgewise/backend/backendtest"
	"github.com/edgewise-ai/edgewise/backend/pool"
)

func TestConforms(t *testing.T) {
	backendtest.Run(t, func(t *testing.T) backend.Backend {
		model := func() backend.Backend {
			return backend.FromGenerator(says("Hello ", "there"), backend.GeneratorOptions{})
		}
		return newPool(t, pool.Options{Endpoints: []pool.Endpoint{
			{Name: "one", Backend: model()},
			{Name: "two", Backend: model(), Weight: 2},
			{Name: "spare", Backend: model(), Priority: 1},
		}})
	})
}

func TestStaysOnceAnAnswerBegan(t *testing.T) {
	a, b := &upstream{}, &upstream{}
	broken := &backend.Error{Code: backend.CodeTimeout}
	a.does(streamsFrom(io.MultiReader(strings.NewReader(role+hello), iotest.ErrReader(broken))))
	p := newPool(t, pool.Options{Endpoints: ranked(a, b)})
	resp, err := ask(t, p, streamed)
	if !errors.Is(err, backend.CodeTimeout) || resp.Endpoint != "a" || b.times() != 0 {
		t.Errorf("error is %v, and b was asked %d times", err, b.times())
	}
}

func TestStopsWithTheContext(t *testing.T) {
	a, b := &upstream{}, &upstream{}
	p := newPool(t, pool.Options{Endpoints: ranked(a, b)})
	for _, test := range []struct {
		want     backend.Code
		failures uint64 // only a deadline blames the endpoint
		end      func(context.Context) context.Context
	}{
		{backend.CodeCanceled, 0, func(ctx context.Context) context.Context {
			ctx, cancel := context.WithCancel(ctx)
			a.does(func(context.Context, *backend.Request) (*backend.Response, error) {
				cancel()
				return nil, &backend.Error{Code: backend.CodeUnavailable}
			})
			return ctx
		}},
		{backend.CodeTimeout, 1, func(ctx context.Context) context.Context {
			ctx, cancel := context.WithTimeout(ctx, time.Millisecond)
			t.Cleanup(cancel)
			a.does(func(ctx context.Context, _ *backend.Request) (*backend.Response, error) {
				<-ctx.Done()
				return nil, errors.New("interrupted")
			})
			return ctx
		}},
	} {
		_, err := p.Generate(test.end(t.Context()), &hi)
		if !errors.Is(err, test.want) || errors.Is(err, backend.CodeUnavailable) || b.times() != 0 {
			t.Errorf("error is %v, want %s, and b was asked %d times", err, test.want, b.times())
		}
		if got := status(t, p, "a"); got.Failures != test.failures || got.InFlight != 0 {
			t.Errorf("%s: %+v", test.want, got)
		}
	}
}

func TestAsksEachOnce(t *testing.T) {
	ups := []*upstream{{}, {}, {}, {}}
	for _, u := range ups {
		u.does(failsWith(backend.CodeUnavailable))
	}
	endpoints := team(ups...)
	endpoints[3].Priority = -1
	p := newPool(t, pool.Options{Endpoints: endpoints})
	_, err := ask(t, p, backend.Request{Conversation: "c"})
	var e *backend.Error
	if !errors.As(err, &e) || e.Attempts != 4 {
		t.Errorf("error is %v", err)
	}
	for i, u := range ups {
		if u.times() != 1 {
			t.Errorf("endpoint %d was asked %d times", i, u.times())
		}
	}
}

// TestCountsInFlight holds answers open, and ends requests in every other way.
func TestCountsInFlight(t *testing.T) {
	a := &upstream{}
	p := newPool(t, pool.Options{Endpoints: team(a), Failures: 100})
	var open []*backend.Response
	for i := range 6 {
		resp := begin(t, p, backend.Request{Stream: i%2 == 0})
		if _, err := io.Copy(io.Discard, resp.Body); err != nil { // read to the end, which is not closed
			t.Fatal(err)
		}
		open = append(open, resp)
	}
	for _, does := range []func(context.Context, *backend.Request) (*backend.Response, error){
		failsWith(backend.CodeUnavailable),
		func(context.Context, *backend.Request) (*backend.Response, error) { panic("bug") },
		func(context.Context, *backend.Request) (*backend.Response, error) { return nil, nil },
		func(context.Context, *backend.Request) (*backend.Response, error) { return &backend.Response{}, nil },
	} {
		a.does(does)
		if _, err := ask(t, p, hi); err == nil {
			t.Error("no error")
		}
	}
	if got := status(t, p, "a"); got.InFlight != 6 || got.Requests != 10 || got.Failures != 4 || got.LastFailure != backend.CodeInternal {
		t.Errorf("%+v", got)
	}
	for _, resp := range open {
		for range 2 {
			if err := resp.Body.Close(); err != nil {
				t.Error(err)
			}
		}
	}
	if got := status(t, p, "a"); got.InFlight != 0 {
		t.Errorf("%d in flight after all were closed", got.InFlight)
	}
}

func TestContainsPanics(t *testing.T) {
	a, b := &upstream{}, &upstream{}
	a.does(func(context.Context, *backend.Request) (*backend.Response, error) { panic("bug") })
	p := newPool(t, pool.Options{Endpoints: ranked(a, b)})
	if resp, err := ask(t, p, hi); err != nil || resp.Endpoint != "b" {
		t.Errorf("%v, %v", resp, err)
	}
	b.does(failsWith(backend.CodeInvalidRequest))
	if _, err := ask(t, p, hi); !errors.Is(err, backend.CodeInvalidRequest) || !strings.Contains(err.Error(), "panicked: bug") {
		t.Errorf("error is %v", err)
	}
}

// TestLeavesAWholeAnswerInPlace relies on ReadWhole giving out what Await read.
func TestLeavesAWholeAnswerInPlace(t *testing.T) {
	a := &upstream{}
	a.does(func(context.Context, *backend.Request) (*backend.Response, error) {
		body, err := backend.Await(io.NopCloser(strings.NewReader(wholeAnswer)), false)
		return &backend.Response{Body: body}, err
	})
	inner := newPool(t, pool.Options{Endpoints: team(a)})
	p := newPool(t, pool.Options{Endpoints: []pool.Endpoint{{Name: "inner", Backend: inner}}})
	resp := begin(t, p, hi)
	first, _, err := backend.ReadWhole(resp.Body)
	again, _, _ := backend.ReadWhole(resp.Body)
	if err != nil || string(first) != wholeAnswer || &first[0] != &again[0] {
		t.Errorf("%q and %q, %v", first, again, err)
	}
	resp.Body.Close()
	if n := status(t, inner, "a").InFlight + status(t, p, "inner").InFlight; n != 0 {
		t.Errorf("%d in flight", n)
	}
}

func TestPoolOfPools(t *testing.T) {
	a, b := &upstream{}, &upstream{}
	inner := newPool(t, pool.Options{Endpoints: team(a), Failures: 1})
	p := newPool(t, pool.Options{Endpoints: []pool.Endpoint{
		{Name: "inner", Backend: inner}, {Name: "spare", Backend: b, Priority: 1},
	}})
	if resp, err := ask(t, p, hi); err != nil || resp.Endpoint != "inner/a" {
		t.Errorf("%+v, %v", resp, err)
	}
	a.does(failsWith(backend.CodeUnavailable))
	b.does(failsWith(backend.CodeInvalidRequest))
	_, err := ask(t, p, hi)
	if e := backend.AsError(err, ""); e.Endpoint != "spare" || !strings.Contains(e.Error(), "inner/a") {
		t.Errorf("%+v", e)
	}
	// The inner one is not ready now, and isn't asked.
	if _, err = ask(t, p, hi); status(t, p, "inner").Requests != 2 {
		t.Errorf("it was asked, and the error is %v", err)
	}
	if !p.Ready() || inner.Ready() {
		t.Error("ready is not what its endpoints are")
	}
}

func TestReady(t *testing.T) {
	clock := newFakeClock()
	a, b := &upstream{native: true}, &upstream{}
	p := newPool(t, pool.Options{Endpoints: team(a, b), Failures: 1, Now: clock.Now})
	check := func(when string, ready bool, can backend.Continuation) {
		t.Helper()
		if p.Ready() != ready || p.Continuation() != can {
			t.Errorf("%s: ready is %v, continuation %s", when, p.Ready(), p.Continuation())
		}
	}
	check("at first", true, backend.ContinuationNative)
	a.does(failsWith(backend.CodeUnavailable))
	for b.times() < 2 || a.times() < 1 {
		_, _ = ask(t, p, hi)
	}
	check("without the native one", true, backend.ContinuationNone)
	b.does(failsWith(backend.CodeUnavailable))
	_, _ = ask(t, p, hi)
	check("without any", false, backend.ContinuationNone)
	clock.advance(time.Minute)
	check("when both may be tried", true, backend.ContinuationNative)
	a.mu.Lock()
	a.unready = true
	a.mu.Unlock()
	check("when one says that it isn't", true, backend.ContinuationNone)
}
