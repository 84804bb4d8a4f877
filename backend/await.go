package backend

import (
	"bytes"
	"io"
	"os"
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
	text, err := ReadWhole(body)
	if err == nil {
		_, err = ReadAnswer(text)
	}
	if err != nil {
		return nil, AsError(err, CodeTruncated)
	}
	return &begunBody{held: bytes.NewReader(text), whole: text, body: body}, nil
}

// awaitOutput reads a stream as far as its first output.
func awaitOutput(body io.ReadCloser) (io.ReadCloser, *Error) {
	pooled := eventBuffers.Get().(*[]byte)
	defer eventBuffers.Put(pooled)
	in := events{src: body, max: defaultMaxEventBytes, buf: *pooled}
	var held []byte
	for {
		readErr := in.fill()
		for {
			event, e := in.next()
			if e != nil {
				return nil, e
			}
			if event == nil {
				break
			}
			if event[0] == ':' {
				continue
			}
			begun, e := in.begins(event)
			if e != nil {
				return nil, e
			}
			if held = append(held, event...); len(held) > in.max {
				return nil, &Error{Code: CodeBadResponse, Message: "the model server sent a stream without any output"}
			}
			if begun {
				held = append(held, in.rest()...)
				return &begunBody{held: bytes.NewReader(held), err: readErr, body: body}, nil
			}
		}
		in.discard()
		if readErr == io.EOF {
			return nil, &Error{Code: CodeTruncated, Err: io.ErrUnexpectedEOF}
		}
		if readErr != nil {
			return nil, AsError(readErr, CodeTruncated)
		}
	}
}

// begins reports whether an event has output, or ends an answer that has none.
func (s *events) begins(event []byte) (bool, *Error) {
	data, ok := s.data(event)
	switch {
	case !ok || len(data) == 0:
		return false, nil
	case string(data) == doneData:
		return false, &Error{Code: CodeTruncated, Message: "the answer ended before it began"}
	}
	var f facts
	if !f.read(data) {
		return false, errGarbage()
	}
	if f.failed {
		return false, ParseError(0, data)
	}
	return f.output || f.finished != 0, nil
}

// begunBody is a body of which a part has been read ahead.
type begunBody struct {
	held   *bytes.Reader
	whole  []byte // all of it, if it isn't streamed
	err    error  // of reading ahead: comes again, where it belongs
	body   io.ReadCloser
	closed atomic.Bool
}

func (b *begunBody) Read(p []byte) (int, error) {
	switch {
	case b.closed.Load():
		return 0, os.ErrClosed
	case b.held.Len() > 0:
		return b.held.Read(p)
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

// ReadWhole reads the rest of an answer that isn't streamed, up to MaxAnswerBytes. It costs nothing for a body that
// Await made. Failures are *Errors.
func ReadWhole(body io.Reader) ([]byte, error) {
	if begun, ok := body.(*begunBody); ok && begun.whole != nil {
		return begun.whole, nil
	}
	text, err := io.ReadAll(io.LimitReader(body, MaxAnswerBytes+1))
	if err != nil {
		return nil, AsError(err, CodeTruncated)
	}
	if len(text) > MaxAnswerBytes {
		return nil, &Error{Code: CodeBadResponse, Message: "the answer is too long"}
	}
	return text, nil
}
