package hybrid_test

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/edgewise-ai/edgewise/backend"
	"github.com/edgewise-ai/edgewise/hybrid"
)

// generates makes a backend of a function.
func generates(f backend.GeneratorFunc) func(*hybrid.Options) {
	return func(o *hybrid.Options) { o.Backend = backend.FromGenerator(f, backend.GeneratorOptions{}) }
}

// slowly says three words, a pause before each.
func slowly(pause time.Duration) backend.GeneratorFunc {
	return func(ctx context.Context, _ *backend.Prompt, emit func(backend.Delta) error) (backend.Completion, error) {
		for _, word := range []string{"one ", "two ", "three"} {
			select {
			case <-time.After(pause):
			case <-ctx.Done():
				return backend.Completion{}, ctx.Err()
			}
			if err := emit(backend.Delta{Text: word}); err != nil {
				return backend.Completion{}, err
			}
		}
		return backend.Completion{}, nil
	}
}

// serveWith serves a router with the server's own timeouts.
func serveWith(t *testing.T, s *service, change func(*http.Server), wrap func(http.Handler) http.Handler) {
	t.Helper()
	pattern, h := s.router.Handler()
	if wrap != nil {
		h = wrap(h)
	}
	mux := http.NewServeMux()
	mux.Handle(pattern, h)
	server := httptest.NewUnstartedServer(mux)
	change(server.Config)
	server.Start()
	t.Cleanup(server.Close)
	s.url = server.URL + "/api/v1"
}

// An answer may take longer than the app gives to a response.
func TestTimeoutsDontCutAnswers(t *testing.T) {
	t.Parallel()
	s := open(t, generates(slowly(300*time.Millisecond)))
	serveWith(t, s, func(server *http.Server) {
		server.ReadTimeout, server.WriteTimeout = 500*time.Millisecond, 500*time.Millisecond
	}, nil)
	for path, body := range map[string]string{
		"/generate": `{"prompt":"count","stream":true}`, "/chat/completions": chatHelloStream,
	} {
		a := s.post(path, body)
		if !strings.Contains(string(a.body), "three") || !strings.Contains(string(a.body), "stop") {
			t.Errorf("%s: %s", path, a.body)
		}
		if a = s.post(path, strings.Replace(body, `"stream":true`, `"stream":false`, 1)); !strings.Contains(string(a.body), "one two three") {
			t.Errorf("%s, not streamed: %s", path, a.body)
		}
	}
}

// HTTP/2 has deadlines of its own, which strike while nothing is written.
func TestTimeoutsDontCutHTTP2(t *testing.T) {
	t.Parallel()
	s := open(t, generates(slowly(1100*time.Millisecond)))
	pattern, h := s.router.Handler()
	mux := http.NewServeMux()
	mux.Handle(pattern, h)
	server := httptest.NewUnstartedServer(mux)
	server.Config.WriteTimeout = time.Second // TLS shakes hands within it
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	req, err := http.NewRequest(http.MethodPost, server.URL+"/api/v1/chat/completions", strings.NewReader(chatHelloStream))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer alice")
	resp, err := server.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.ProtoMajor != 2 || !strings.HasSuffix(string(body), doneChunk) {
		t.Errorf("HTTP/%d, %v: %s", resp.ProtoMajor, err, body)
	}
}

// deadlines is a response writer that knows deadlines.
type deadlines struct {
	*httptest.ResponseRecorder
	last time.Time
	sets int
}

func (d *deadlines) SetWriteDeadline(t time.Time) error {
	d.last = t
	d.sets++
	return nil
}

// Nor may the deadline of one answer stay behind for the next request on its
// connection: a server without a WriteTimeout never sets another.
func TestDeadlineIsNotLeftBehind(t *testing.T) {
	s := open(t)
	_, h := s.router.Handler()
	for path, body := range map[string]string{"/generate": `{"prompt":"x"}`, "/chat/completions": chatHello} {
		for _, stream := range []string{"false", "true"} {
			for _, timeout := range []time.Duration{0, time.Hour} {
				req := httptest.NewRequest(http.MethodPost, "/api/v1"+path, strings.NewReader(`{"stream":`+stream+`,`+body[1:]))
				req = req.WithContext(context.WithValue(req.Context(), http.ServerContextKey, &http.Server{WriteTimeout: timeout}))
				req.Header = http.Header{"Authorization": {"Bearer alice"}, "Content-Type": {"application/json"}}
				w := &deadlines{ResponseRecorder: httptest.NewRecorder()}
				h.ServeHTTP(w, req)
				if w.Code != http.StatusOK || w.sets < 3 { // lifted, bounded, restored
					t.Errorf("%s: status %d, %d deadlines set", path, w.Code, w.sets)
				}
				if w.last.IsZero() != (timeout == 0) {
					t.Errorf("%s, stream %s, WriteTimeout %v: %v is left behind", path, stream, timeout, w.last)
				}
			}
		}
	}
}

// Under a writer that can't flush the answer comes in one piece.
func TestTimeoutHandler(t *testing.T) {
	s := open(t, generates(slowly(time.Millisecond)))
	serveWith(t, s, func(*http.Server) {}, func(h http.Handler) http.Handler {
		return http.TimeoutHandler(h, time.Minute, "")
	})
	a := s.post("/chat/completions", chatHelloStream)
	if a.status != http.StatusOK || !strings.HasSuffix(string(a.body), doneChunk) {
		t.Errorf("%d: %s", a.status, a.body)
	}
}

// pieces is a writer whose deadline is set anew for each of them.
type pieces struct {
	deadlines
	longest int
}

func (p *pieces) Write(b []byte) (int, error) {
	p.longest = max(p.longest, len(b))
	return p.ResponseRecorder.Write(b)
}

// A long answer that is not streamed may take as long as the client reads on.
func TestLongAnswerGoesInPieces(t *testing.T) {
	long := strings.Repeat("x", 1<<20)
	s := open(t, generates(func(_ context.Context, _ *backend.Prompt, emit func(backend.Delta) error) (backend.Completion, error) {
		return backend.Completion{}, emit(backend.Delta{Text: long})
	}))
	_, h := s.router.Handler()
	req := httptest.NewRequest(http.MethodPost, "/api/v1/chat/completions", strings.NewReader(chatHello))
	req.Header = http.Header{"Authorization": {"Bearer alice"}, "Content-Type": {"application/json"}}
	w := &pieces{deadlines: deadlines{ResponseRecorder: httptest.NewRecorder()}}
	h.ServeHTTP(w, req)
	if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), long) || w.longest > 64<<10 || w.sets < w.Body.Len()/w.longest {
		t.Errorf("status %d, %d bytes, %d at once, %d deadlines", w.Code, w.Body.Len(), w.longest, w.sets)
	}
}

// opaque is a writer as middleware wraps it that knows nothing of Unwrap.
type opaque struct{ http.ResponseWriter }

func (o opaque) Flush() { o.ResponseWriter.(http.Flusher).Flush() }

// Where the server's own timeout can't be lifted the operator hears of it.
func TestHiddenDeadlines(t *testing.T) {
	for _, timeout := range []time.Duration{0, time.Minute} {
		var log bytes.Buffer
		s := open(t, generates(slowly(time.Millisecond)), func(o *hybrid.Options) { o.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
		serveWith(t, s, func(server *http.Server) { server.WriteTimeout = timeout }, func(h http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) { h.ServeHTTP(opaque{w}, req) })
		})
		for range 3 {
			if a := s.post("/chat/completions", chatHelloStream); a.status != http.StatusOK || !strings.HasSuffix(string(a.body), doneChunk) {
				t.Errorf("%d: %s", a.status, a.body)
			}
		}
		if told := strings.Count(log.String(), "has no Unwrap"); (told == 1) != (timeout > 0) {
			t.Errorf("WriteTimeout %v: told %d times: %s", timeout, told, &log)
		}
	}
}

// A time limit of the app's own ends the model; its client is still there and is
// told so.
func TestMiddlewareTimeout(t *testing.T) {
	s := open(t, generates(func(ctx context.Context, _ *backend.Prompt, _ func(backend.Delta) error) (backend.Completion, error) {
		<-ctx.Done()
		return backend.Completion{}, ctx.Err()
	}))
	serveWith(t, s, func(*http.Server) {}, func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			ctx, cancel := context.WithTimeout(req.Context(), 50*time.Millisecond)
			defer cancel()
			h.ServeHTTP(w, req.WithContext(ctx))
		})
	})
	for _, stream := range []string{"false", "true"} {
		s.post("/chat/completions", `{"stream":`+stream+`,`+chatHello[1:]).
			wantError(t, http.StatusGatewayTimeout, "server_error", "upstream_timeout", "")
		s.post("/generate", `{"stream":`+stream+`,"prompt":"x"}`).
			wantError(t, http.StatusGatewayTimeout, "server_error", "upstream_timeout", "")
	}
}

// Each piece reaches the client when it is said, not when the answer ends.
func TestStreamsFlush(t *testing.T) {
	said := make(chan string)
	s := open(t, generates(func(ctx context.Context, _ *backend.Prompt, emit func(backend.Delta) error) (backend.Completion, error) {
		for word := range said {
			if err := emit(backend.Delta{Text: word}); err != nil {
				return backend.Completion{}, err
			}
		}
		return backend.Completion{}, nil
	}))
	go func() { said <- "first" }()
	resp := s.start("/generate", `{"prompt":"x","stream":true}`)
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	for _, want := range []string{"first", "second"} {
		for lines.Scan() && lines.Text() == "" {
		}
		if lines.Text() != `data: {"delta":"`+want+`"}` {
			t.Fatalf("got %q, want %s", lines.Text(), want)
		}
		if want == "first" {
			said <- "second"
		}
	}
	close(said)
	if rest, err := io.ReadAll(resp.Body); err != nil || !strings.Contains(string(rest), `"done":true`) {
		t.Errorf("%v: %s", err, rest)
	}
}

// start begins a request and returns once the answer has begun.
func (s *service) start(path, body string) *http.Response {
	s.t.Helper()
	req, err := http.NewRequest(http.MethodPost, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+s.token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	return resp
}

// A client that goes away stops the model, and nothing is left running.
func TestDisconnectStopsBackend(t *testing.T) {
	stopped := make(chan error, 1)
	s := open(t, generates(func(ctx context.Context, _ *backend.Prompt, emit func(backend.Delta) error) (backend.Completion, error) {
		_ = emit(backend.Delta{Text: "a"}) // which fails if the client is gone already
		<-ctx.Done()
		stopped <- ctx.Err()
		return backend.Completion{}, ctx.Err()
	}))
	for path, body := range map[string]string{
		"/generate": `{"prompt":"x","stream":true}`, "/chat/completions": chatHelloStream,
	} {
		before := runtime.NumGoroutine()
		resp := s.start(path, body)
		if _, err := resp.Body.Read(make([]byte, 16)); err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		select {
		case <-stopped:
		case <-time.After(10 * time.Second):
			t.Fatalf("%s: the model goes on", path)
		}
		eventually(t, func() bool {
			recent := s.ledger.Recent(1)
			return len(recent) == 1 && recent[0].ErrorCode == "canceled" && !recent[0].Success
		})
		http.DefaultClient.CloseIdleConnections()
		// The listener's own goroutines come and go; a leak would grow.
		eventually(t, func() bool { return runtime.NumGoroutine() <= before+2 })
	}
}

// Many streams leave no goroutine behind.
func TestStreamsLeakNothing(t *testing.T) {
	s := open(t)
	s.post("/chat/completions", chatHelloStream)
	http.DefaultClient.CloseIdleConnections()
	before := runtime.NumGoroutine()
	for range 50 {
		s.post("/chat/completions", chatHelloStream)
		s.post("/generate", `{"prompt":"a b c","stream":true}`)
	}
	http.DefaultClient.CloseIdleConnections()
	eventually(t, func() bool { return runtime.NumGoroutine() <= before+2 })
}

func eventually(t *testing.T, holds func() bool) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for !holds() {
		if time.Now().After(deadline) {
			buf := make([]byte, 1<<16)
			t.Fatalf("still not so after 10 seconds\n%s", buf[:runtime.Stack(buf, true)])
		}
		time.Sleep(5 * time.Millisecond)
	}
}
