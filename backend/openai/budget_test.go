package openai

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edgewise-ai/edgewise/backend"
)

// down counts the attempts on an upstream that is down.
type down struct{ attempts int }

func (d *down) RoundTrip(r *http.Request) (*http.Response, error) {
	d.attempts++
	return answer(503, http.Header{}, empty())(r), nil
}

// An outage is not multiplied: of many requests at once only a share are tried again.
func TestRetryBudget(t *testing.T) {
	const requests = 1000
	for _, test := range []struct {
		name             string
		budget, attempts int
	}{
		{"default", 0, requests + reserve + requests*20/100},
		{"half", 50, requests + reserve + requests*50/100},
		{"no bound", -1, 3 * requests},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var upstream down
				// Pauses of nothing keep the clock, and so the refill, still.
				b, err := New(Options{BaseURL: "http://upstream", Transport: &upstream, RetryBudget: test.budget, MinBackoff: 1, MaxBackoff: 1})
				if err != nil {
					t.Fatal(err)
				}
				for range requests {
					if _, err := b.Generate(t.Context(), &backend.Request{Body: []byte("{}")}); err == nil {
						t.Fatal("no failure")
					}
				}
				if off := upstream.attempts - test.attempts; off < -2 || off > 2 {
					t.Errorf("%d attempts for %d requests, want %d", upstream.attempts, requests, test.attempts)
				}
			})
		})
	}
}

// A service with few requests can retry all the same, once the clock has moved on.
func TestRetryBudgetRefills(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var upstream down
		b, err := New(Options{BaseURL: "http://upstream", Transport: &upstream})
		if err != nil {
			t.Fatal(err)
		}
		for range 20 {
			upstream.attempts = 0
			if _, err := b.Generate(t.Context(), &backend.Request{Body: []byte("{}")}); err == nil {
				t.Fatal("no failure")
			}
			if upstream.attempts != 3 {
				t.Fatalf("%d attempts, want 3", upstream.attempts)
			}
			time.Sleep(2 * time.Second)
		}
	})
}

func TestHeaderTimeout(t *testing.T) {
	for _, test := range []struct {
		name      string
		set, want time.Duration
	}{{"default", 0, 10 * time.Minute}, {"set", time.Second, time.Second}} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				attempts := 0
				b, err := New(Options{BaseURL: "http://upstream", HeaderTimeout: test.set, Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
					attempts++
					<-r.Context().Done()
					return nil, r.Context().Err()
				})})
				if err != nil {
					t.Fatal(err)
				}
				start := time.Now()
				_, err = b.Generate(t.Context(), &backend.Request{Body: []byte("{}")})
				if waited := time.Since(start); backend.AsError(err, "").Code != backend.CodeTimeout || waited != test.want || attempts != 1 {
					t.Errorf("%v after %s and %d attempts, want one of %s", err, waited, attempts, test.want)
				}
			})
		})
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// What go-openai asks for costs no more than what is relayed.
func TestRetryBudgetOfTypedCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var upstream down
		b, err := New(Options{BaseURL: "http://upstream", Transport: &upstream, MinBackoff: 1, MaxBackoff: 1})
		if err != nil {
			t.Fatal(err)
		}
		const requests = 20
		for range requests {
			if _, err := b.Models(t.Context()); err == nil {
				t.Fatal("no failure")
			}
		}
		if off := upstream.attempts - (requests + reserve + requests*20/100); off < -2 || off > 2 {
			t.Errorf("%d attempts for %d requests", upstream.attempts, requests)
		}
	})
}

// A deadline is one, whatever cause it was given.
func TestDeadlineWithCause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, err := New(Options{BaseURL: "http://upstream", Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errors.New("the page is impatient"))
		defer cancel()
		if _, err := b.Generate(ctx, &backend.Request{Body: []byte("{}")}); !errors.Is(err, backend.CodeTimeout) {
			t.Errorf("error is %v", err)
		}
	})
}
