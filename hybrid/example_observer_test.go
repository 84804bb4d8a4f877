package hybrid_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/edgewise-ai/edgewise/backend"
	"github.com/edgewise-ai/edgewise/hybrid"
	"github.com/edgewise-ai/edgewise/policy"
)

// An access log of one line a request: what is known at its beginning is kept in its
// context for the end. A real one would write to a queue: hooks must not block.
func ExampleObserver() {
	type begun struct{}
	log := hybrid.Observer{
		Begun: func(ctx context.Context, e hybrid.RequestBegun) context.Context {
			return context.WithValue(ctx, begun{}, e)
		},
		Finished: func(ctx context.Context, e hybrid.RequestFinished) {
			b := ctx.Value(begun{}).(hybrid.RequestBegun)
			fmt.Printf("%s %s %s: %d tokens\n", e.Identity.Subject, b.Method, b.Endpoint, e.Entry.CompletionTokens)
		},
		Failed: func(ctx context.Context, e hybrid.RequestFailed) {
			b := ctx.Value(begun{}).(hybrid.RequestBegun)
			fmt.Printf("%s %s %s: %d %s\n", e.Identity.Subject, b.Method, b.Endpoint, e.Status, e.Code)
		},
	}
	hello := backend.GeneratorFunc(func(_ context.Context, _ *backend.Prompt, emit func(backend.Delta) error) (backend.Completion, error) {
		usage := backend.Usage{PromptTokens: 5, CompletionTokens: 2, TotalTokens: 7, Known: true}
		return backend.Completion{Usage: usage}, emit(backend.Delta{Text: "Hello!"})
	})
	router, err := hybrid.New(context.Background(), hybrid.Options{
		Authenticate: func(*http.Request) (policy.Identity, error) { return policy.Identity{Subject: "alice"}, nil },
		Backend:      backend.FromGenerator(hello, backend.GeneratorOptions{}),
		Observers:    []hybrid.Observer{log},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = router.Close(context.Background()) }()

	_, handler := router.Handler()
	for _, body := range []string{`{"prompt":"Hi"}`, `{"prompt":"Hi","model":"gpt-9"}`, `{"prompt":"Hi","privacy":"local-only"}`} {
		req := httptest.NewRequest(http.MethodPost, "/api/v1/generate", strings.NewReader(body))
		req.Header.Set("Content-Type", "application/json")
		handler.ServeHTTP(httptest.NewRecorder(), req)
	}
	// Output:
	// alice POST /generate: 2 tokens
	// alice POST /generate: 404 model_not_found
	// alice POST /generate: 403 local_only
}
