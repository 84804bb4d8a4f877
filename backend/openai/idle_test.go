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

// silent says something and then nothing until the request ends, as an http.Response's body does.
type silent struct {
	io.Reader
	ctx context.Context
}

func (s silent) Read(p []byte) (int, error) {
	if n, err := s.Reader.Read(p); err == nil {
		return n, nil
	}
	<-s.ctx.Done()
	return 0, s.ctx.Err()
}

func (silent) Close() error { return nil }

// first is the first output of a stream.
const first = `data: {"choices":[{"index":0,"delta":{"content":"a"}}]}` + "\n\n"

var eventStream = http.Header{"Content-Type": {"text/event-stream"}}

// openSilent returns the body of a stream that begins with text, and the context of the request behind it.
func openSilent(t *testing.T, ctx context.Context, opts Options, text string) (io.ReadCloser, context.Context) {
	t.Helper()
	var sent context.Context
	opts.BaseURL = "http://upstream"
	opts.Transport = &script{func(r *http.Request) *http.Response {
		sent = r.Context()
		return answer(200, eventStream, silent{strings.NewReader(text), sent})(r)
	}}
	b, err := New(opts)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := b.Generate(ctx, &backend.Request{Body: []byte("{}"), Stream: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(resp.Body, make([]byte, len(text))); err != nil {
		t.Fatal(err)
	}
	return resp.Body, sent
}

func TestIdleTimeout(t *testing.T) {
	const deadline = 2 * time.Hour // of the caller
	const slow = 10 * time.Minute  // that the reader takes
	tests := []struct {
		name string
		idle time.Duration
		want time.Duration
	}{
		{"default", 0, time.Minute},
		{"set", 3 * time.Second, 3 * time.Second},
		{"never", -1, deadline - slow},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), deadline)
				defer cancel()
				body, _ := openSilent(t, ctx, Options{IdleTimeout: test.idle}, first)
				defer body.Close()
				time.Sleep(slow) // a slow reader is no silent upstream
				start := time.Now()
				if _, err := body.Read(make([]byte, 1)); !errors.Is(err, backend.CodeTimeout) {
					t.Errorf("error is %v", err)
				}
				if waited := time.Since(start); waited != test.want {
					t.Errorf("cut after %s, want %s", waited, test.want)
				}
			})
		})
	}
}

// TestClose: it waits for the end of a stream that said [DONE], so that the connection can be used again, but not for long.
func TestClose(t *testing.T) {
	for text, want := range map[string]time.Duration{first: 0, first + "data: [DONE]\n\n": drainTimeout} {
		synctest.Test(t, func(t *testing.T) {
			body, sent := openSilent(t, t.Context(), Options{}, text)
			start := time.Now()
			if err := body.Close(); err != nil {
				t.Error(err)
			}
			if waited := time.Since(start); waited != want {
				t.Errorf("after %q Close took %s, want %s", text, waited, want)
			}
			if sent.Err() == nil {
				t.Errorf("after %q the request goes on", text)
			}
		})
	}
}
