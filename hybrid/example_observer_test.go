package hybrid_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/edgewise-ai/edgewise/backend"
	"github.com/edgewise-ai/edgewise/hybrid"
)

// An access log, with what becomes known of a request at its beginning kept in its
// context for the end. A real one would write to a queue: hooks must not block.
func ExampleObserver() {
	type endpoint struct{}
	log := hybrid.Observer{
		Begun: func(ctx context.Context, e hybrid.RequestBegun) context.Context {
			return context.WithValue(ctx, endpoint{}, e.Endpoint)
		},
		Finished: func(ctx context.Context, e hybrid.RequestFinished) {
			fmt.Println(ctx.Value(endpoint{}), "finished:", e.Entry.CompletionTokens, "tokens")
		},
		Failed: func(ctx context.Context, e hybrid.RequestFailed) {
			fmt.Println(ctx.Value(endpoint{}), "failed:", e.Status, e.Code)
		},
	}
	hello := backend.GeneratorFunc(func(_ context.Context, _ *backend.Prompt, emit func(backend.Delta) error) (backend.Completion, error) {
		usage := backend.Usage{PromptTokens: 5, CompletionTokens: 2, TotalTokens: 7, Known: true}
		return backend.Completion{Usage: usage}, emit(backend.Delta{Text: "Hello!"})
	})
	router, err := hybrid.New(context.Background(), hybrid.Options{
		Authenticate: hybrid.AllowAnonymous,
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
	// /generate finished: 2 tokens
	// /generate failed: 404 model_not_found
	// /generate failed: 403 local_only
}
