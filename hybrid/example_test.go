package hybrid_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/edgewise-ai/edgewise/backend"
	"github.com/edgewise-ai/edgewise/capability"
	"github.com/edgewise-ai/edgewise/hybrid"
	"github.com/edgewise-ai/edgewise/hybrid/ledger"
	"github.com/edgewise-ai/edgewise/policy"
)

// A service that knows its users, answers with a model of its own, and keeps
// account of it.
func Example() {
	// Any OpenAI-compatible API works too: see package backend/openai.
	shout := backend.GeneratorFunc(func(_ context.Context, p *backend.Prompt, emit func(backend.Delta) error) (backend.Completion, error) {
		text := strings.ToUpper(p.Messages[len(p.Messages)-1].Content)
		return backend.Completion{}, emit(backend.Delta{Text: text})
	})
	account := ledger.NewMemory(ledger.MemoryOptions{})
	router, err := hybrid.New(context.Background(), hybrid.Options{
		Authenticate: func(req *http.Request) (policy.Identity, error) {
			user, _, ok := req.BasicAuth()
			if !ok {
				return policy.Identity{}, errors.New("no user")
			}
			return policy.Identity{Subject: user}, nil
		},
		Backend: backend.FromGenerator(shout, backend.GeneratorOptions{}),
		Ledger:  account,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = router.Close(context.Background()) }()

	mux := http.NewServeMux()
	mux.Handle(router.Handler())
	server := httptest.NewServer(mux)
	defer server.Close()

	req, _ := http.NewRequest(http.MethodPost, server.URL+"/api/v1/generate", strings.NewReader(`{"prompt":"hello"}`))
	req.Header.Set("Content-Type", "application/json")
	req.SetBasicAuth("alice", "")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	fmt.Println(resp.Status, strings.Contains(string(body), `"text":"HELLO"`))
	fmt.Println(account.Summary().BySource[ledger.Server].Requests, "answer by the server")
	// Output:
	// 200 OK true
	// 1 answer by the server
}

// Decisions are there in process too, for apps with handlers of their own.
func ExampleRouter_Route() {
	router, err := hybrid.New(context.Background(), hybrid.Options{Authenticate: hybrid.AllowAnonymous})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = router.Close(context.Background()) }()

	for _, device := range []capability.Device{
		{WebGPU: capability.Yes, GPUTier: capability.GPUHigh, AvailableRAM: 8 * capability.GB},
		{WebGPU: capability.No, WebGL2: capability.No},
	} {
		d, err := router.Route(context.Background(), policy.Input{
			Device:  &device,
			Request: &policy.Request{PromptLength: 120},
		})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(d.Target, d.Reason)
	}
	// Output:
	// browser optimal_for_browser
	// server insufficient_device_capabilities
}
