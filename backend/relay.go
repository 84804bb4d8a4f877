package backend

import (
	"bytes"
	"io"
	"sync"
	"time"
)

const (
	// relayBufferBytes holds some thirty usual chunks of 250 bytes; a stream that needs more gets more.
	relayBufferBytes = 8 << 10

	// defaultMaxEventBytes leaves room for a tool call that comes in one piece.
	defaultMaxEventBytes = 1 << 20

	// maxEmptyReads is how many reads in a row may return nothing, as in package bufio.
	maxEmptyReads = 100
)

// relayBuffers keeps buffers of relayBufferBytes.
var relayBuffers = sync.Pool{New: func() any {
	b := make([]byte, relayBufferBytes)
	return &b
}}

// RelayOptions are the options of [Relay]. The zero value is useful.
type RelayOptions struct {
	// IncludeUsage passes the usage chunk on to the client. Set it only if the client asked: clients index choices[0],
	// which that chunk doesn't have. Defaults to false: the chunk is read and withheld.
	IncludeUsage bool

	// MaxEventBytes is the longest event, in bytes, that is still held in memory; a longer one is a fault. Defaults to 1 MiB.
	MaxEventBytes int

	// Now is the clock behind Outcome.FirstContent. Defaults to time.Now.
	Now func() time.Time
}

func (o RelayOptions) withDefaults() RelayOptions {
	if o.MaxEventBytes <= 0 {
		o.MaxEventBytes = defaultMaxEventBytes
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// Relay copies a stream of chat-completion chunks from src to dst, like io.Copy, and reports what it saw pass. Events go on
// byte for byte as they came, whole ones only, with one flush for each read of src; comments (keep-alives) too. Lines
// may end in LF or CRLF, and reads may cut them anywhere. A nil flush means that dst needs none.
//
// The answer is whole, and the error nil, once every choice had its finish_reason and [DONE] came. Everything else is
// a fault, returned as an *Error with whatever Outcome there is by then:
//   - src ends or fails before that, or sends [DONE] without a finish_reason: CodeTruncated, or src's own *Error;
//   - an event is no JSON object, or longer than MaxEventBytes: CodeBadResponse, and the event is not passed on;
//   - an event has an "error": it is passed on, and returned as ParseError reads it;
//   - dst fails: CodeCanceled, for the client has gone.
//
// The client learns of the first two in-band, by an event `data: {"error":{…}}`, and never gets a [DONE] after it.
// Relay neither closes src nor reads past [DONE].
func Relay(dst io.Writer, flush func() error, src io.Reader, opts RelayOptions) (Outcome, error) {
	pooled := relayBuffers.Get().(*[]byte)
	defer relayBuffers.Put(pooled) // a bigger one that took its place is not kept
	r := relay{dst: dst, flush: flush, src: src, opts: opts.withDefaults(), buf: *pooled}
	if e := r.run(); e != nil {
		return r.out, e
	}
	return r.out, nil
}

type relay struct {
	dst   io.Writer
	flush func() error
	src   io.Reader
	opts  RelayOptions
	out   Outcome

	// buf[:end] has been read. In it, event is where the event begins that isn't whole yet, line where its last line
	// begins, and up to seen there is no further newline.
	buf                    []byte
	event, line, seen, end int

	joined         []byte // the data of an event that has several lines of it
	open, closed   uint64 // choices that were seen, and finished
	dirty          bool   // written but not flushed
	deltas, chars  int    // in events not yet flushed
	told           bool   // the client has the error already, from upstream
	emptyReadsLeft int
}

func (r *relay) run() *Error {
	e := r.copy()
	if e == nil || r.told || e.Code == CodeCanceled {
		return e
	}
	// The client may be gone as well; then it needs no telling.
	if r.write(appendErrorEvent(nil, e)) == nil {
		_ = r.flushAll()
	}
	return e
}

// copy relays until the answer is over, one way or another.
func (r *relay) copy() *Error {
	r.emptyReadsLeft = maxEmptyReads
	for {
		if r.end == len(r.buf) {
			r.buf = append(r.buf, make([]byte, len(r.buf))...)
		}
		n, readErr := r.src.Read(r.buf[r.end:])
		r.end += n
		if n == 0 && readErr == nil {
			if r.emptyReadsLeft--; r.emptyReadsLeft == 0 {
				readErr = io.ErrNoProgress
			}
		} else {
			r.emptyReadsLeft = maxEmptyReads
		}
		e := r.forward()
		if ferr := r.flushAll(); ferr != nil {
			return ferr
		}
		if e != nil || r.out.Done {
			return e
		}
		if readErr == io.EOF {
			return r.atEnd()
		}
		if readErr != nil {
			return AsError(readErr, CodeTruncated)
		}
	}
}

// forward writes the whole events of the buffer and moves the rest to its front.
func (r *relay) forward() *Error {
	from := 0 // what lies between here and r.event may go on
	var e *Error
	for e == nil && !r.out.Done {
		n := bytes.IndexByte(r.buf[r.seen:r.end], '\n')
		next := r.end
		if n >= 0 {
			next = r.seen + n + 1
		}
		if next-r.event > r.opts.MaxEventBytes {
			e = &Error{Code: CodeBadResponse, Message: "the model server sent an event that is too long"}
			break
		}
		r.seen = next
		if n < 0 {
			break
		}
		text := trimCR(r.buf[r.line : next-1])
		first := r.line == r.event
		r.line = next
		switch {
		case len(text) == 0:
			var keep bool
			keep, e = r.inspect(r.buf[r.event:next])
			if !keep {
				if werr := r.write(r.buf[from:r.event]); werr != nil {
					return werr
				}
				from = next
			}
			r.event = next
		case first && text[0] == ':': // a keep-alive can't wait for the event to come
			r.event = next
		}
	}
	if werr := r.write(r.buf[from:max(from, r.event)]); werr != nil {
		return werr
	}
	copy(r.buf, r.buf[r.event:r.end])
	r.line, r.seen, r.end, r.event = r.line-r.event, r.seen-r.event, r.end-r.event, 0
	return e
}

// atEnd judges a stream that has ended without [DONE] and a blank line. Some servers forget the latter.
func (r *relay) atEnd() *Error {
	rest := r.buf[:r.end]
	if data, ok := r.data(rest); ok && string(data) == "[DONE]" {
		keep, e := r.inspect(rest)
		if !keep {
			return e
		}
		if werr := r.write(append(bytes.TrimRight(rest, "\r\n"), "\n\n"...)); werr != nil {
			return werr
		}
		return r.flushAll()
	}
	return &Error{Code: CodeTruncated, Err: io.ErrUnexpectedEOF}
}

// inspect reads one event and says whether it may go on.
func (r *relay) inspect(event []byte) (keep bool, e *Error) {
	data, ok := r.data(event)
	if !ok || len(data) == 0 {
		return true, nil
	}
	if string(data) == "[DONE]" {
		if r.closed == 0 || r.open != r.closed {
			return false, &Error{Code: CodeTruncated, Message: "the answer ended without a finish_reason"}
		}
		r.out.Done = true
		return true, nil
	}
	var f facts
	if !f.read(data) {
		return false, &Error{Code: CodeBadResponse, Message: "the model server sent an event that is not a JSON object"}
	}
	r.note(&f)
	if f.failed {
		r.told = true
		return true, ParseError(0, data)
	}
	return !f.hasUsage || f.choices > 0 || r.opts.IncludeUsage, nil
}

func (r *relay) note(f *facts) {
	if r.out.Model == "" && len(f.model) > 0 {
		r.out.Model = unquote(f.model)
	}
	if len(f.finish) > 0 && string(f.finish) != r.out.FinishReason {
		r.out.FinishReason = unquote(f.finish)
	}
	if f.usage.Known {
		r.out.Usage = f.usage // the last one counts: some servers send a running total
	}
	r.open |= f.seen
	r.closed |= f.finished
	if f.output {
		r.deltas++
		r.chars += f.chars
	}
}

// data returns what an event's data lines say, joined as the HTML standard has it; false if it has none.
func (r *relay) data(event []byte) (data []byte, ok bool) {
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
		r.joined = append(append(append(r.joined[:0], data...), '\n'), value...)
		data = r.joined
	}
	return data, ok
}

func (r *relay) write(b []byte) *Error {
	if len(b) == 0 {
		return nil
	}
	r.dirty = true
	if _, err := r.dst.Write(b); err != nil {
		return &Error{Code: CodeCanceled, Err: err}
	}
	return nil
}

// flushAll flushes what was written and counts it as handed over.
func (r *relay) flushAll() *Error {
	if !r.dirty {
		return nil
	}
	r.dirty = false
	if r.flush != nil {
		if err := r.flush(); err != nil {
			return &Error{Code: CodeCanceled, Err: err}
		}
	}
	if r.deltas > 0 && r.out.FirstContent.IsZero() {
		r.out.FirstContent = r.opts.Now()
	}
	r.out.Deltas += r.deltas
	r.out.Chars += r.chars
	r.deltas, r.chars = 0, 0
	return nil
}

func trimCR(line []byte) []byte {
	return bytes.TrimSuffix(line, []byte{'\r'})
}
