package openai

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edgewise-ai/edgewise/backend"
)

// script is a RoundTripper that gives one answer after another; without a network, time can be a fake.
type script []func(*http.Request) *http.Response

func (s *script) RoundTrip(r *http.Request) (*http.Response, error) {
	next := (*s)[0]
	*s = (*s)[1:]
	return next(r), nil
}

func answer(status int, header http.Header, body io.ReadCloser) func(*http.Request) *http.Response {
	return func(r *http.Request) *http.Response {
		return &http.Response{StatusCode: status, Header: header, Body: body, Request: r}
	}
}

func empty() io.ReadCloser { return text("") }

func text(s string) io.ReadCloser { return io.NopCloser(strings.NewReader(s)) }

// least is as little as an answer may be.
const least = `{"choices":[{"index":0,"message":{"content":"a"},"finish_reason":"stop"}]}`

func TestPauses(t *testing.T) {
	after := func(name, value string) http.Header { return http.Header{name: {value}} }
	tests := []struct {
		name      string
		header    func() http.Header
		low, high time.Duration
	}{
		{"first backoff", func() http.Header { return nil }, 375 * time.Millisecond, 500 * time.Millisecond},
		{"seconds", func() http.Header { return after("Retry-After", "7") }, 7 * time.Second, 7700 * time.Millisecond},
		{"part of a second", func() http.Header { return after("Retry-After", "0.5") }, 500 * time.Millisecond, 550 * time.Millisecond},
		{"milliseconds win", func() http.Header { return http.Header{"Retry-After": {"7"}, "Retry-After-Ms": {"100"}} }, 100 * time.Millisecond, 110 * time.Millisecond},
		{"date", func() http.Header {
			return after("Retry-After", time.Now().Add(5*time.Second).UTC().Format(http.TimeFormat))
		}, 4 * time.Second, 5500 * time.Millisecond},
		{"date gone by", func() http.Header { return after("Retry-After", "Fri, 31 Dec 1999 23:59:59 GMT") }, 0, 0},
		{"negative is nonsense", func() http.Header { return after("Retry-After", "-7") }, 375 * time.Millisecond, 500 * time.Millisecond},
		{"not a number", func() http.Header { return after("Retry-After", "NaN") }, 375 * time.Millisecond, 500 * time.Millisecond},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				header := test.header()
				if header == nil {
					header = http.Header{}
				}
				b, err := New(Options{BaseURL: "http://upstream", Transport: &script{
					answer(429, header, empty()),
					answer(200, http.Header{"Content-Type": {"application/json"}}, text(least)),
				}})
				if err != nil {
					t.Fatal(err)
				}
				start := time.Now()
				resp, err := b.Generate(t.Context(), &backend.Request{Body: []byte("{}")})
				if err != nil {
					t.Fatal(err)
				}
				resp.Body.Close()
				if waited := time.Since(start); waited < test.low || waited > test.high {
					t.Errorf("waited %s, want %s to %s", waited, test.low, test.high)
				}
			})
		})
	}
}

func TestBackoffGrowsToItsLimit(t *testing.T) {
	for attempt, want := range []time.Duration{1, 2, 4, 5, 5} {
		want *= time.Second
		if got := backoff(time.Second, 5*time.Second, attempt, nil); got > want || got < want*3/4 {
			t.Errorf("pause %d is %s, want %s less up to a quarter", attempt, got, want)
		}
	}
}

func TestCancelDuringPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, err := New(Options{BaseURL: "http://upstream", Transport: &script{answer(429, http.Header{"Retry-After": {"15"}}, empty())}})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		if _, err := b.Generate(ctx, &backend.Request{Body: []byte("{}")}); !errors.Is(err, backend.CodeTimeout) {
			t.Errorf("error is %v", err)
		}
		if waited := time.Since(start); waited != time.Second {
			t.Errorf("waited %s", waited)
		}
	})
}
