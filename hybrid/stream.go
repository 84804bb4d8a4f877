package hybrid

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/edgewise-ai/edgewise/backend"
)

// defaultWriteTimeout is how long a client may take to accept one write of a
// stream, where the server sets no WriteTimeout.
const defaultWriteTimeout = 30 * time.Second

// pieceBytes is how much of a whole answer is written at once.
const pieceBytes = 64 << 10

// answerWriter writes generated answers. It lifts the server's WriteTimeout, which
// counts from the request's first byte and would cut an answer that takes longer,
// and bounds each write instead. (The server lifts its ReadTimeout by itself once
// the body has been read to its end.)
//
// As a stream it begins with the first write. Where the writer can't flush, as
// under http.TimeoutHandler, the answer comes in one piece at the end. Where it
// hides the connection's deadlines, as one does that middleware wraps without
// Unwrap, the WriteTimeout stands, and the log says so.
type answerWriter struct {
	w       http.ResponseWriter
	control *http.ResponseController
	timeout time.Duration // of one write
	restore time.Duration // the server's own, 0 for none
	header  http.Header   // of a stream, set when it begins
	begun   bool
	sent    bool // all of it, in one piece
	fixed   bool // the server's WriteTimeout can't be lifted
}

func newAnswerWriter(w http.ResponseWriter, req *http.Request) *answerWriter {
	a := &answerWriter{w: w, control: http.NewResponseController(w), timeout: defaultWriteTimeout}
	if server, ok := req.Context().Value(http.ServerContextKey).(*http.Server); ok && server.WriteTimeout > 0 {
		a.timeout, a.restore = server.WriteTimeout, server.WriteTimeout
	}
	a.fixed = a.allow(0) != nil && a.restore > 0
	return a
}

// allow sets the write deadline; 0 lifts it. Writers that know no deadlines usually
// have none to lift.
func (a *answerWriter) allow(d time.Duration) error {
	var deadline time.Time
	if d > 0 {
		deadline = time.Now().Add(d) // the real clock: deadlines are the kernel's
	}
	return a.control.SetWriteDeadline(deadline)
}

// Write implements [io.Writer] for a stream of whole events.
func (a *answerWriter) Write(events []byte) (int, error) {
	if !a.begun {
		a.begin()
	}
	_ = a.allow(a.timeout)
	return a.w.Write(events)
}

// event writes one event.
func (a *answerWriter) event(v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = a.Write([]byte("data: " + string(data) + "\n\n"))
	return err
}

// fail tells the client why a stream ends, if it has begun; until then the caller
// can answer with a status. A client that has gone needs no telling.
func (a *answerWriter) fail(e *backend.Error) {
	if a.begun && a.event(errorBody{e}) == nil {
		_ = a.flush()
	}
}

// keepAlive sends a comment each time that so much time has passed, until stop is
// called; nothing else may be written before. Where the writer can't flush it
// does nothing.
func (a *answerWriter) keepAlive(every time.Duration) (stop func()) {
	if every < 0 || !canFlush(a.w) {
		return func() {}
	}
	var (
		mu      sync.Mutex
		stopped bool
		timer   *time.Timer
	)
	mu.Lock() // until timer is set
	defer mu.Unlock()
	timer = time.AfterFunc(every, func() {
		mu.Lock()
		defer mu.Unlock()
		if stopped {
			return
		}
		err := contain(func() error { // on a goroutine of ours a panic of the writer's would end the process
			if _, err := a.Write([]byte(": waiting for the model\n\n")); err != nil {
				return err
			}
			return a.flush()
		})
		if err == nil {
			timer.Reset(every)
		}
	})
	return func() {
		mu.Lock()
		defer mu.Unlock()
		stopped = true
		timer.Stop()
	}
}

// canFlush reports whether a ResponseController could flush a writer.
func canFlush(w http.ResponseWriter) bool {
	for {
		switch t := w.(type) {
		case interface{ FlushError() error }, http.Flusher:
			return true
		case interface{ Unwrap() http.ResponseWriter }:
			w = t.Unwrap()
		default:
			return false
		}
	}
}

// whole writes an answer that is not a stream, with its length. A long one goes in
// pieces: each has its time, for a client may be slow as long as it goes on.
func (a *answerWriter) whole(body []byte) {
	jsonHeader(a.w.Header(), len(body))
	a.w.WriteHeader(http.StatusOK)
	for piece := range slices.Chunk(body, pieceBytes) {
		_ = a.allow(a.timeout)
		if _, err := a.w.Write(piece); err != nil {
			return // a client that has gone needs no answer
		}
	}
	a.sent = true
}

// release lets the client have a whole answer, before the handler is done.
func (a *answerWriter) release() {
	if a.sent {
		_ = a.control.Flush() // what can't be flushed comes at the end
	}
}

func (a *answerWriter) begin() {
	a.begun = true
	h := a.w.Header()
	answerHeader(h, a.header)
	h.Set("Content-Type", "text/event-stream; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Accel-Buffering", "no") // nginx would collect the events
	a.w.WriteHeader(http.StatusOK)
}

// flush hands over what was written, and lifts the deadline while the model
// thinks.
func (a *answerWriter) flush() error {
	if !a.begun {
		return nil
	}
	err := a.control.Flush()
	_ = a.allow(0)
	if errors.Is(err, http.ErrNotSupported) {
		return nil
	}
	return err
}

// done gives what the server still writes after the handler the server's own
// time. Without a WriteTimeout the server never sets a deadline, so none may
// stay behind for the connection's next request.
func (a *answerWriter) done() { _ = a.allow(a.restore) }
