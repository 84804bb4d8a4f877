package hybrid_test

import (
	"context"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/edgewise-ai/edgewise/backend"
	"github.com/edgewise-ai/edgewise/hybrid"
)

// Whatever a handler says in a header, a page of another origin can be let read.
func TestExposedHeaders(t *testing.T) {
	limited := &backend.Error{
		Code: backend.CodeRateLimited, RetryAfter: time.Minute,
		Header: http.Header{"X-Request-Id": {"1"}, "X-Ratelimit-Reset-Tokens": {"1s"}},
	}
	s := open(t, generates(func(_ context.Context, p *backend.Prompt, emit func(backend.Delta) error) (backend.Completion, error) {
		if p.MaxTokens == 1 {
			return backend.Completion{}, limited
		}
		return backend.Completion{}, emit(backend.Delta{Text: "Hello"})
	}))
	exposed := hybrid.ExposedHeaders()
	if !slices.IsSorted(exposed) {
		t.Errorf("%v is not sorted", exposed)
	}
	for i, name := range exposed {
		exposed[i] = http.CanonicalHeaderKey(name)
	}
	// What pages can always read, and what is for browsers, proxies and people.
	others := []string{
		"Allow", "Cache-Control", "Content-Length", "Content-Type", "Date", "Vary", "Www-Authenticate",
		"X-Accel-Buffering", "X-Content-Type-Options",
	}
	seen := map[string]bool{}
	for _, a := range []answer{
		s.get("/browser/policy"), s.get("/browser/models"), s.get("/models"), s.get("/generate"),
		s.post("/browser/route", routeBody(desktop, `"promptLength":5`)),
		s.post("/generate", `{"prompt":"x","stream":true}`),
		s.post("/generate", `{"prompt":"x","maxTokens":1}`),
		s.post("/generate", `{"prompt":"x"}`, "Authorization", ""),
	} {
		for name := range a.header {
			seen[name] = true
			if !slices.Contains(exposed, name) && !slices.Contains(others, name) {
				t.Errorf("%s is not exposed", name)
			}
		}
	}
	for _, name := range []string{"Etag", "Retry-After", "X-Request-Id", "X-Ratelimit-Reset-Tokens", "X-Edgewise-Target", "X-Edgewise-Reason"} {
		if !seen[name] || !slices.Contains(exposed, name) {
			t.Errorf("%s was seen: %v, is exposed: %v", name, seen[name], exposed)
		}
	}
}
