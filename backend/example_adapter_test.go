package backend_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"

	"github.com/edgewise-ai/edgewise/backend"
)

// adapter is a Backend for an OpenAI-compatible API, as small as one can be that passes backendtest.Run.
type adapter struct{ baseURL, key, defaultModel string }

func (a adapter) Generate(ctx context.Context, req *backend.Request) (*backend.Response, error) {
	if req.Continue {
		return nil, backend.Unsupported("continue_final_message", "this model can't continue a message")
	}
	asked := *req // which is the caller's
	asked.Model = cmp.Or(req.Model, a.defaultModel)
	body, err := backend.UpstreamBody(&asked)
	if err != nil {
		return nil, err
	}
	resp, err := a.do(ctx, http.MethodPost, "/chat/completions", body)
	if err != nil {
		return nil, err
	}
	begun, err := backend.Await(resp.Body, req.Stream)
	if err != nil {
		return nil, err
	}
	return &backend.Response{Header: backend.PublicHeader(resp.Header), Body: begun}, nil
}

func (a adapter) Models(ctx context.Context) ([]backend.Model, error) {
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

// DefaultModel makes it a Defaulter: the order in which the API lists its models may mean nothing.
func (a adapter) DefaultModel() string { return a.defaultModel }

// do sends a request, and makes an *Error of whatever isn't an answer.
func (a adapter) do(ctx context.Context, method, path string, body []byte) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, a.baseURL+path, bytes.NewReader(body))
	if err != nil {
		return nil, backend.AsError(err, backend.CodeInternal)
	}
	req.Header.Set("Authorization", "Bearer "+a.key)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, backend.AsError(err, backend.CodeUnavailable)
	}
	if resp.StatusCode == http.StatusOK {
		return resp, nil
	}
	defer resp.Body.Close()
	refusal, _ := io.ReadAll(io.LimitReader(resp.Body, 64<<10)) // the status says enough if it breaks off
	e := backend.ParseError(resp.StatusCode, refusal)
	e.Header = backend.PublicHeader(resp.Header)
	e.RetryAfter, _ = backend.RetryAfter(resp.Header)
	return nil, e
}

// An adapter brings a model server behind the interface Backend. This one has all that backendtest.Run asks for; package
// openai adds what a service needs besides: retries, timeouts for silence, and keys kept out of errors.
func Example_adapter() {
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"model":"m-1","choices":[{"index":0,"message":{"role":"assistant","content":"Hello!"},"finish_reason":"stop"}]}`)
	}))
	defer upstream.Close()

	var b backend.Backend = adapter{baseURL: upstream.URL, key: "secret", defaultModel: "m-1"}
	resp, err := b.Generate(context.Background(), &backend.Request{
		Body: []byte(`{"messages":[{"role":"user","content":"Say hello"}]}`),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	if _, err := io.Copy(os.Stdout, resp.Body); err != nil {
		fmt.Println(err)
	}
	// Output: {"model":"m-1","choices":[{"index":0,"message":{"role":"assistant","content":"Hello!"},"finish_reason":"stop"}]}
}
