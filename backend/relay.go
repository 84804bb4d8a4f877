package backend

import (
	"bytes"
	"errors"
	"io"
	"time"
)

// RelayOptions are the options of [Relay]. The zero value is useful.
type RelayOptions struct {
	// IncludeUsage passes the usage chunk on to the client. Set it only if the client asked: clients index choices[0],
	// which that chunk doesn't have. Defaults to false: the chunk is read and withheld.
	IncludeUsage bool

	// MaxEventBytes is the longest event, in bytes, that is still held in memory; a longer one is a fault. Defaults to 1 MiB.
	MaxEventBytes int

	// Now is the clock behind Outcome.FirstContent. Defaults to time.Now.
	Now func() time.Time

	// OnFirstContent is called once, when Outcome.FirstContent becomes known, and holds up the stream until it returns.
	// Defaults to nothing.
	OnFirstContent func(at time.Time)
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
//   - an event has an "error": it is passed on, unless our credentials are refused in it, and returned as ParseError
//     reads it;
//   - dst fails: CodeCanceled, for the client has gone; or the *Error that dst returned, which is left to tell it.
//
// The client learns of the first two in-band, by an event `data: {"error":{…}}`, and never gets a [DONE] after it.
// Relay neither closes src nor reads past [DONE].
func Relay(dst io.Writer, flush func() error, src io.Reader, opts RelayOptions) (Outcome, error) {
	pooled := eventBuffers.Get().(*[]byte)
	defer eventBuffers.Put(pooled) // a bigger one that took its place is not kept
	opts = opts.withDefaults()
	r := relay{dst: dst, flush: flush, in: events{src: src, max: opts.MaxEventBytes, buf: *pooled}, opts: opts}
	e := r.run()
	if j, ok := src.(Judger); ok {
		j.Judge(e)
	}
	if e != nil {
		return r.out, e
	}
	return r.out, nil
}

// Judger is an optional ability of Response.Body: to be told by Relay how the answer ended, as only a look into it
// shows. Judge is called once, with nil for a whole answer. A body that wraps another should pass it on.
type Judger interface {
	Judge(failed *Error)
}

type relay struct {
	dst   io.Writer
	flush func() error
	in    events
	opts  RelayOptions
	out   Outcome

	open, closed  uint64 // choices that were seen, and finished
	dirty         bool   // written but not flushed
	deltas, chars int    // in events not yet flushed
	told          bool   // the client has the error already, from upstream
	gone          bool   // dst failed: there is nobody to tell
}

func (r *relay) run() *Error {
	e := r.copy()
	if e == nil || r.told || r.gone {
		return e
	}
	if r.write(appendErrorEvent(nil, e)) == nil {
		_ = r.flushAll()
	}
	return e
}

// copy relays until the answer is over, one way or another.
func (r *relay) copy() *Error {
	for {
		readErr := r.in.fill()
		e := r.forward()
		if ferr := r.flushAll(); ferr != nil {
			return ferr
		}
		if e != nil || r.out.Done {
			return e
		}
		if errors.Is(readErr, io.EOF) {
			return r.atEnd()
		}
		if readErr != nil {
			return AsError(readErr, CodeTruncated)
		}
	}
}

// forward writes the whole events that have come.
func (r *relay) forward() *Error {
	defer r.in.discard()
	from := r.in.at // what lies between here and the next event may go on
	var event []byte
	var e *Error
	for e == nil && !r.out.Done {
		if event, e = r.in.next(); event == nil {
			break
		}
		var keep bool
		if keep, e = r.inspect(event); !keep {
			if werr := r.write(r.in.buf[from : r.in.at-len(event)]); werr != nil {
				return werr
			}
			from = r.in.at
		}
	}
	if werr := r.write(r.in.buf[from:r.in.at]); werr != nil {
		return werr
	}
	return e
}

// atEnd judges a stream that has ended without [DONE] and a blank line. Some servers forget the latter.
func (r *relay) atEnd() *Error {
	rest := r.in.rest()
	if data, ok := r.in.data(rest); ok && string(data) == doneData {
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
	var f facts
	data, done, e := r.in.read(event, &f)
	switch {
	case e != nil:
		return false, e
	case data == nil:
		return true, nil
	case done:
		if r.closed == 0 || r.open != r.closed {
			return false, &Error{Code: CodeTruncated, Message: "the answer ended without a finish_reason"}
		}
		r.out.Done = true
		return true, nil
	}
	r.note(&f)
	if f.failed {
		e := ParseError(0, data)
		r.told = e.Code != CodeUpstreamAuth // which would look like the client's own
		return r.told, e
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

func (r *relay) write(b []byte) *Error {
	if len(b) == 0 {
		return nil
	}
	r.dirty = true
	if _, err := r.dst.Write(b); err != nil {
		return r.lost(err)
	}
	return nil
}

// lost is the error of a dst that failed.
func (r *relay) lost(err error) *Error {
	r.gone = true
	var own *Error
	if errors.As(err, &own) {
		return own
	}
	return &Error{Code: CodeCanceled, Err: err}
}

// flushAll flushes what was written and counts it as handed over.
func (r *relay) flushAll() *Error {
	if !r.dirty {
		return nil
	}
	r.dirty = false
	if r.flush != nil {
		if err := r.flush(); err != nil {
			return r.lost(err)
		}
	}
	if r.deltas > 0 && r.out.FirstContent.IsZero() {
		r.out.FirstContent = r.opts.Now()
		if r.opts.OnFirstContent != nil {
			r.opts.OnFirstContent(r.out.FirstContent)
		}
	}
	r.out.Deltas += r.deltas
	r.out.Chars += r.chars
	r.deltas, r.chars = 0, 0
	return nil
}
