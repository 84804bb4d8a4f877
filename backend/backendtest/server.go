package backendtest

import (
	"context"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Server is an upstream that speaks OpenAI's protocol on loopback and fails on demand: an httptest.Server with a script,
// which can go down and come back. It answers POST /v1/chat/completions and GET /v1/models. It is safe for concurrent use.
type Server struct {
	// URL is the base URL, ending in /v1.
	URL string

	// Prefill is how the server is asked to carry on a partial answer, of which it then sends the rest. Set it before the
	// first request. Defaults to PrefillNever.
	Prefill Prefill

	t       testing.TB
	address string
	active  atomic.Int64
	left    chan struct{}

	mu       sync.Mutex
	http     *http.Server // nil while it is down
	script   []Fault
	choose   func(Request) Fault // instead of the script, if not nil
	requests []Request
}

// Request is a request as a Server got it.
type Request struct {
	Path       string
	Header     http.Header
	Body       []byte
	RemoteAddr string // of the connection: the same for two requests if it was used again
}

// Key returns the credentials that came with the request, "" if none did.
func (r *Request) Key() string {
	for _, name := range []string{"Authorization", "Api-Key", "X-Api-Key"} {
		if value := r.Header.Get(name); value != "" {
			return strings.TrimPrefix(value, "Bearer ")
		}
	}
	return ""
}

// isQuestion reports whether a request wants an answer, and not a list of models.
func (r *Request) isQuestion() bool { return strings.HasSuffix(r.Path, "/chat/completions") }

// NewServer starts a Server, which is stopped when t ends. Its first requests meet faults, one each in turn; a zero
// Fault lets one through. Later requests get plain answers.
func NewServer(t testing.TB, faults ...Fault) *Server {
	t.Helper()
	s := &Server{t: t, address: "127.0.0.1:0", left: make(chan struct{}, 64), script: faults}
	s.Up()
	s.URL = "http://" + s.address + "/v1"
	t.Cleanup(s.Down)
	return s
}

// Up brings a server back that is down, on the same address. It does nothing to one that is up.
func (s *Server) Up() {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.http != nil {
		return
	}
	listener, err := listen(s.address)
	if err != nil {
		s.t.Errorf("the server can't come up: %v", err)
		return
	}
	s.address = listener.Addr().String()
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/chat/completions", s.chat)
	mux.HandleFunc("GET /v1/models", s.models)
	s.http = &http.Server{Handler: mux, ReadHeaderTimeout: patience}
	go func(hs *http.Server) { _ = hs.Serve(listener) }(s.http) // it fails when it is closed
}

// listen tries for a while, for the port may be that of somebody's connection just now.
func listen(address string) (net.Listener, error) {
	var config net.ListenConfig
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		listener, err := config.Listen(context.Background(), "tcp", address)
		if err == nil || time.Now().After(deadline) {
			return listener, err
		}
	}
}

// Down closes all connections, whatever is under way, and refuses new ones until Up.
func (s *Server) Down() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.http != nil {
		_ = s.http.Close()
		s.http = nil
	}
}

// SetFaults has choose say what goes wrong with each request from now on, in place of the rest of the script. It is called
// for several requests at a time. A nil choose means that nothing goes wrong any more.
func (s *Server) SetFaults(choose func(Request) Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.script, s.choose = nil, choose
}

// Requests returns what came so far, in order.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Request(nil), s.requests...)
}

// questions are the requests that want an answer.
func (s *Server) questions() []Request {
	return slices.DeleteFunc(s.Requests(), func(r Request) bool { return !r.isQuestion() })
}

// Active counts the answers under way. It falls a moment after the client has seen the end of one, or has left.
func (s *Server) Active() int { return int(s.active.Load()) }

// Left gets a value each time a client goes away before its answer ended, unless 64 wait there to be read.
func (s *Server) Left() <-chan struct{} { return s.left }

// accept records a request and finds its fault.
func (s *Server) accept(r *http.Request) (Request, Fault) {
	body, _ := io.ReadAll(r.Body) // a body that breaks off is recorded as far as it came
	req := Request{Path: r.URL.Path, Header: r.Header.Clone(), Body: body, RemoteAddr: r.RemoteAddr}
	s.mu.Lock()
	s.requests = append(s.requests, req)
	choose := s.choose
	var f Fault
	if len(s.script) > 0 {
		f, s.script = s.script[0], s.script[1:]
	}
	s.mu.Unlock()
	if choose != nil {
		f = choose(req)
	}
	f.quote(req.Key())
	return req, f
}

func (s *Server) models(w http.ResponseWriter, r *http.Request) {
	_, f := s.accept(r)
	s.send(w, r, f, "application/json", []string{
		`{"object":"list","data":[{"id":"` + ModelID + `","object":"model","created":1700000000,"owned_by":"backendtest"}]}`,
	})
}

func (s *Server) chat(w http.ResponseWriter, r *http.Request) {
	got, f := s.accept(r)
	ask, refusal := readQuestion(got.Body, s.Prefill)
	if refusal != nil && !f.replaces() { // an overloaded server doesn't look so closely
		f = *refusal
	}
	if ask.Stream {
		s.send(w, r, f, "text/event-stream", streamed(ask.answer, ask.StreamOptions.IncludeUsage))
		return
	}
	s.send(w, r, f, "application/json", []string{whole(ask.answer)})
}

// noteLeft tells Left.
func (s *Server) noteLeft() {
	select {
	case s.left <- struct{}{}:
	default:
	}
}
