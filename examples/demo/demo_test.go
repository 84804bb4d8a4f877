package main

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// service is the demo as the page and curl meet it.
type service struct {
	t    *testing.T
	url  string
	log  *strings.Builder // of a single request at a time
	stop func()           // ends it, once, as the program does
}

// open starts the demo with these flags. Its account ends with the test, unless they say
// otherwise.
func open(t *testing.T, args ...string) *service {
	t.Helper()
	c, err := parse(append([]string{"-db", inMemory}, args...), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	app, err := newApp(t.Context(), c, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(app)
	stop := sync.OnceFunc(func() {
		server.Close()
		if err := app.close(); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return &service{t, server.URL, &log, stop}
}

type answer struct {
	status int
	header http.Header
	body   string
}

func (s *service) do(method, path, body string) answer {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	read, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, string(read)}
}

func (s *service) get(path string) answer {
	s.t.Helper()
	return s.do(http.MethodGet, path, "")
}

// post sends JSON and decodes the JSON that comes back.
func (s *service) post(path, body string, v any) {
	s.t.Helper()
	s.decode(s.do(http.MethodPost, path, body), v)
}

// decode reads the JSON of an answer that must be one.
func (s *service) decode(a answer, v any) {
	s.t.Helper()
	if a.status != http.StatusOK {
		s.t.Fatalf("status %d: %s", a.status, a.body)
	}
	if err := json.Unmarshal([]byte(a.body), v); err != nil {
		s.t.Fatalf("%v in %s", err, a.body)
	}
}

// events sends JSON and returns the data of the stream's events.
func (s *service) events(path, body string) []string {
	s.t.Helper()
	a := s.do(http.MethodPost, path, body)
	if got := a.header.Get("Content-Type"); a.status != http.StatusOK || !strings.HasPrefix(got, "text/event-stream") {
		s.t.Fatalf("status %d, %s: %s", a.status, got, a.body)
	}
	var events []string
	for event := range strings.SplitSeq(strings.TrimSuffix(a.body, "\n\n"), "\n\n") {
		data, ok := strings.CutPrefix(event, "data: ")
		if !ok {
			s.t.Fatalf("not an event with data: %q", event)
		}
		events = append(events, data)
	}
	return events
}
