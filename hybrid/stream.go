package hybrid

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"time"
)

// defaultWriteTimeout is how long a client may take to accept one write of a
// stream, where the server sets no WriteTimeout.
const defaultWriteTimeout = 30 * time.Second

// answerWriter writes generated answers. It lifts the server's WriteTimeout, which
// counts from the request's first byte and would cut an answer that takes longer,
// and bounds each write instead. (The server lifts its ReadTimeout by itself once
// the body has been read to its end.)
//
// As a stream it holds back an error that comes before anything else: nothing
// has been sent yet, so the caller can still answer with a status. Where the
// writer can't flush, as under http.TimeoutHandler, the answer comes in one
// piece at the end.
type answerWriter struct {
	w       http.ResponseWriter
	control *http.ResponseController
	timeout time.Duration // of one write
	restore time.Duration // the server's own, 0 for none
	header  http.Header   // of a stream, set when it begins
	begun   bool
}

func newAnswerWriter(w http.ResponseWriter, req *http.Request) *answerWriter {
	a := &answerWriter{w: w, control: http.NewResponseController(w), timeout: defaultWriteTimeout}
	if server, ok := req.Context().Value(http.ServerContextKey).(*http.Server); ok && server.WriteTimeout > 0 {
		a.timeout, a.restore = server.WriteTimeout, server.WriteTimeout
	}
	a.allow(0)
	return a
}

// allow sets the write deadline; 0 lifts it. Writers that know no deadlines have
// none to lift.
func (a *answerWriter) allow(d time.Duration) {
	var deadline time.Time
	if d > 0 {
		deadline = time.Now().Add(d) // the real clock: deadlines are the kernel's
	}
	_ = a.control.SetWriteDeadline(deadline)
}

// Write implements [io.Writer] for a stream of whole events.
func (a *answerWriter) Write(events []byte) (int, error) {
	if !a.begun {
		if isErrorEvent(events) {
			return len(events), nil
		}
		a.begin()
	}
	a.allow(a.timeout)
	return a.w.Write(events)
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
	a.allow(0)
	if errors.Is(err, http.ErrNotSupported) {
		return nil
	}
	return err
}

// done gives what the server still writes after the handler the server's own
// time. Without a WriteTimeout the server never sets a deadline, so none may
// stay behind for the connection's next request.
func (a *answerWriter) done() { a.allow(a.restore) }

// isErrorEvent reports whether the first event that has data is an error.
func isErrorEvent(events []byte) bool {
	if !bytes.Contains(events, []byte(`"error"`)) {
		return false
	}
	for line := range bytes.Lines(events) {
		data, ok := bytes.CutPrefix(line, []byte("data:"))
		if !ok {
			if line[0] == ':' {
				return false // a keep-alive must go on at once
			}
			continue
		}
		var event struct {
			Error json.RawMessage `json:"error"`
		}
		return json.Unmarshal(data, &event) == nil && len(event.Error) > 0 && string(event.Error) != "null"
	}
	return false
}
