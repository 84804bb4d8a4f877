package backend

import (
	"bytes"
	"errors"
	"io"
	"os"
	"slices"
	"sync/atomic"
)

// MaxAnswerBytes is the longest answer, in bytes, that is not streamed and therefore held in memory. A longer one is a
// CodeBadResponse *Error.
const MaxAnswerBytes = 64 << 20

// Await reads an answer until it has begun, as Backend.Generate must before it returns, and returns a body that begins
// with what it read: the whole of it if it isn't streamed; else all up to the first event with generated output or a
// finish_reason, without comments, whose time has passed by then. It is for adapters; a body's Read must end with the
// request's context.
//
// An answer that fails before it begins is an *Error as [Relay] and [ReadAnswer] would return; body is closed then.
func Await(body io.ReadCloser, stream bool) (io.ReadCloser, error) {
	wait := awaitAnswer
	if stream {
		wait = awaitOutput
	}
	begun, e := wait(body)
	if e != nil {
		body.Close()
		return nil, e
	}
	return begun, nil
}

// awaitAnswer reads all of an answer.
func awaitAnswer(body io.ReadCloser) (io.ReadCloser, *Error) {
	text, out, err := ReadWhole(body)
	if err != nil {
		return nil, AsError(err, CodeTruncated)
	}
	return &begunBody{held: text, whole: text, outcome: out, body: body}, nil
}

// awaitOutput reads a stream as far as its first output.
func awaitOutput(body io.ReadCloser) (io.ReadCloser, *Error) {
	pooled := eventBuffers.Get().(*[]byte)
	in := events{src: body, max: defaultMaxEventBytes, buf: *pooled}
	for {
		readErr := in.fill()
		begun, e := in.begin()
		switch {
		case begun:
			return &begunBody{held: in.buf[:in.end], pooled: pooled, err: readErr, body: body}, nil
		case e != nil:
		case errors.Is(readErr, io.EOF):
			e = &Error{Code: CodeTruncated, Err: io.ErrUnexpectedEOF}
		case readErr != nil:
			e = AsError(readErr, CodeTruncated)
		case in.at > in.max:
			e = &Error{Code: CodeBadResponse, Message: "the model server sent a stream without any output"}
		default:
			continue
		}
		eventBuffers.Put(pooled)
		return nil, e
	}
}

// begin goes through the events that have come, and drops the comments among them, until one has output.
func (s *events) begin() (bool, *Error) {
	for {
		event, e := s.next()
		if event == nil {
			return false, e
		}
		if event[0] == ':' || len(event) <= len("\r\n") { // a comment, or the blank line behind one
			s.drop(event)
			continue
		}
		if begun, e := s.begins(event); begun || e != nil {
			return begun, e
		}
	}
}

// begins reports whether an event has output, or ends an answer that has none.
func (s *events) begins(event []byte) (bool, *Error) {
	var f facts
	data, done, e := s.read(event, &f)
	switch {
	case e != nil:
		return false, e
	case done:
		return false, &Error{Code: CodeTruncated, Message: "the answer ended before it began"}
	case f.failed:
		return false, ParseError(0, data)
	}
	return f.output || f.finished != 0, nil
}

// begunBody is a body of which a part has been read ahead.
type begunBody struct {
	held    []byte  // of that, what is still to be read
	pooled  *[]byte // the buffer that held lies in, if it goes back to its pool
	err     error   // of reading ahead: comes again, where it belongs
	whole   []byte  // all of it, if it isn't streamed
	outcome Outcome // likewise
	body    io.ReadCloser
	closed  atomic.Bool
}

func (b *begunBody) Read(p []byte) (int, error) {
	switch {
	case b.closed.Load():
		return 0, os.ErrClosed
	case len(b.held) > 0:
		n := copy(p, b.held)
		if b.held = b.held[n:]; len(b.held) == 0 && b.pooled != nil {
			eventBuffers.Put(b.pooled)
			b.pooled = nil
		}
		return n, nil
	case b.err != nil:
		return 0, b.err
	case b.whole != nil:
		return 0, io.EOF
	default:
		return b.body.Read(p)
	}
}

func (b *begunBody) Close() error {
	b.closed.Store(true)
	return b.body.Close()
}

// Holder is an optional ability of Response.Body: to give out an answer that isn't streamed without copying it. Whole
// returns nil for a stream. A body that wraps another should pass it on.
type Holder interface {
	Whole() ([]byte, Outcome)
}

// Whole implements Holder.
func (b *begunBody) Whole() ([]byte, Outcome) { return b.whole, b.outcome }

// ReadWhole reads an answer that isn't streamed, up to MaxAnswerBytes, and what ReadAnswer makes of it. It costs nothing
// for a Holder, as Await makes them. Failures are *Errors.
func ReadWhole(body io.Reader) ([]byte, Outcome, error) {
	if held, ok := body.(Holder); ok {
		if text, out := held.Whole(); text != nil {
			return text, out, nil
		}
	}
	text, err := readAll(io.LimitReader(body, MaxAnswerBytes+1))
	if err != nil {
		return nil, Outcome{}, AsError(err, CodeTruncated)
	}
	if len(text) > MaxAnswerBytes {
		return nil, Outcome{}, &Error{Code: CodeBadResponse, Message: "the answer is too long"}
	}
	out, err := ReadAnswer(text)
	return text, out, err
}

// readAll is io.ReadAll, but wastes no memory on an answer of the usual length.
func readAll(r io.Reader) ([]byte, error) {
	pooled := eventBuffers.Get().(*[]byte)
	defer eventBuffers.Put(pooled)
	buf := *pooled
	for n := 0; n < len(buf); {
		m, err := r.Read(buf[n:])
		n += m
		switch {
		case err == io.EOF:
			return bytes.Clone(buf[:n]), nil
		case err != nil:
			return nil, err
		}
	}
	rest, err := io.ReadAll(r)
	return slices.Concat(buf, rest), err
}
