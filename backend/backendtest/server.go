package backendtest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// What a Server says when nothing is wrong.
const (
	// ModelID is the only model a Server knows.
	ModelID = "mock-model"

	// Answer is its answer to everything.
	Answer = "The quick brown fox jumps over the lazy dog."

	// PromptTokens and CompletionTokens are the usage it reports.
	PromptTokens     = 7
	CompletionTokens = 9
)

// Server is an upstream that speaks OpenAI's protocol on loopback and fails on demand: an httptest.Server with a script.
// It answers POST /v1/chat/completions and GET /v1/models. It is safe for concurrent use.
type Server struct {
	// URL is the base URL, ending in /v1.
	URL string

	mu       sync.Mutex
	faults   []Fault
	requests []Request
	left     chan struct{}
}

// Request is a request as a Server got it.
type Request struct {
	Path       string
	Header     http.Header
	Body       []byte
	RemoteAddr string // of the connection: the same for two requests if it was used again
}

// NewServer starts a Server, which is stopped when t ends. Its first requests meet faults, one each in turn; a zero
// Fault lets one through. Later requests get plain answers.
func NewServer(t testing.TB, faults ...Fault) *Server {
	t.Helper()
	s := &Server{faults: faults, left: make(chan struct{}, 64)}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/chat/completions", s.chat)
	mux.HandleFunc("GET /v1/models", s.models)
	hs := httptest.NewServer(mux)
	t.Cleanup(hs.Close)
	s.URL = hs.URL + "/v1"
	return s
}

// Requests returns what came so far, in order.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Request(nil), s.requests...)
}

// Left gets a value each time a client goes away before its answer ended.
func (s *Server) Left() <-chan struct{} { return s.left }

// accept records a request and takes its fault off the script.
func (s *Server) accept(r *http.Request) (Request, Fault) {
	body, _ := io.ReadAll(r.Body) // a body that breaks off is recorded as far as it came
	req := Request{Path: r.URL.Path, Header: r.Header.Clone(), Body: body, RemoteAddr: r.RemoteAddr}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, req)
	var f Fault
	if len(s.faults) > 0 {
		f, s.faults = s.faults[0], s.faults[1:]
	}
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
	var req struct {
		Model         string
		Messages      []json.RawMessage
		Stream        bool
		StreamOptions struct {
			IncludeUsage bool `json:"include_usage"`
		} `json:"stream_options"`
	}
	switch err := json.Unmarshal(got.Body, &req); {
	case err != nil || len(req.Messages) == 0:
		f = errorFault(http.StatusBadRequest, "invalid_request_error", "", "messages are missing")
	case req.Model != ModelID:
		f = errorFault(http.StatusNotFound, "invalid_request_error", "model_not_found", "The model `"+req.Model+"` does not exist")
	}
	if req.Stream {
		s.send(w, r, f, "text/event-stream", streamed(req.StreamOptions.IncludeUsage))
		return
	}
	s.send(w, r, f, "application/json", []string{whole()})
}

// send writes parts, or what the fault makes of them, with a flush after each.
func (s *Server) send(w http.ResponseWriter, r *http.Request, f Fault, kind string, parts []string) {
	for name, values := range f.Header {
		w.Header()[name] = values
	}
	if f.ContentType != "" {
		kind = f.ContentType
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("X-Request-Id", "req-1")
	w.Header().Set("Set-Cookie", "upstream=secret")
	if f.Status != 0 {
		w.WriteHeader(f.Status)
	}
	if f.Body != "" || f.Status != 0 {
		parts = []string{f.Body}
	}
	room := f.CutAfter
	for i, part := range parts {
		if i > 0 && !s.pause(r, f, i) {
			return
		}
		if f.CutAfter > 0 && len(part) > room {
			part = part[:room]
		}
		room -= len(part)
		if _, err := io.WriteString(w, part); err != nil {
			s.left <- struct{}{}
			return
		}
		_ = http.NewResponseController(w).Flush() // an httptest.Server can
		if f.CutAfter > 0 && room == 0 {
			if f.CleanCut {
				return
			}
			panic(http.ErrAbortHandler)
		}
	}
}

// pause waits before part i as the fault says, and reports whether the client is still there.
func (s *Server) pause(r *http.Request, f Fault, i int) bool {
	var over <-chan time.Time
	switch {
	case f.StallAfter > 0 && i >= f.StallAfter: // for ever
	case f.Pause > 0:
		over = time.After(f.Pause)
	default:
		return true
	}
	select {
	case <-over:
		return true
	case <-r.Context().Done():
		s.left <- struct{}{}
		return false
	}
}

const usageJSON = `{"prompt_tokens":7,"completion_tokens":9,"total_tokens":16}`

func whole() string {
	return `{"id":"chatcmpl-1","object":"chat.completion","created":1700000000,"model":"` + ModelID + `","choices":[{"index":0,` +
		`"message":{"role":"assistant","content":"` + Answer + `","refusal":null},"logprobs":null,"finish_reason":"stop"}],` +
		`"usage":` + usageJSON + `,"system_fingerprint":"fp_mock"}`
}

// streamed returns the events of an answer: the role, a word each, the finish reason, usage if asked, [DONE].
func streamed(includeUsage bool) []string {
	tail := ""
	if includeUsage {
		tail = `,"usage":null`
	}
	event := func(choices, tail string) string {
		return fmt.Sprintf(`data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1700000000,"model":"%s",`+
			`"service_tier":"default","system_fingerprint":"fp_mock","choices":[%s]%s,"obfuscation":"x1y2"}`+"\n\n", ModelID, choices, tail)
	}
	delta := func(delta, finish string) string {
		return event(fmt.Sprintf(`{"index":0,"delta":%s,"logprobs":null,"finish_reason":%s}`, delta, finish), tail)
	}
	events := []string{delta(`{"role":"assistant","content":"","refusal":null}`, "null")}
	for _, word := range strings.SplitAfter(Answer, " ") {
		events = append(events, delta(`{"content":"`+word+`"}`, "null"))
	}
	events = append(events, delta("{}", `"stop"`))
	if includeUsage {
		events = append(events, event("", `,"usage":`+usageJSON))
	}
	return append(events, "data: [DONE]\n\n")
}
