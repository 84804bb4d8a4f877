package streamtest

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"
)

// patience ends a test that waits for what never comes.
const patience = 10 * time.Second

// Request is a request for a stream from the API at base, such as
// "http://127.0.0.1:8080/api/v1". It ends with t.
func Request(t testing.TB, base string) *http.Request {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	const body = `{"stream":true,"messages":[{"role":"user","content":"Hi"}]}`
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/chat/completions", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	return req
}

// Stream is a stream as its client reads it.
type Stream struct {
	*http.Response
	t     testing.TB
	lines *bufio.Scanner
}

// Open sends req and returns once the stream has begun, for which the [Model] must
// have been told a word.
func Open(t testing.TB, client *http.Client, req *http.Request) *Stream {
	t.Helper()
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	if kind := resp.Header.Get("Content-Type"); resp.StatusCode != http.StatusOK || !strings.HasPrefix(kind, "text/event-stream") {
		t.Fatalf("%s, %s: not a stream", resp.Status, kind)
	}
	return &Stream{Response: resp, t: t, lines: bufio.NewScanner(resp.Body)}
}

// Want reads the next piece of text, which must be this one.
func (s *Stream) Want(word string) {
	s.t.Helper()
	if got, ended := s.next(); got != word || ended {
		s.t.Fatalf("got %q, want %q", got, word)
	}
}

// Finish reads each of these words before it tells the model the next, and the end
// after the last.
func (s *Stream) Finish(m *Model, words ...string) {
	s.t.Helper()
	for _, word := range words {
		m.Say(word)
		s.Want(word)
	}
	m.End()
	if got, ended := s.next(); !ended {
		s.t.Fatalf("got %q, want the end", got)
	}
}

// PieceByPiece checks that a stream reaches its client as the model speaks, and whole.
func PieceByPiece(t testing.TB, m *Model, client *http.Client, req *http.Request) {
	t.Helper()
	m.Say("one")
	s := Open(t, client, req)
	s.Want("one")
	s.Finish(m, "two", "three")
}

// next returns the next piece of text, or that the stream has ended as it must.
func (s *Stream) next() (text string, ended bool) {
	s.t.Helper()
	for s.lines.Scan() {
		data, ok := strings.CutPrefix(s.lines.Text(), "data: ")
		switch {
		case ended && s.lines.Text() != "":
			s.t.Fatalf("after the end: %s", s.lines.Text())
		case data == "[DONE]":
			ended = true
		case ok:
			if text := textOf(s.t, data); text != "" {
				return text, false
			}
		}
	}
	if err := s.lines.Err(); err != nil || !ended {
		s.t.Fatalf("the stream broke off: %v", err)
	}
	return "", true
}

// textOf returns the text of a chunk.
func textOf(t testing.TB, data string) string {
	t.Helper()
	var chunk struct {
		Choices []struct{ Delta struct{ Content string } }
		Error   any
	}
	if err := json.Unmarshal([]byte(data), &chunk); err != nil || chunk.Error != nil {
		t.Fatalf("%v in the event %s", err, data)
	}
	if len(chunk.Choices) == 0 {
		return ""
	}
	return chunk.Choices[0].Delta.Content
}
