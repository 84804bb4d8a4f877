package openai_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"

	"github.com/edgewise-ai/edgewise/backend"
	"github.com/edgewise-ai/edgewise/backend/openai"
)

// An answer is relayed to the page as it comes; what is known afterwards goes into the books.
func Example() {
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		fmt.Fprint(w, `data: {"model":"m-1","choices":[{"index":0,"delta":{"content":"Hello!"},"finish_reason":null}]}`, "\n\n",
			`data: {"model":"m-1","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}`, "\n\n",
			`data: {"model":"m-1","choices":[],"usage":{"prompt_tokens":8,"completion_tokens":2,"total_tokens":10}}`, "\n\n",
			"data: [DONE]\n\n")
	}))
	defer upstream.Close()

	b, err := openai.New(openai.Options{BaseURL: upstream.URL, APIKey: "secret", DefaultModel: "m-1"})
	if err != nil {
		fmt.Println(err)
		return
	}
	resp, err := b.Generate(context.Background(), &backend.Request{
		Body:   []byte(`{"messages":[{"role":"user","content":"Say hello"}]}`),
		Stream: true,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	out, err := backend.Relay(os.Stdout, nil, resp.Body, backend.RelayOptions{})
	fmt.Println(out.Model, out.FinishReason, out.Usage.TotalTokens, err)
	// Output:
	// data: {"model":"m-1","choices":[{"index":0,"delta":{"content":"Hello!"},"finish_reason":null}]}
	//
	// data: {"model":"m-1","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}
	//
	// data: [DONE]
	//
	// m-1 stop 10 <nil>
}

// Failures are told apart by code.
func ExampleNew_errors() {
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "90")
		w.WriteHeader(http.StatusTooManyRequests)
		fmt.Fprint(w, `{"error":{"message":"Rate limit reached","code":"rate_limit_exceeded"}}`)
	}))
	defer upstream.Close()

	b, err := openai.New(openai.Options{BaseURL: upstream.URL})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = b.Generate(context.Background(), &backend.Request{Body: []byte(`{"messages":[]}`), Model: "m-1"})
	var e *backend.Error
	if errors.As(err, &e) && errors.Is(err, backend.CodeRateLimited) {
		fmt.Println(e.Message, e.RetryAfter)
	}
	// Output: Rate limit reached 1m30s
}
