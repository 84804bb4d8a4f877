package pool_test

import (
	"context"
	"testing"
	"time"

	"github.com/edgewise-ai/edgewise/backend"
	"github.com/edgewise-ai/edgewise/backend/pool"
)

func TestCircuitHeedsLimits(t *testing.T) {
	for _, test := range []struct {
		name string
		err  backend.Error
		want time.Duration
	}{
		{"as long as it says", backend.Error{Code: backend.CodeRateLimited, RetryAfter: 7 * time.Second}, 7 * time.Second},
		{"if it is short too", backend.Error{Code: backend.CodeRateLimited, RetryAfter: time.Millisecond}, time.Millisecond},
		{"within bounds", backend.Error{Code: backend.CodeRateLimited, RetryAfter: time.Hour}, 10 * time.Second},
		{"or a little", backend.Error{Code: backend.CodeRateLimited}, time.Second},
		{"quota", backend.Error{Code: backend.CodeQuotaExceeded, RetryAfter: time.Second}, 10 * time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			p, a, clock := circuitPool(t)
			for range 5 { // however often
				a.does(fails(&test.err))
				_, err := ask(t, p, hi)
				if e := backend.AsError(err, ""); e.Code != test.err.Code || e.Endpoint != "a" {
					t.Fatalf("%+v", e)
				}
				wantState(t, p, "a", pool.StateLimited)
				_, err = ask(t, p, hi)
				if e := backend.AsError(err, ""); e.Code != test.err.Code || e.Endpoint != "" || e.RetryAfter != test.want {
					t.Fatalf("while it is limited: %+v", e)
				}
				if got := wait(t, p, clock); got != test.want {
					t.Errorf("limited for %s, want %s", got, test.want)
				}
				wantState(t, p, "a", pool.StateClosed)
			}
		})
	}
}

// TestCircuitHeedsFailuresThatSayWhen is about a 503 with a Retry-After, which is both a failure and a request.
func TestCircuitHeedsFailuresThatSayWhen(t *testing.T) {
	p, a, clock := circuitPool(t)
	a.does(fails(&backend.Error{Code: dead, RetryAfter: 6 * time.Second}))
	for _, state := range []pool.State{pool.StateLimited, pool.StateLimited, pool.StateOpen} {
		_, _ = ask(t, p, hi)
		wantState(t, p, "a", state)
		_, err := ask(t, p, hi)
		if e := backend.AsError(err, ""); e.Code != dead || e.RetryAfter != 6*time.Second || e.Endpoint != "" {
			t.Errorf("%+v", e)
		}
		if got := wait(t, p, clock); got != 6*time.Second {
			t.Errorf("left alone for %s", got)
		}
	}
}

func TestCircuitKeepsTheLongerLimit(t *testing.T) {
	p, a, clock := circuitPool(t)
	asked, answer := make(chan struct{}), make(chan backend.Error)
	a.does(func(context.Context, *backend.Request) (*backend.Response, error) {
		asked <- struct{}{}
		e := <-answer
		return nil, &e
	})
	returned := make(chan error)
	for range 2 {
		go func() {
			_, err := p.Generate(t.Context(), &hi)
			returned <- err
		}()
		<-asked
	}
	for _, wait := range []time.Duration{5 * time.Second, 2 * time.Second} {
		answer <- backend.Error{Code: backend.CodeRateLimited, RetryAfter: wait}
		<-returned
	}
	if got := wait(t, p, clock); got != 5*time.Second {
		t.Errorf("limited for %s", got)
	}
}
