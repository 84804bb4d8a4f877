package openai_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edgewise-ai/edgewise/backend"
	"github.com/edgewise-ai/edgewise/backend/backendtest"
	"github.com/edgewise-ai/edgewise/backend/openai"
)

const key = "sk-secret-1234567"

// patience is how long anything prompt may take on a busy machine.
const patience = 10 * time.Second

// hi is a question with fields that a decode and encode would lose.
var hi = []byte(`{"messages":[{"role":"user","content":"hi"}],"x-vendor":{"top_k":1e2},"model":"auto"}`)

// open returns a backend on a scripted upstream. Its pauses are too short to notice.
func open(t *testing.T, opts openai.Options, faults ...backendtest.Fault) (*openai.Backend, *backendtest.Server) {
	t.Helper()
	s := backendtest.NewServer(t, faults...)
	opts.BaseURL = s.URL
	opts.DefaultModel = backendtest.ModelID
	if opts.MinBackoff == 0 {
		opts.MinBackoff, opts.MaxBackoff = time.Microsecond, time.Microsecond
	}
	b, err := openai.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	return b, s
}

func TestRequestSent(t *testing.T) {
	opts := openai.Options{APIKey: key, Organization: "org-1", Headers: http.Header{"X-Gateway": {"g"}, "authorization": {"Basic x"}}}
	b, s := open(t, opts)
	resp, err := b.Generate(t.Context(), &backend.Request{Body: hi, Stream: true})
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if diff := cmp.Diff(http.Header{"Content-Type": {"text/event-stream"}, "X-Request-Id": {"req-1"}}, resp.Header); diff != "" {
		t.Errorf("header for the page: %s", diff)
	}
	got := s.Requests()[0]
	want := `{"messages":[{"role":"user","content":"hi"}],"x-vendor":{"top_k":1e2},"model":"mock-model","stream":true,"stream_options":{"include_usage":true}}`
	if diff := cmp.Diff(want, string(got.Body)); diff != "" {
		t.Error(diff)
	}
	for name, value := range map[string]string{
		"Authorization": "Bearer " + key, "OpenAI-Organization": "org-1", "X-Gateway": "g",
		"Content-Type": "application/json", "Accept": "text/event-stream", "Accept-Encoding": "",
	} {
		if got.Header.Get(name) != value {
			t.Errorf("%s is %q, want %q", name, got.Header.Get(name), value)
		}
	}
}

func TestLeavingStopsTheUpstream(t *testing.T) {
	for name, leave := range map[string]func(cancel func(), body io.Closer) error{
		"cancel": func(cancel func(), _ io.Closer) error { cancel(); return nil },
		"close":  func(_ func(), body io.Closer) error { return body.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			b, s := open(t, openai.Options{}, backendtest.Fault{At: backendtest.AfterEvents(2), Do: backendtest.Stall})
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			resp, err := b.Generate(ctx, &backend.Request{Body: hi, Stream: true})
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if _, err := io.ReadFull(resp.Body, make([]byte, 100)); err != nil {
				t.Fatal(err)
			}
			if err := leave(cancel, resp.Body); err != nil {
				t.Fatal(err)
			}
			select {
			case <-s.Left():
			case <-time.After(patience):
				t.Fatal("the upstream goes on")
			}
		})
	}
}

func TestCancelBeforeHeaders(t *testing.T) {
	arrived := make(chan struct{})
	left := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // else the server doesn't notice who leaves
		close(arrived)
		<-r.Context().Done()
		close(left)
	}))
	defer s.Close()
	b, err := openai.New(openai.Options{BaseURL: s.URL})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-arrived
		cancel()
	}()
	if _, err := b.Generate(ctx, &backend.Request{Body: hi}); !errors.Is(err, backend.CodeCanceled) {
		t.Errorf("error is %v", err)
	}
	<-left
}

// TestConnectionsAreKept: neither failures nor streams that are read to [DONE] and no further cost a connection.
func TestConnectionsAreKept(t *testing.T) {
	b, s := open(t, openai.Options{MaxRetries: 1}, backendtest.Overloaded(), backendtest.Overloaded())
	if _, err := b.Generate(t.Context(), &backend.Request{Body: hi}); !errors.Is(err, backend.CodeUnavailable) {
		t.Fatal(err)
	}
	for range 5 {
		resp, err := b.Generate(t.Context(), &backend.Request{Body: hi, Stream: true})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := backend.Relay(io.Discard, nil, resp.Body, backend.RelayOptions{}); err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
	}
	requests := s.Requests()
	for _, r := range requests {
		if r.RemoteAddr != requests[0].RemoteAddr {
			t.Fatalf("%s after %s: a new connection", r.RemoteAddr, requests[0].RemoteAddr)
		}
	}
}

func TestModels(t *testing.T) {
	listed := backend.Model{ID: backendtest.ModelID, OwnedBy: "backendtest", Created: 1700000000}
	for model, want := range map[string][]backend.Model{
		"":                  {listed},
		backendtest.ModelID: {listed},
		"alias":             {{ID: "alias"}, listed},
	} {
		s := backendtest.NewServer(t)
		b, err := openai.New(openai.Options{BaseURL: s.URL, DefaultModel: model})
		if err != nil {
			t.Fatal(err)
		}
		if got := b.DefaultModel(); got != model {
			t.Errorf("the default is %q, want %q", got, model)
		}
		got, err := b.Models(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
	b, _ := open(t, openai.Options{MaxRetries: -1}, backendtest.RateLimited(3*time.Second))
	_, err := b.Models(t.Context())
	var e *backend.Error
	if !errors.As(err, &e) || e.Code != backend.CodeRateLimited || e.RetryAfter != 3*time.Second {
		t.Errorf("error is %v", err)
	}
}
