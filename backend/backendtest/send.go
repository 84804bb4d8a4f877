package backendtest

import (
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// send writes an answer, or what the fault makes of it.
func (s *Server) send(w http.ResponseWriter, r *http.Request, f Fault, kind string, events []string) {
	s.active.Add(1)
	defer s.active.Add(-1)
	header := w.Header()
	header.Set("Content-Type", kind)
	header.Set("X-Request-Id", "req-1")
	header.Set("Set-Cookie", "upstream=secret")
	for name, values := range f.Header {
		header[name] = values
	}
	if f.ContentType != "" {
		header.Set("Content-Type", f.ContentType)
	}
	if f.replaces() {
		events = []string{f.Body}
	}
	o := out{ResponseController: http.NewResponseController(w), w: w, r: r, f: &f}
	if !o.send(events) {
		s.noteLeft()
	}
}

// out is one answer on its way.
type out struct {
	*http.ResponseController
	w      http.ResponseWriter
	r      *http.Request
	f      *Fault
	begun  bool // the header is written
	writes int
}

// send reports whether the client stayed as long as there was something to say.
func (o *out) send(events []string) bool {
	before, after := o.f.At.split(events)
	if o.f.At.kind != beforeHeader {
		o.begin()
		_ = o.Flush() // net/http's own writer can
	}
	if !o.write(before...) || o.f.Say != "" && !o.write(o.f.Say) {
		return false
	}
	switch o.f.Do {
	case End:
		o.begin()
		return true
	case Cut:
		panic(http.ErrAbortHandler)
	case Reset:
		o.reset()
		return true
	case Stall:
		<-o.r.Context().Done()
		return false
	default:
		o.begin()
		return o.write(after...)
	}
}

func (o *out) begin() {
	if !o.begun && o.f.Status != 0 {
		o.w.WriteHeader(o.f.Status)
	}
	o.begun = true
}

// write sends texts, in pieces if the fault wants them, with a flush after each.
func (o *out) write(texts ...string) bool {
	for _, text := range texts {
		if o.f.CRLF {
			text = strings.ReplaceAll(text, "\n", "\r\n")
		}
		for text != "" {
			piece := text
			if o.f.Piece > 0 {
				piece = text[:min(o.f.Piece, len(text))]
			}
			text = text[len(piece):]
			if !o.pause() {
				return false
			}
			o.begin()
			if _, err := io.WriteString(o.w, piece); err != nil {
				return false
			}
			if o.Flush() != nil {
				return false
			}
		}
	}
	return true
}

// pause waits before every write but the first, and reports whether the client is still there.
func (o *out) pause() bool {
	o.writes++
	if o.f.Pause <= 0 || o.writes == 1 {
		return true
	}
	select {
	case <-time.After(o.f.Pause):
		return true
	case <-o.r.Context().Done():
		return false
	}
}

// reset ends the connection with a TCP reset, if it can be had.
func (o *out) reset() {
	conn, _, err := o.Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}
