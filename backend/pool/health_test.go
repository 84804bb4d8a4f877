package pool_test

import (
	"context"
	"errors"
	"io"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edgewise-ai/edgewise/backend"
	"github.com/edgewise-ai/edgewise/backend/pool"
)

// probeEvery is the interval in these tests, and longest between two probes' beginnings if they take no time. A whole
// one contains at least one probe.
const probeEvery = 10 * time.Second

// probed is a probe in the hands of a test.
type probed struct {
	err   atomic.Pointer[error]
	times atomic.Int64
}

func (p *probed) says(err error) { p.err.Store(&err) }

func (p *probed) probe(context.Context) error {
	p.times.Add(1)
	if err := p.err.Load(); err != nil {
		return *err
	}
	return nil
}

// pass lets n probes happen, and what they cause.
func (p *probed) pass(n int) {
	for end := p.times.Load() + int64(n); p.times.Load() < end; {
		time.Sleep(probeEvery / 20)
	}
	synctest.Wait()
}

// probedPool is a pool of one endpoint, a.
func probedPool(t *testing.T) (*pool.Pool, *upstream, *probed) {
	t.Helper()
	a, probe := &upstream{}, &probed{}
	p, err := pool.New(pool.Options{
		Endpoints: []pool.Endpoint{{Name: "a", Backend: a, Probe: probe.probe}},
		Failures:  1, MinPause: time.Hour, MaxPause: time.Hour,
	})
	if err != nil {
		t.Fatal(err)
	}
	synctest.Wait() // the first probe
	return p, a, probe
}

func TestProbesThatFailPutAside(t *testing.T) {
	for _, test := range []struct {
		err  error
		want pool.State
	}{
		{errors.New("connection refused"), pool.StateUnhealthy},
		{context.DeadlineExceeded, pool.StateUnhealthy},
		{&backend.Error{Code: backend.CodeUnavailable}, pool.StateUnhealthy},
		{&backend.Error{Code: backend.CodeTruncated}, pool.StateUnhealthy},
		{&backend.Error{Code: backend.CodeInternal}, pool.StateUnhealthy},
		{&backend.Error{Code: backend.CodeBadResponse}, pool.StateClosed}, // a 404: it has no list of models
		{&backend.Error{Code: backend.CodeUpstreamAuth}, pool.StateClosed},
		{&backend.Error{Code: backend.CodeRateLimited}, pool.StateClosed},
		{nil, pool.StateClosed},
	} {
		synctest.Test(t, func(t *testing.T) {
			p, a, probe := probedPool(t)
			defer p.Close()
			probe.says(test.err)
			probe.pass(1)
			wantState(t, p, "a", pool.StateClosed)
			probe.pass(1)
			wantState(t, p, "a", test.want)
			if test.want == pool.StateClosed {
				return
			}
			if until := status(t, p, "a").Until; !until.IsZero() {
				t.Errorf("unhealthy until %s, which nobody knows", until)
			}
			_, err := ask(t, p, hi)
			if e := backend.AsError(err, ""); e == nil || e.Code != backend.CodeUnavailable || e.RetryAfter != probeEvery || a.times() != 0 || p.Ready() {
				t.Errorf("unhealthy: error is %+v, and it was asked %d times", e, a.times())
			}
			// Somebody is there again, though not to be probed.
			probe.says(&backend.Error{Code: backend.CodeBadResponse})
			probe.pass(1)
			wantState(t, p, "a", pool.StateClosed)
		})
	}
}

func TestProbesThatFailCountInARowOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, _, probe := probedPool(t)
		defer p.Close()
		for range 3 {
			probe.says(errors.New("lost"))
			probe.pass(1)
			probe.says(nil)
			probe.pass(1)
		}
		wantState(t, p, "a", pool.StateClosed)
	})
}

// TestAnswersOutweighProbes is about a server that is too busy to be probed.
func TestAnswersOutweighProbes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, a, probe := probedPool(t)
		defer p.Close()
		probe.says(errors.New("too slow"))
		for range 5 {
			if _, err := ask(t, p, hi); err != nil {
				t.Fatal(err)
			}
			probe.pass(1)
			wantState(t, p, "a", pool.StateClosed)
		}
		open := begin(t, p, streamed) // counts as well
		probe.pass(2)
		wantState(t, p, "a", pool.StateClosed)
		probe.pass(1)
		wantState(t, p, "a", pool.StateUnhealthy)
		// An answer that goes on from before doesn't make it healthy.
		if _, err := io.Copy(io.Discard, open.Body); err != nil {
			t.Error(err)
		}
		open.Body.Close()
		probe.pass(1)
		wantState(t, p, "a", pool.StateUnhealthy)
		if a.times() != 6 {
			t.Errorf("asked %d times", a.times())
		}
	})
}

func TestProbesEndPausesButCloseNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, a, probe := probedPool(t)
		defer p.Close()
		a.does(failsWith(dead))
		for range 3 {
			_, _ = ask(t, p, hi)
			wantState(t, p, "a", pool.StateOpen)
			probe.says(&backend.Error{Code: backend.CodeBadResponse})
			probe.pass(1)
			wantState(t, p, "a", pool.StateOpen)
			probe.says(nil)
			probe.pass(1)
			wantState(t, p, "a", pool.StateHalfOpen)
		}
		a.does(nil)
		if _, err := ask(t, p, hi); err != nil {
			t.Error(err)
		}
		wantState(t, p, "a", pool.StateClosed)

		a.does(failsWith(backend.CodeRateLimited))
		_, _ = ask(t, p, hi)
		probe.pass(2)
		wantState(t, p, "a", pool.StateLimited) // that it is there doesn't lift a limit
	})
}

func TestProbesAreContained(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := &upstream{}, &upstream{}
		a.models = func(context.Context) ([]backend.Model, error) { panic("bug") }
		var asked atomic.Int64
		p, err := pool.New(pool.Options{Endpoints: []pool.Endpoint{
			{Name: "a", Backend: a},
			{Name: "b", Backend: b, Probe: func(context.Context) error { asked.Add(1); panic("bug") }},
		}})
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		time.Sleep(2 * probeEvery)
		wantState(t, p, "a", pool.StateUnhealthy)
		wantState(t, p, "b", pool.StateUnhealthy)
		if n := asked.Load(); n < 2 || n > 3 {
			t.Errorf("%d probes in two intervals", n)
		}
	})
}

// TestProbesDontWaitForEachOther has one endpoint hang until its time is up.
func TestProbesDontWaitForEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hangs := func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		}
		b := &probed{}
		p, err := pool.New(pool.Options{
			Endpoints: []pool.Endpoint{
				{Name: "a", Backend: &upstream{}, Probe: hangs},
				{Name: "b", Backend: &upstream{}, Probe: b.probe},
			},
			ProbeInterval: time.Second, ProbeTimeout: time.Minute,
		})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(30 * time.Second)
		if n := b.times.Load(); n < 32 || n > 41 {
			t.Errorf("b was probed %d times in 30 seconds", n)
		}
		wantState(t, p, "a", pool.StateClosed)
		time.Sleep(100 * time.Second)
		wantState(t, p, "a", pool.StateUnhealthy)
		p.Close()
	})
}

// TestProbesLearnWhatEndpointsList sends requests for models that nobody asked the pool for.
func TestProbesLearnWhatEndpointsList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := &upstream{}, &upstream{}
		a.lists("x")
		b.lists("y")
		p := newPool(t, pool.Options{Endpoints: team(a, b), ProbeInterval: probeEvery})
		defer p.Close()
		synctest.Wait()
		for range 10 {
			if resp, err := ask(t, p, backend.Request{Model: "y"}); err != nil || resp.Endpoint != "b" {
				t.Errorf("%+v, %v", resp, err)
			}
		}
		a.lists("x", "y")
		b.lists("z")
		time.Sleep(probeEvery)
		synctest.Wait()
		if resp, err := ask(t, p, backend.Request{Model: "y"}); err != nil || resp.Endpoint != "a" {
			t.Errorf("%+v, %v", resp, err)
		}
	})
}

// TestCloseEndsProbes relies on synctest to fail if a goroutine is left.
func TestCloseEndsProbes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hanging, probes := 0, 0
		p, err := pool.New(pool.Options{Endpoints: []pool.Endpoint{
			{Name: "a", Backend: backend.FromGenerator(says("hello"), backend.GeneratorOptions{})},
			{Name: "b", Backend: &upstream{}, Probe: func(ctx context.Context) error {
				if probes++; probes == 1 {
					return errors.New("connection refused")
				}
				hanging++
				defer func() { hanging-- }()
				<-ctx.Done()
				return errors.New("interrupted") // which would be the second failure
			}},
		}})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(probeEvery)
		synctest.Wait()
		if hanging != 1 {
			t.Fatalf("%d probes under way", hanging)
		}
		for range 2 {
			if err := p.Close(); err != nil || hanging != 0 {
				t.Errorf("closed with %v and %d probes under way", err, hanging)
			}
		}
		wantState(t, p, "b", pool.StateClosed)
		if _, err := ask(t, p, hi); err != nil {
			t.Errorf("after Close: %v", err)
		}
	})
}
