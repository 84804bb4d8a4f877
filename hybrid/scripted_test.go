package hybrid_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/edgewise-ai/edgewise/backend"
	"github.com/edgewise-ai/edgewise/hybrid"
)

// scripted is a backend that answers as told and remembers what it was asked.
type scripted struct {
	err    error // of Generate
	body   string
	end    error // of the body, after its text; nil is the usual end
	header http.Header

	models    []backend.Model
	modelsErr error

	mu     sync.Mutex
	asked  []backend.Request
	listed int
}

func (s *scripted) Generate(_ context.Context, req *backend.Request) (*backend.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, *req)
	if s.err != nil {
		return nil, s.err
	}
	body := io.Reader(strings.NewReader(s.body))
	if s.end != nil {
		body = io.MultiReader(body, failing{s.end})
	}
	begun, err := backend.Await(io.NopCloser(body), req.Stream)
	if err != nil {
		return nil, err
	}
	return &backend.Response{Header: s.header, Body: begun}, nil
}

func (s *scripted) Models(context.Context) ([]backend.Model, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listed++
	if s.modelsErr != nil {
		return nil, s.modelsErr
	}
	if s.models == nil {
		return []backend.Model{{ID: "m"}}, nil
	}
	return s.models, nil
}

// lists counts the calls of Models.
func (s *scripted) lists() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.listed
}

// last is the last request.
func (s *scripted) last() backend.Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.asked) == 0 {
		return backend.Request{}
	}
	return s.asked[len(s.asked)-1]
}

func (s *scripted) serve(o *hybrid.Options) { o.Backend = s }

// backendFunc is a backend of one function, which serves "m".
type backendFunc func(context.Context, *backend.Request) (*backend.Response, error)

func (f backendFunc) Generate(ctx context.Context, req *backend.Request) (*backend.Response, error) {
	return f(ctx, req)
}

func (backendFunc) Models(context.Context) ([]backend.Model, error) {
	return []backend.Model{{ID: "m"}}, nil
}

// failing is a body that breaks.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

var errBroken = errors.New("connection reset")

// Pieces of streams.
const (
	roleChunk   = `data: {"id":"1","object":"chat.completion.chunk","model":"m-real","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}` + "\n\n"
	helloChunk  = `data: {"id":"1","object":"chat.completion.chunk","model":"m-real","choices":[{"index":0,"delta":{"content":"hello"},"finish_reason":null}],"odd":[1.50]}` + "\n\n"
	finishChunk = `data: {"id":"1","object":"chat.completion.chunk","model":"m-real","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}` + "\n\n"
	usageChunk  = `data: {"id":"1","object":"chat.completion.chunk","model":"m-real","choices":[],"usage":{"prompt_tokens":5,"completion_tokens":1,"total_tokens":6}}` + "\n\n"
	errorChunk  = `data: {"error":{"message":"out of memory","type":"server_error","code":null,"param":null}}` + "\n\n"
	doneChunk   = "data: [DONE]\n\n"

	chatHello       = `{"messages":[{"role":"user","content":"hi"}]}`
	chatHelloStream = `{"messages":[{"role":"user","content":"hi"}],"stream":true}`
)

// wholeAnswer is a plain answer.
const wholeAnswer = `{"id":"c1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,` +
	`"message":{"role":"assistant","content":"Hello"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}`
