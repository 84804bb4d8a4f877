package openai

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/edgewise-ai/edgewise/backend"
)

// doneTail is how many of the last bytes are looked at for [DONE], which reads may cut.
const doneTail = len("[DONE]\r\n\r\n")

// drainTimeout is how long Close waits for the end of a stream that said [DONE] already. The end usually comes in the
// next packet; without it the connection can't be used again.
const drainTimeout = 50 * time.Millisecond

// errIdle is the cause of a context that ended because the upstream was silent.
var errIdle = errors.New("the upstream was silent for too long")

// transport adds credentials to each attempt and watches over the bodies of responses. It shows RoundTrip and nothing
// else, lest retryablehttp close idle connections, which it would after every failure.
type transport struct {
	opts        Options
	secretNames []string // of headers
}

// RoundTrip sends req with our headers, leaving req itself alone.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	key, err := t.opts.Key(req.Context())
	if err != nil {
		if req.Body != nil { // a RoundTripper closes it, come what may
			req.Body.Close()
		}
		if req.Context().Err() != nil {
			return nil, req.Context().Err()
		}
		return nil, &backend.Error{Code: backend.CodeUpstreamAuth, Err: err}
	}
	ctx, cancel := context.WithCancelCause(req.Context())
	sent := req.Clone(ctx)
	for name, values := range t.opts.Headers {
		if sent.Header.Get(name) == "" {
			sent.Header[http.CanonicalHeaderKey(name)] = values
		}
	}
	if key != "" {
		sent.Header.Set("Authorization", "Bearer "+key)
	}
	if t.opts.Organization != "" {
		sent.Header.Set("OpenAI-Organization", t.opts.Organization)
	}
	header := startTimer(cancel, t.opts.HeaderTimeout)
	resp, err := t.opts.Transport.RoundTrip(sent)
	header.Stop()
	if err != nil {
		if errors.Is(context.Cause(ctx), errIdle) {
			err = contextError(ctx, err)
		}
		cancel(nil)
		return nil, err
	}
	resp.Body = &body{
		ReadCloser: newRedactor(resp.Body, secrets(sent.Header, t.secretNames)), ctx: ctx, cancel: cancel, idle: t.opts.IdleTimeout,
		stream: resp.StatusCode/100 == 2 && sent.Header.Get("Accept") == mediaType(true),
	}
	if resp.StatusCode/100 != 2 {
		keepError(resp)
	}
	return resp, nil
}

// keepError reads the body of a failed request into memory, for both retries and errors look at it. A body that can't
// be read leaves the status, which says enough.
func keepError(resp *http.Response) {
	body, _ := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody))
	resp.Body.Close()
	resp.Body = io.NopCloser(bytes.NewReader(body))
}

// body is a response's body that cuts itself off when the upstream falls silent. Only waiting counts: a reader that
// takes its time doesn't. Its errors, but io.EOF, are *backend.Errors; a stream's io.EOF comes after [DONE] only.
type body struct {
	io.ReadCloser
	ctx    context.Context
	cancel context.CancelCauseFunc
	idle   time.Duration // not positive means for ever
	stream bool
	tail   []byte // what was read last
	timer  *time.Timer
	ended  atomic.Bool // io.EOF or another error was read
	done   atomic.Bool // [DONE] was read
}

// startTimer ends a request after d of silence, or never if d is not positive.
func startTimer(cancel context.CancelCauseFunc, d time.Duration) *time.Timer {
	if d <= 0 {
		d = math.MaxInt64
	}
	return time.AfterFunc(d, func() { cancel(errIdle) })
}

// Read reads what has come, or waits for it up to the idle timeout.
func (b *body) Read(p []byte) (int, error) {
	if b.timer == nil {
		b.timer = startTimer(b.cancel, b.idle)
	} else if b.idle > 0 {
		b.timer.Reset(b.idle)
	}
	n, err := b.ReadCloser.Read(p)
	b.timer.Stop()
	if b.tail = append(b.tail, p[max(0, n-doneTail):n]...); bytes.Contains(b.tail, []byte("[DONE]")) {
		b.done.Store(true)
	}
	b.tail = append(b.tail[:0], b.tail[max(0, len(b.tail)-doneTail):]...)
	switch {
	case err == nil:
		return n, nil
	case !errors.Is(err, io.EOF):
		err = readError(b.ctx, err)
	case b.stream && !b.done.Load():
		err = &backend.Error{Code: backend.CodeTruncated, Err: io.ErrUnexpectedEOF}
	}
	b.ended.Store(true)
	return n, err
}

// Close ends the request, at once unless the stream is over but for its last bytes.
func (b *body) Close() error {
	if b.done.Load() && !b.ended.Load() && b.ctx.Err() == nil {
		timer := time.AfterFunc(drainTimeout, func() { b.cancel(nil) })
		_, _ = io.CopyN(io.Discard, b.ReadCloser, 512)
		timer.Stop()
	}
	b.cancel(nil)
	return b.ReadCloser.Close()
}

// readError says why reading an answer failed.
func readError(ctx context.Context, err error) *backend.Error {
	if ctx.Err() != nil {
		return contextError(ctx, err)
	}
	return backend.AsError(err, backend.CodeTruncated)
}

// transportError says why no answer came.
func transportError(ctx context.Context, err error) *backend.Error {
	if ctx.Err() != nil {
		return contextError(ctx, err)
	}
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		return &backend.Error{Code: backend.CodeTimeout, Err: err}
	}
	return backend.AsError(err, backend.CodeUnavailable)
}

// contextError tells who ended a context: the idle timer, a deadline, or the caller.
func contextError(ctx context.Context, err error) *backend.Error {
	cause := context.Cause(ctx)
	if errors.Is(cause, errIdle) || errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return &backend.Error{Code: backend.CodeTimeout, Err: errors.Join(cause, err)}
	}
	return &backend.Error{Code: backend.CodeCanceled, Err: errors.Join(cause, err)}
}
