package pool_test

import (
	"context"
	"errors"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/edgewise-ai/edgewise/backend"
	"github.com/edgewise-ai/edgewise/backend/pool"
)

// circuitPool is a pool of one endpoint, a, with three failures to open its circuit and pauses of 1, 2, 4, 8 and 10 s.
func circuitPool(t testing.TB) (*pool.Pool, *upstream, *fakeClock) {
	t.Helper()
	a, clock := &upstream{}, newFakeClock()
	p := newPool(t, pool.Options{
		Endpoints: team(a), Failures: 3, MinPause: time.Second, MaxPause: 10 * time.Second, Now: clock.Now,
	})
	return p, a, clock
}

// outcomes sends a request for each code, "" being an answer.
func outcomes(t testing.TB, p *pool.Pool, a *upstream, codes ...backend.Code) {
	t.Helper()
	for _, code := range codes {
		if code == "" {
			a.does(nil)
		} else {
			a.does(failsWith(code))
		}
		if _, err := ask(t, p, streamed); (err == nil) != (code == "") || err != nil && !errors.Is(err, code) {
			t.Fatalf("error is %v, want %s", err, code)
		}
	}
}

// wait moves the clock to when the endpoint may be asked again, and returns how long that is.
func wait(t testing.TB, p *pool.Pool, clock *fakeClock) time.Duration {
	t.Helper()
	d := max(status(t, p, "a").Until.Sub(clock.Now()), 0) // Until is zero if it may be asked now
	clock.advance(d)
	return d
}

const (
	dead   = backend.CodeUnavailable
	refuse = backend.CodeInvalidRequest
)

func TestCircuitOpens(t *testing.T) {
	for _, test := range []struct {
		name  string
		codes []backend.Code
		want  pool.State
	}{
		{"after so many failures", []backend.Code{dead, dead, dead}, pool.StateOpen},
		{"of any kind", []backend.Code{backend.CodeTimeout, backend.CodeTruncated, backend.CodeBadResponse}, pool.StateOpen},
		{"of the endpoint itself", []backend.Code{backend.CodeInternal, backend.CodeInternal, backend.CodeInternal}, pool.StateOpen},
		{"not before", []backend.Code{dead, dead}, pool.StateClosed},
		{"only if they come in a row", []backend.Code{dead, dead, "", dead, dead}, pool.StateClosed},
		{"which ends with a refusal", []backend.Code{dead, dead, refuse, dead, dead}, pool.StateClosed},
		{"of a context", []backend.Code{dead, dead, backend.CodeContextLength, dead, dead}, pool.StateClosed},
		{"of a model", []backend.Code{dead, dead, backend.CodeModelNotFound, dead, dead}, pool.StateClosed},
		{"of a parameter", []backend.Code{dead, dead, backend.CodeUnsupported, dead, dead}, pool.StateClosed},
		{"not with a client that leaves", []backend.Code{dead, dead, backend.CodeCanceled, dead}, pool.StateOpen},
		{"at once without credentials", []backend.Code{backend.CodeUpstreamAuth}, pool.StateOpen},
		{"not for want of rate", []backend.Code{backend.CodeRateLimited}, pool.StateLimited},
		{"nor of quota", []backend.Code{backend.CodeQuotaExceeded}, pool.StateLimited},
	} {
		t.Run(test.name, func(t *testing.T) {
			p, a, _ := circuitPool(t)
			outcomes(t, p, a, test.codes...)
			wantState(t, p, "a", test.want)
			closed := test.want == pool.StateClosed
			if p.Ready() != closed {
				t.Errorf("ready is %v", p.Ready())
			}
			_, err := ask(t, p, hi)
			if again := a.times() > len(test.codes); again != closed {
				t.Errorf("it was asked again: %v, and the error is %v", again, err)
			}
		})
	}
}

// TestCircuitJudgesRefusals has a row of two failures, of the three that open the circuit, and then a refusal.
func TestCircuitJudgesRefusals(t *testing.T) {
	for _, test := range []struct {
		name string
		err  backend.Error
		want pool.State
		row  int // of failures after it
	}{
		{"of the endpoint's", backend.Error{Code: backend.CodeInvalidRequest, Status: 400}, pool.StateClosed, 0},
		{"of its Backend's", backend.Error{Code: backend.CodeInvalidRequest}, pool.StateClosed, 2},
		{"of a parameter by its Backend", backend.Error{Code: backend.CodeUnsupported}, pool.StateClosed, 2},
		{"of a model by its Backend", backend.Error{Code: backend.CodeModelNotFound}, pool.StateClosed, 2},
		{"of a context by its Backend", backend.Error{Code: backend.CodeContextLength}, pool.StateClosed, 2},
		{"of a prompt", backend.Error{Code: backend.CodeUpstreamAuth, Status: 403}, pool.StateOpen, 3},
	} {
		t.Run(test.name, func(t *testing.T) {
			p, a, _ := circuitPool(t)
			outcomes(t, p, a, dead, dead)
			a.does(fails(&test.err))
			_, _ = ask(t, p, hi)
			wantState(t, p, "a", test.want)
			for range 3 - test.row {
				wantState(t, p, "a", pool.StateClosed)
				outcomes(t, p, a, dead)
			}
			wantState(t, p, "a", pool.StateOpen)
		})
	}
}

func TestCircuitJudgesCredentials(t *testing.T) {
	for code, failures := range map[int]int{0: 1, 401: 1, 407: 1, 403: 3, 200: 3, 400: 3} {
		p, a, _ := circuitPool(t)
		a.does(fails(&backend.Error{Code: backend.CodeUpstreamAuth, Status: code}))
		for range failures {
			wantState(t, p, "a", pool.StateClosed)
			_, _ = ask(t, p, hi)
		}
		if p.Ready() {
			t.Errorf("status %d leaves the circuit closed", code)
		}
	}
}

// TestCircuitLearnsNothingFromARefusalByNobody is about a trial, which it ends without having closed the circuit.
func TestCircuitLearnsNothingFromARefusalByNobody(t *testing.T) {
	p, a, clock := circuitPool(t)
	outcomes(t, p, a, dead, dead, dead)
	wait(t, p, clock)
	a.does(fails(backend.Unsupported("tools", "not here")))
	for range 2 {
		_, _ = ask(t, p, hi)
		wantState(t, p, "a", pool.StateHalfOpen)
	}
	outcomes(t, p, a, "")
	wantState(t, p, "a", pool.StateClosed)
}

func TestCircuitPausesDouble(t *testing.T) {
	p, a, clock := circuitPool(t)
	outcomes(t, p, a, dead, dead, dead)
	for _, full := range []time.Duration{1, 2, 4, 8, 10, 10} {
		full *= time.Second
		wantState(t, p, "a", pool.StateOpen)
		until := status(t, p, "a").Until
		if pause := until.Sub(clock.Now()); pause > full || pause < full*3/4 {
			t.Errorf("pause is %s, want up to a quarter less than %s", pause, full)
		}
		clock.advance(until.Sub(clock.Now()) - 1)
		if p.Ready() {
			t.Error("ready before the pause is over")
		}
		clock.advance(1)
		wantState(t, p, "a", pool.StateHalfOpen)
		if !p.Ready() {
			t.Error("not ready for a trial")
		}
		outcomes(t, p, a, dead)
	}
	// An answer that is whole makes all well.
	wait(t, p, clock)
	outcomes(t, p, a, "", dead, dead)
	wantState(t, p, "a", pool.StateClosed)
	outcomes(t, p, a, dead)
	if pause := wait(t, p, clock); pause > time.Second {
		t.Errorf("pause after an answer is %s", pause)
	}
}

func TestCircuitTrial(t *testing.T) {
	for _, test := range []struct {
		name  string
		trial backend.Code
		want  pool.State
	}{
		{"answer", "", pool.StateClosed},
		{"refusal", refuse, pool.StateClosed},
		{"failure", dead, pool.StateOpen},
		{"no credentials", backend.CodeUpstreamAuth, pool.StateOpen},
		{"the client left", backend.CodeCanceled, pool.StateHalfOpen},
		{"out of rate", backend.CodeRateLimited, pool.StateLimited},
	} {
		t.Run(test.name, func(t *testing.T) {
			p, a, clock := circuitPool(t)
			outcomes(t, p, a, dead, dead, dead)
			wait(t, p, clock)
			outcomes(t, p, a, test.trial)
			wantState(t, p, "a", test.want)
			if test.want != pool.StateLimited {
				return
			}
			wait(t, p, clock)
			wantState(t, p, "a", pool.StateHalfOpen)
		})
	}
}

// TestCircuitProbation is about an endpoint that begins every answer and ends none.
func TestCircuitProbation(t *testing.T) {
	p, a, clock := circuitPool(t)
	outcomes(t, p, a, dead, dead, dead)
	for _, full := range []time.Duration{1, 2, 4} {
		full *= time.Second
		if pause := wait(t, p, clock); pause > full || pause < full*3/4 {
			t.Errorf("pause is %s, want up to a quarter less than %s", pause, full)
		}
		a.does(streams(role + hello))
		resp := begin(t, p, streamed)
		wantState(t, p, "a", pool.StateClosed) // the answer may take minutes
		_, _ = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		wantState(t, p, "a", pool.StateOpen)
	}
}

// TestCircuitForgetsWhatBeganBefore is about requests that end when the circuit has moved on.
func TestCircuitForgetsWhatBeganBefore(t *testing.T) {
	p, a, clock := circuitPool(t)
	old := make([]*backend.Response, 4)
	for i := range old {
		a.does(streams(role + hello))
		if i == 0 {
			a.does(streams(streamText))
		}
		old[i] = begin(t, p, streamed)
	}
	finish := func(i int) {
		_, _ = io.Copy(io.Discard, old[i].Body)
		old[i].Body.Close()
	}
	outcomes(t, p, a, dead, dead, dead)
	until := status(t, p, "a").Until
	finish(0)
	finish(1)
	if got := status(t, p, "a"); got.State != pool.StateOpen || !got.Until.Equal(until) {
		t.Errorf("an old answer changed an open circuit: %+v", got)
	}
	wait(t, p, clock)
	outcomes(t, p, a, "")
	finish(2)
	finish(3)
	outcomes(t, p, a, dead, dead)
	wantState(t, p, "a", pool.StateClosed)
}

func TestCircuitAllowsOneTrial(t *testing.T) {
	p, a, clock := circuitPool(t)
	outcomes(t, p, a, dead, dead, dead)
	for range 3 {
		wait(t, p, clock)
		asked := a.times()
		hold := make(chan struct{})
		a.does(func(context.Context, *backend.Request) (*backend.Response, error) {
			<-hold
			return nil, &backend.Error{Code: dead}
		})
		var wg sync.WaitGroup
		refused := make(chan error, 16)
		for range 16 {
			wg.Go(func() {
				_, err := p.Generate(t.Context(), &hi)
				refused <- err
			})
		}
		for range 15 {
			if e := backend.AsError(<-refused, ""); e == nil || e.Code != dead || e.RetryAfter != time.Second || e.Endpoint != "" {
				t.Errorf("error beside the trial is %+v", e)
			}
		}
		if p.Ready() {
			t.Error("ready during the trial")
		}
		close(hold)
		wg.Wait()
		if a.times() != asked+1 {
			t.Errorf("%d requests were let through", a.times()-asked)
		}
	}
}
