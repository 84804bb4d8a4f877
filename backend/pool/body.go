package pool

import (
	"bytes"
	"context"
	"io"
	"sync/atomic"

	"github.com/edgewise-ai/edgewise/backend"
)

// place is an answer's body that gives its place at an endpoint back when it is closed, once.
type place struct {
	io.ReadCloser
	pool     *Pool
	endpoint *endpoint
	left     atomic.Bool
}

// Close closes the body.
func (p *place) Close() error {
	if !p.left.Swap(true) {
		p.pool.release(p.endpoint)
	}
	return p.ReadCloser.Close()
}

// keepWhole settles a request whose answer is there as a whole, and returns the body.
func (p *Pool) keepWhole(e *endpoint, t ticket, body io.ReadCloser) io.ReadCloser {
	p.settle(e, t, verdictAlive, nil)
	return &place{ReadCloser: body, pool: p, endpoint: e}
}

// Whole implements backend.Holder.
func (p *place) Whole() ([]byte, backend.Outcome) {
	if held, ok := p.ReadCloser.(backend.Holder); ok {
		return held.Whole()
	}
	return nil, backend.Outcome{}
}

// doneTail is how many of a stream's last bytes are looked at for "data: [DONE]", which comments may follow.
const doneTail = 64

// watchedStream is a stream that tells its endpoint's circuit how it ended. A backend.Relay knows, and says so; for
// readers that say nothing it goes, once it is closed, by the bytes that passed.
type watchedStream struct {
	place
	ctx    context.Context // of the request
	ticket ticket
	tail   [doneTail]byte
	end    atomic.Pointer[backend.Error] // as far as was read; nil if it is whole
	judged atomic.Bool
}

func (p *Pool) watchStream(ctx context.Context, e *endpoint, t ticket, body io.ReadCloser) io.ReadCloser {
	p.update(e, "", func(instant) { e.circuit.began(t) })
	s := &watchedStream{place: place{ReadCloser: body, pool: p, endpoint: e}, ctx: ctx, ticket: t}
	s.end.Store(errLeft)
	return s
}

var (
	_ backend.Holder = (*place)(nil)
	_ backend.Judger = (*watchedStream)(nil)
)

// errLeft is the end of a stream that is closed before it has one: the client's doing.
var errLeft = &backend.Error{Code: backend.CodeCanceled}

// Read reads on. Nobody need read to io.EOF: a stream that said [DONE] is whole.
func (s *watchedStream) Read(b []byte) (int, error) {
	n, err := s.ReadCloser.Read(b)
	switch {
	case s.said(b[:n]):
		s.end.Store(nil)
	case err == nil, s.end.Load() == nil:
	case err == io.EOF:
		s.end.Store(&backend.Error{Code: backend.CodeTruncated})
	default:
		s.end.Store(backend.AsError(err, backend.CodeTruncated))
	}
	return n, err
}

// said reports whether [DONE] is among the last that came, with the bytes read now. It begins a line, which no string
// in an event can do.
func (s *watchedStream) said(b []byte) bool {
	b = b[max(0, len(b)-doneTail):]
	copy(s.tail[:], s.tail[len(b):])
	copy(s.tail[doneTail-len(b):], b)
	return bytes.Contains(s.tail[:], []byte("\ndata: [DONE]")) || bytes.Contains(s.tail[:], []byte("\ndata:[DONE]"))
}

// Close ends the stream.
func (s *watchedStream) Close() error {
	s.Judge(s.end.Load())
	return s.place.Close()
}

// Judge implements backend.Judger: it settles the request, once.
func (s *watchedStream) Judge(failed *backend.Error) {
	if s.judged.Swap(true) {
		return
	}
	if failed != nil && s.ctx.Err() != nil {
		failed = errLeft // whatever that looked like to others
	}
	if inner, ok := s.ReadCloser.(backend.Judger); ok {
		inner.Judge(failed)
	}
	s.pool.settle(s.endpoint, s.ticket, verdictOnStream(failed), failed)
}
