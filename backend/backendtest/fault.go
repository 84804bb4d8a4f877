package backendtest

import (
	"net/http"
	"strings"
	"time"
)

// Fault is what goes wrong with one answer of a [Server]. Its fields combine: what is answered (Status to Body), what
// happens on the way (At, Say, Do), and how it flows (CRLF, Piece, Pause). The zero value is a plain answer. It is a value
// to copy and change.
type Fault struct {
	// Status is sent instead of 200, and with it Body instead of the answer, even if empty. Zero means 200.
	Status int

	// Header is added to the answer's own, and wins over it.
	Header http.Header

	// ContentType is sent instead of the right one. Empty means the right one.
	ContentType string

	// Body is sent instead of the answer. Each [KeyQuoted] in it is replaced. Empty, with a zero Status, means the answer.
	Body string

	// At is where Say is said and Do done. The zero Place is before the header.
	At Place

	// Say is put in between. Each [KeyQuoted] in it is replaced.
	Say string

	// Do is done after Say. The zero Action goes on with the rest of the answer.
	Do Action

	// CRLF ends the lines of a stream in CRLF.
	CRLF bool

	// Piece cuts what is sent into writes of at most so many bytes. Zero means a write for each event.
	Piece int

	// Pause is the time between two writes. Zero means none.
	Pause time.Duration
}

// KeyQuoted stands for the credentials of the request that the answer is for, in a Fault's Body and Say.
const KeyQuoted = "{key}"

// Place is a place in an answer. One behind the answer's end is its end.
type Place struct {
	kind placeKind
	n    int
}

type placeKind int

const (
	beforeHeader placeKind = iota
	afterEvents
	atByte
)

// AfterEvents is the place after so many events of the answer; a negative count is from the end, so that -1 is before
// the last one. At 0 the header is sent, and nothing else. An answer that isn't streamed counts as one event.
func AfterEvents(n int) Place { return Place{afterEvents, n} }

// AtByte is the place after so many bytes of the body.
func AtByte(n int) Place { return Place{atByte, n} }

// split cuts an answer in two.
func (p Place) split(events []string) (before, after []string) {
	switch p.kind {
	case afterEvents:
		n := p.n
		if n < 0 {
			n = max(n+len(events), 0)
		}
		n = min(n, len(events))
		return events[:n], events[n:]
	case atByte:
		room := p.n
		for i, event := range events {
			if len(event) >= room {
				before = append(events[:i:i], event[:room])
				return before, append([]string{event[room:]}, events[i+1:]...)
			}
			room -= len(event)
		}
		return events, nil
	default:
		return nil, events
	}
}

// Action is what becomes of an answer from some place on.
type Action int

const (
	// Proceed goes on with the answer.
	Proceed Action = iota
	// End ends the answer there, as if it were whole.
	End
	// Cut closes the connection in mid-answer; before the header, without one.
	Cut
	// Reset resets the connection, as a server does that dies. What was sent just before may be lost with it.
	Reset
	// Stall says nothing more until the client leaves.
	Stall
)

// replaces reports whether something else is sent than the answer.
func (f *Fault) replaces() bool { return f.Status != 0 || f.Body != "" }

// beheads reports whether not even a header is sent.
func (f *Fault) beheads() bool {
	return f.At.kind == beforeHeader && f.Say == "" && f.Do != Proceed && f.Do != End
}

// quote puts a request's key where f quotes it.
func (f *Fault) quote(key string) {
	f.Body = strings.ReplaceAll(f.Body, KeyQuoted, key)
	f.Say = strings.ReplaceAll(f.Say, KeyQuoted, key)
}
