//go:build linux

package main

import (
	"bufio"
	"bytes"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"
)

// Whatever is wrong with an answer must count as a failure: the benchmark would
// else praise a proxy that loses some.
func TestOnlyWholeAnswersCount(t *testing.T) {
	plain, stream := newExchange(modelFast, plain, 10), newExchange(modelFast, counted, 10)
	chunked := func(answer []byte) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			half := len(answer) / 2
			_, _ = w.Write(answer[:half])
			w.(http.Flusher).Flush()
			_, _ = w.Write(answer[half:])
		}
	}
	sized := func(answer []byte) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", strconv.Itoa(len(answer)))
			_, _ = w.Write(answer)
		}
	}
	done := []byte("data: [DONE]\n\n")
	for _, tt := range []struct {
		name  string
		ex    *exchange
		serve http.HandlerFunc
		whole bool
	}{
		{"plain", plain, sized(plain.answer), true},
		{"plain in chunks", plain, chunked(plain.answer), true},
		{"stream", stream, chunked(stream.answer), true},
		{"short", plain, sized(plain.answer[:len(plain.answer)-1]), false},
		{"long", plain, sized(append(plain.answer[:len(plain.answer):len(plain.answer)], '\n')), false},
		{"other text", plain, sized(bytes.Replace(plain.answer, []byte("stop"), []byte("halt"), 1)), false},
		{"no [DONE]", stream, chunked(bytes.TrimSuffix(stream.answer, done)), false},
		{"a token less", stream, chunked(bytes.Join(append(eventsOf(modelFast, true)[:9], eventsOf(modelFast, true)[10:]...), nil)), false},
		{"more after [DONE]", stream, chunked(append(stream.answer[:len(stream.answer):len(stream.answer)], done...)), false},
		{"cut", stream, func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write(stream.answer)
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		}, false},
		{"an error", plain, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusBadGateway)
			_, _ = w.Write(plain.answer)
		}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			server := httptest.NewServer(tt.serve)
			defer server.Close()
			c, err := dial(t.Context(), server.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer c.close()
			for range 2 { // the connection is kept
				took, err := c.do(tt.ex)
				if (err == nil) != tt.whole {
					t.Fatalf("whole: got %v, want %v", err, tt.whole)
				}
				if tt.whole && took <= 0 || took > answerTimeout {
					t.Errorf("the first token took %v", took)
				}
				if !tt.whole {
					break
				}
			}
		})
	}
}

// What comes before is the role, which proxies may hold back or send ahead.
func TestTheFirstTokenIsText(t *testing.T) {
	ex := newExchange(modelFast, counted, 10)
	c := checker{exchange: ex, sent: time.Now().Add(-time.Second)}
	in := bufio.NewReader(bytes.NewReader(ex.answer))
	if err := c.read(in, ex.firstToken); err != nil || c.first != 0 {
		t.Fatalf("before the text: first token after %v, error %v", c.first, err)
	}
	if err := c.read(in, len(" token")); err != nil || c.first < time.Second {
		t.Errorf("with the text: first token after %v, error %v", c.first, err)
	}
	if !bytes.HasSuffix(ex.answer[:c.at], []byte(` token`)) {
		t.Errorf("the text ends before %.20q", ex.answer[c.at:])
	}
}
