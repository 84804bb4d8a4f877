package backendtest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/edgewise-ai/edgewise/backend"
)

const testKey = "sk-secret-1234"

// adapter is as small as one can be that passes RunFaults. Its flaws are what the kit must find.
type adapter struct {
	url   string
	idle  time.Duration
	flaws flaws
}

// flaws are mistakes that adapters make.
type flaws struct {
	retries    bool // asks again after a failure
	eager      bool // returns before the answer has begun
	anyType    bool // takes any content type
	follows    bool // follows redirects
	noTimeout  bool // waits for ever
	detached   bool // ignores the caller's context and Close
	leaks      bool // leaves the key in errors
	allHeaders bool // lets all headers through
	forgetful  bool // loses the upstream's headers, status and error
	addresses  bool // tells pages where the upstream is
	patches    bool // ends any stream with a [DONE]
	muffles    bool // drops errors inside streams
}

func (a *adapter) Models(ctx context.Context) ([]backend.Model, error) {
	resp, err := a.do(ctx, http.MethodGet, "/models", nil)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	var list struct{ Data []backend.Model }
	if err := json.NewDecoder(resp.Body).Decode(&list); err != nil {
		return nil, backend.AsError(err, backend.CodeBadResponse)
	}
	return list.Data, nil
}

func (a *adapter) Generate(ctx context.Context, req *backend.Request) (*backend.Response, error) {
	upstream := *req
	upstream.Model = ModelID
	body, err := backend.UpstreamBody(&upstream)
	if err != nil {
		return nil, err
	}
	if a.flaws.detached {
		ctx = context.WithoutCancel(ctx)
	}
	resp, err := a.generate(ctx, body, req.Stream)
	if err != nil && a.flaws.retries {
		resp, err = a.generate(ctx, body, req.Stream)
	}
	return resp, err
}

func (a *adapter) generate(ctx context.Context, body []byte, stream bool) (*backend.Response, error) {
	resp, err := a.do(ctx, http.MethodPost, "/chat/completions", body)
	if err != nil {
		return nil, err
	}
	begun, err := a.await(resp, stream)
	if err != nil {
		resp.Body.Close()
		return nil, a.dress(backend.AsError(err, backend.CodeBadResponse), resp)
	}
	header := backend.PublicHeader(resp.Header)
	if a.flaws.allHeaders {
		header = resp.Header
	}
	return &backend.Response{Header: header, Body: begun}, nil
}

// await checks an answer's type and waits until it has begun.
func (a *adapter) await(resp *http.Response, stream bool) (io.ReadCloser, error) {
	want := map[bool]string{false: "application/json", true: "text/event-stream"}[stream]
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	switch {
	case kind == want || a.flaws.anyType:
	case kind == "application/json":
		body, _ := io.ReadAll(resp.Body)
		if e := backend.ParseError(0, body); e.Body != nil || e.Code == backend.CodeUpstreamAuth {
			return nil, e
		}
		return nil, backend.CodeBadResponse
	default:
		return nil, backend.CodeBadResponse
	}
	if a.flaws.eager {
		return resp.Body, nil
	}
	return backend.Await(resp.Body, stream)
}

// do sends a request; its errors are of what came in place of an answer.
func (a *adapter) do(ctx context.Context, method, path string, body []byte) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	req, err := http.NewRequestWithContext(ctx, method, a.url+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+testKey)
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error {
		if a.flaws.follows {
			return nil
		}
		return http.ErrUseLastResponse
	}}
	watched := &watchedBody{cancel: cancel, ctx: ctx, a: a}
	watched.timer = time.AfterFunc(a.idle, func() {
		if !a.flaws.noTimeout {
			cancel(backend.CodeTimeout)
		}
	})
	resp, err := client.Do(req)
	watched.timer.Stop()
	if err != nil {
		failed := backend.AsError(watched.reason(err), backend.CodeUnavailable)
		if a.flaws.addresses {
			failed = &backend.Error{Code: failed.Code, Message: err.Error()}
		}
		return nil, failed
	}
	watched.ReadCloser = resp.Body
	resp.Body = watched
	if resp.StatusCode/100 == 2 {
		return resp, nil
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(resp.Body)
	return nil, a.dress(backend.ParseError(resp.StatusCode, text), resp)
}

// dress gives an error what the response says about it.
func (a *adapter) dress(e *backend.Error, resp *http.Response) error {
	if a.flaws.forgetful {
		return &backend.Error{Code: e.Code}
	}
	e.Status = resp.StatusCode
	e.Header = backend.PublicHeader(resp.Header)
	e.RetryAfter = (&Fault{Header: resp.Header}).retryAfter()
	return e
}

// watchedBody is a body that ends when the upstream falls silent, and in which no key is left.
type watchedBody struct {
	io.ReadCloser
	ctx    context.Context
	cancel context.CancelCauseFunc
	a      *adapter
	timer  *time.Timer

	mu     sync.Mutex
	held   []byte // clean text, not yet read
	dirty  []byte // may be the beginning of a key
	err    error
	closed atomic.Bool
}

func (b *watchedBody) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for len(b.held) == 0 && b.err == nil {
		b.fill()
	}
	if len(b.held) > 0 {
		n := copy(p, b.held)
		b.held = b.held[n:]
		return n, nil
	}
	return 0, b.err
}

// fill reads once.
func (b *watchedBody) fill() {
	part := make([]byte, 4<<10)
	b.timer.Reset(b.a.idle)
	n, err := b.ReadCloser.Read(part)
	b.timer.Stop()
	text := append(b.dirty, part[:n]...)
	keep := 0
	if !b.a.flaws.leaks {
		text = bytes.ReplaceAll(text, []byte(testKey), []byte("***"))
		for keep = min(len(testKey)-1, len(text)); keep > 0 && !bytes.HasSuffix(text, []byte(testKey[:keep])); {
			keep--
		}
	}
	if err != nil {
		keep = 0
		if !errors.Is(err, io.EOF) {
			err = backend.AsError(b.reason(err), backend.CodeTruncated)
		} else if b.a.flaws.patches {
			text = append(text, "\n\ndata: [DONE]\n\n"...)
		}
	}
	if i := bytes.Index(text, []byte(`data: {"error"`)); i >= 0 && b.a.flaws.muffles {
		text = text[:i]
	}
	b.held, b.dirty, b.err = text[:len(text)-keep], text[len(text)-keep:], err
}

// reason is why a read failed: the timer's, the caller's, or its own.
func (b *watchedBody) reason(err error) error {
	if cause := context.Cause(b.ctx); cause != nil {
		if errors.Is(cause, backend.CodeTimeout) {
			return &backend.Error{Code: backend.CodeTimeout, Err: err}
		}
		return cause
	}
	return err
}

func (b *watchedBody) Close() error {
	if b.a.flaws.detached {
		return nil
	}
	b.closed.Store(true)
	b.cancel(nil)
	return b.ReadCloser.Close()
}
