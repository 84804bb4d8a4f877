package backend

import (
	"bytes"
	"io"
	"sync"
)

const (
	// eventBufferBytes holds some thirty usual chunks of 250 bytes; a stream that needs more gets more.
	eventBufferBytes = 8 << 10

	// defaultMaxEventBytes leaves room for a tool call that comes in one piece.
	defaultMaxEventBytes = 1 << 20

	// maxEmptyReads is how many reads in a row may return nothing, as in package bufio.
	maxEmptyReads = 100
)

// eventBuffers keeps buffers of eventBufferBytes.
var eventBuffers = sync.Pool{New: func() any {
	b := make([]byte, eventBufferBytes)
	return &b
}}

// events cuts a stream into its events, in place. Lines may end in LF or CRLF, and reads may cut them anywhere.
type events struct {
	src io.Reader
	max int // bytes of an event

	// buf[:end] has been read. In it, at is where the event begins that isn't whole yet, line where its last line
	// begins, and up to seen there is no further newline.
	buf                 []byte
	at, line, seen, end int

	joined     []byte // the data of an event that has several lines of it
	emptyReads int
}

// fill reads once. What came counts, with an error too.
func (s *events) fill() error {
	if s.end == len(s.buf) {
		s.buf = append(s.buf, make([]byte, len(s.buf))...)
	}
	n, err := s.src.Read(s.buf[s.end:])
	s.end += n
	if n > 0 || err != nil {
		s.emptyReads = 0
		return err
	}
	if s.emptyReads++; s.emptyReads == maxEmptyReads {
		return io.ErrNoProgress
	}
	return nil
}

// next returns the next event with the blank line that ends it, or a comment before an event, which can't wait for
// that to come; nil if neither has come whole. It remains where it is until discard.
func (s *events) next() ([]byte, *Error) {
	for {
		n := bytes.IndexByte(s.buf[s.seen:s.end], '\n')
		next := s.end
		if n >= 0 {
			next = s.seen + n + 1
		}
		if next-s.at > s.max {
			return nil, &Error{Code: CodeBadResponse, Message: "the model server sent an event that is too long"}
		}
		s.seen = next
		if n < 0 {
			return nil, nil
		}
		text := trimCR(s.buf[s.line : next-1])
		first := s.line == s.at
		s.line = next
		if len(text) == 0 || first && text[0] == ':' {
			event := s.buf[s.at:next]
			s.at = next
			return event, nil
		}
	}
}

// drop forgets what next returned last: an event, or several.
func (s *events) drop(event []byte) {
	n := len(event)
	copy(s.buf[s.at-n:], s.buf[s.at:s.end])
	s.at, s.line, s.seen, s.end = s.at-n, s.line-n, s.seen-n, s.end-n
}

// discard makes room by forgetting all that next returned.
func (s *events) discard() { s.drop(s.buf[:s.at]) }

// rest is what has come of the event that isn't whole.
func (s *events) rest() []byte { return s.buf[s.at:s.end] }

// data returns what an event's data lines say, joined as the HTML standard has it; false if it has none.
func (s *events) data(event []byte) (data []byte, ok bool) {
	for len(event) > 0 {
		line := event
		if n := bytes.IndexByte(event, '\n'); n >= 0 {
			line, event = event[:n], event[n+1:]
		} else {
			event = nil
		}
		value, is := bytes.CutPrefix(trimCR(line), []byte("data:"))
		if !is {
			continue
		}
		value = bytes.TrimPrefix(value, []byte(" "))
		if !ok {
			data, ok = value, true
			continue
		}
		s.joined = append(append(append(s.joined[:0], data...), '\n'), value...)
		data = s.joined
	}
	return data, ok
}

// read fills f with what an event says, and returns its data: nil if it has none, like a comment. [DONE] has no facts.
func (s *events) read(event []byte, f *facts) (data []byte, done bool, e *Error) {
	data, ok := s.data(event)
	switch {
	case !ok || len(data) == 0:
		return nil, false, nil
	case string(data) == doneData:
		return data, true, nil
	case !f.read(data):
		return nil, false, &Error{Code: CodeBadResponse, Message: "the model server sent an event that is not a JSON object"}
	default:
		return data, false, nil
	}
}

func trimCR(line []byte) []byte {
	return bytes.TrimSuffix(line, []byte{'\r'})
}

// doneData is what the last event says.
const doneData = "[DONE]"
