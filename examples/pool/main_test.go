package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// upstream is a server that knows one model, and says which it was asked for.
type upstream struct {
	model string
	down  atomic.Bool
	more  chan struct{} // ends a stream, after its first word
}

func newUpstream(t *testing.T, name, model string) *upstream {
	t.Helper()
	u := &upstream{model: model, more: make(chan struct{})}
	server := httptest.NewServer(u)
	t.Cleanup(server.Close)
	t.Setenv(name+"_BASE_URL", server.URL)
	t.Setenv(name+"_MODEL", model)
	return u
}

func (u *upstream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Model  string
		Stream bool
	}
	_ = json.NewDecoder(r.Body).Decode(&in) // there is none with GET
	switch {
	case u.down.Load():
		http.Error(w, "down", http.StatusServiceUnavailable)
	case r.Method == http.MethodGet:
		fmt.Fprintf(w, `{"object":"list","data":[{"id":%q,"object":"model"}]}`, u.model)
	case in.Model != u.model:
		http.Error(w, "there is no "+in.Model, http.StatusNotFound)
	case in.Stream:
		w.Header().Set("Content-Type", "text/event-stream")
		fmt.Fprintf(w, "data: {\"model\":%q,\"choices\":[{\"index\":0,\"delta\":{\"content\":\"one\"},\"finish_reason\":null}]}\n\n", u.model)
		_ = http.NewResponseController(w).Flush()
		<-u.more
		fmt.Fprint(w, "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"two\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n")
	default:
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"model":%q,"choices":[{"index":0,"message":{"role":"assistant","content":"Hello!"},"finish_reason":"stop"}]}`, u.model)
	}
}

// service is a running service.
type service struct {
	url   string
	stop  func()
	ended chan error
	log   *safeBuffer
}

func start(t *testing.T) *service {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	s := &service{"http://" + listener.Addr().String(), stop, make(chan error, 1), &safeBuffer{}}
	go func() { s.ended <- serve(ctx, listener, slog.New(slog.NewTextHandler(s.log, nil))) }()
	t.Cleanup(stop)
	return s
}

func (s *service) ask(t *testing.T, stream bool) *http.Response {
	t.Helper()
	body := fmt.Sprintf(`{"stream":%t,"messages":[{"role":"user","content":"Hi"}]}`, stream)
	resp, err := http.Post(s.url+"/api/v1/chat/completions", "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	return resp
}

func read(t *testing.T, resp *http.Response) string {
	t.Helper()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// safeBuffer may be read while it is written to.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func TestTheSecondAnswersWhenTheFirstCannot(t *testing.T) {
	first, second := newUpstream(t, "OPENAI", "small-1"), newUpstream(t, "FALLBACK", "big-2")
	s := start(t)
	for _, want := range []struct {
		down  bool
		model string
	}{{false, first.model}, {true, second.model}} {
		first.down.Store(want.down)
		if resp := s.ask(t, false); resp.StatusCode != http.StatusOK || !strings.Contains(read(t, resp), want.model) {
			t.Errorf("want an answer of %s, not %s", want.model, resp.Status)
		}
	}
	s.stop()
	if err := <-s.ended; err != nil {
		t.Error(err)
	}
	for _, want := range []string{
		"msg=answered", "path=/api/v1/chat/completions endpoint=openai attempts=1", "endpoint=fallback attempts=2",
	} {
		if !strings.Contains(s.log.String(), want) {
			t.Errorf("the log doesn't say %q:\n%s", want, s.log)
		}
	}
}

func TestHealthSaysHowTheServersAre(t *testing.T) {
	first, second := newUpstream(t, "OPENAI", "small-1"), newUpstream(t, "FALLBACK", "big-2")
	s := start(t)
	health := func() (status int, names []string) {
		resp, err := http.Get(s.url + "/healthz")
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		var got struct {
			Ready     bool
			Endpoints []struct{ Name, State string }
		}
		if err := json.NewDecoder(resp.Body).Decode(&got); err != nil || got.Ready != (resp.StatusCode == http.StatusOK) {
			t.Fatalf("%s: %+v, %v", resp.Status, got, err)
		}
		for _, e := range got.Endpoints {
			names = append(names, e.Name)
		}
		return resp.StatusCode, names
	}
	if status, names := health(); status != http.StatusOK || strings.Join(names, " ") != "openai fallback" {
		t.Errorf("%d, %q", status, names)
	}
	first.down.Store(true)
	second.down.Store(true)
	for range 5 { // failures in a row open a circuit
		if resp := s.ask(t, false); resp.StatusCode != http.StatusServiceUnavailable {
			t.Error(resp.Status)
		}
	}
	if status, _ := health(); status != http.StatusServiceUnavailable {
		t.Errorf("%d while nobody can answer", status)
	}
	if !strings.Contains(s.log.String(), "msg=failed") {
		t.Errorf("the log has no failure:\n%s", s.log)
	}
}

// A stream that has begun when the service is told to end is finished before it does.
func TestStreamsAreDrained(t *testing.T) {
	first := newUpstream(t, "OPENAI", "small-1")
	newUpstream(t, "FALLBACK", "big-2")
	s := start(t)
	resp := s.ask(t, true)
	s.stop()
	for { // until nobody new is let in
		conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
		if err != nil {
			break
		}
		conn.Close()
		time.Sleep(time.Millisecond)
	}
	select {
	case err := <-s.ended:
		t.Fatalf("the service ended before the stream: %v", err)
	default:
	}
	close(first.more)
	if body := read(t, resp); !strings.Contains(body, "two") || !strings.HasSuffix(body, "data: [DONE]\n\n") {
		t.Errorf("the stream is not whole:\n%s", body)
	}
	if err := <-s.ended; err != nil {
		t.Error(err)
	}
}

func TestServersThatAreNotNamedAreRefused(t *testing.T) {
	newUpstream(t, "OPENAI", "small-1")
	t.Setenv("FALLBACK_BASE_URL", "")
	if _, err := newPool(slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "FALLBACK") {
		t.Errorf("got %v, want it to say which server is missing", err)
	}
}
