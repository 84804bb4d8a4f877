package pool_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/edgewise-ai/edgewise/backend"
	"github.com/edgewise-ai/edgewise/backend/pool"
)

// upstream is a backend in the hands of a test. It answers everything, until told otherwise.
type upstream struct {
	mu       sync.Mutex
	generate func(context.Context, *backend.Request) (*backend.Response, error)
	models   func(context.Context) ([]backend.Model, error)
	native   bool
	unready  bool
	asked    []backend.Request
}

func (u *upstream) Generate(ctx context.Context, req *backend.Request) (*backend.Response, error) {
	u.mu.Lock()
	u.asked = append(u.asked, *req)
	generate := u.generate
	u.mu.Unlock()
	if generate != nil {
		return generate(ctx, req)
	}
	if req.Stream {
		return streams(streamText)(ctx, req)
	}
	return &backend.Response{Body: io.NopCloser(strings.NewReader(wholeAnswer))}, nil
}

func (u *upstream) Models(ctx context.Context) ([]backend.Model, error) {
	u.mu.Lock()
	models := u.models
	u.mu.Unlock()
	if models == nil {
		return nil, &backend.Error{Code: backend.CodeUnavailable}
	}
	return models(ctx)
}

func (u *upstream) Continuation() backend.Continuation {
	if u.native {
		return backend.ContinuationNative
	}
	return backend.ContinuationNone
}

func (u *upstream) Ready() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return !u.unready
}

// does changes what the upstream does; nil makes it answer.
func (u *upstream) does(generate func(context.Context, *backend.Request) (*backend.Response, error)) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.generate = generate
}

func (u *upstream) lists(ids ...string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.models = func(context.Context) ([]backend.Model, error) {
		models := make([]backend.Model, len(ids))
		for i, id := range ids {
			models[i].ID = id
		}
		return models, nil
	}
}

// times is how often the upstream was asked.
func (u *upstream) times() int {
	u.mu.Lock()
	defer u.mu.Unlock()
	return len(u.asked)
}

var hi = backend.Request{Body: []byte(`{"messages":[{"role":"user","content":"hi"}]}`)}

// Pieces of answers.
const (
	role   = `data: {"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}` + "\n\n"
	hello  = `data: {"model":"m","choices":[{"index":0,"delta":{"content":"hello"},"finish_reason":null}]}` + "\n\n"
	stop   = `data: {"model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}` + "\n\n"
	done   = "data: [DONE]\n\n"
	failed = `data: {"error":{"message":"it broke","type":"server_error","code":null}}` + "\n\n"

	streamText  = role + hello + stop + done
	wholeAnswer = `{"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"hello"},"finish_reason":"stop"}]}`
)

// fails fails before an answer begins.
func fails(e *backend.Error) func(context.Context, *backend.Request) (*backend.Response, error) {
	return func(context.Context, *backend.Request) (*backend.Response, error) { return nil, e }
}

// failsWith fails as an upstream does that is there and says no, with a status, or else as one that isn't.
func failsWith(code backend.Code) func(context.Context, *backend.Request) (*backend.Response, error) {
	return fails(&backend.Error{Code: code, Status: statuses[code]})
}

var statuses = map[backend.Code]int{
	backend.CodeInvalidRequest: http.StatusBadRequest,
	backend.CodeUnsupported:    http.StatusBadRequest,
	backend.CodeContextLength:  http.StatusBadRequest,
	backend.CodeModelNotFound:  http.StatusNotFound,
	backend.CodeUpstreamAuth:   http.StatusUnauthorized,
	backend.CodeRateLimited:    http.StatusTooManyRequests,
	backend.CodeQuotaExceeded:  http.StatusTooManyRequests,
}

// streams answers with a text, one byte a read.
func streams(text string) func(context.Context, *backend.Request) (*backend.Response, error) {
	return streamsFrom(iotest.OneByteReader(strings.NewReader(text)))
}

func streamsFrom(r io.Reader) func(context.Context, *backend.Request) (*backend.Response, error) {
	return func(context.Context, *backend.Request) (*backend.Response, error) {
		return &backend.Response{Header: http.Header{"Content-Type": {"text/event-stream"}}, Body: io.NopCloser(r)}, nil
	}
}

// fakeClock stands still until it is moved.
type fakeClock struct {
	mu  sync.Mutex
	now time.Time
}

func newFakeClock() *fakeClock { return &fakeClock{now: time.Unix(1_700_000_000, 0)} }

func (c *fakeClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *fakeClock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// newPool makes a pool that nothing probes.
func newPool(t testing.TB, opts pool.Options) *pool.Pool {
	t.Helper()
	if opts.ProbeInterval == 0 {
		opts.ProbeInterval = -1
	}
	p, err := pool.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

// team makes endpoints called a, b and so on.
func team(ups ...*upstream) []pool.Endpoint {
	endpoints := make([]pool.Endpoint, len(ups))
	for i, u := range ups {
		endpoints[i] = pool.Endpoint{Name: string(rune('a' + i)), Backend: u}
	}
	return endpoints
}

// ranked makes endpoints of which each is asked only after those before it.
func ranked(ups ...*upstream) []pool.Endpoint {
	endpoints := team(ups...)
	for i := range endpoints {
		endpoints[i].Priority = i
	}
	return endpoints
}

// ask sends a request and reads the answer, if there is one, to its end.
func ask(t testing.TB, p *pool.Pool, req backend.Request) (*backend.Response, error) {
	t.Helper()
	resp, err := p.Generate(t.Context(), &req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return resp, err
}

// begin sends a request and leaves its answer open.
func begin(t testing.TB, p *pool.Pool, req backend.Request) *backend.Response {
	t.Helper()
	resp, err := p.Generate(t.Context(), &req)
	if err != nil {
		t.Fatal(err)
	}
	return resp
}

var streamed = backend.Request{Stream: true}

// status is what the pool says of an endpoint.
func status(t testing.TB, p *pool.Pool, name string) pool.EndpointStatus {
	t.Helper()
	for _, s := range p.Status() {
		if s.Name == name {
			return s
		}
	}
	t.Fatalf("no endpoint %s", name)
	return pool.EndpointStatus{}
}

func wantState(t testing.TB, p *pool.Pool, name string, want pool.State) {
	t.Helper()
	if s := status(t, p, name); s.State != want {
		t.Fatalf("endpoint %s is %s, want %s: %+v", name, s.State, want, s)
	}
}

// says is a generator that says words.
func says(words ...string) backend.GeneratorFunc {
	return func(_ context.Context, _ *backend.Prompt, emit func(backend.Delta) error) (backend.Completion, error) {
		for _, word := range words {
			if err := emit(backend.Delta{Text: word}); err != nil {
				return backend.Completion{}, err
			}
		}
		return backend.Completion{}, nil
	}
}
