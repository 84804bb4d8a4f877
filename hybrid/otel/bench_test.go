package otel_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/edgewise-ai/edgewise/backend"
	"github.com/edgewise-ai/edgewise/hybrid"
	hybridotel "github.com/edgewise-ai/edgewise/hybrid/otel"
)

// BenchmarkRequest serves each request twice, in turn: with the observer, every span
// recorded and batched, and without any. There is no network and a model that answers
// at once, so that nothing hides the difference.
func BenchmarkRequest(b *testing.B) {
	for _, request := range []struct{ name, path, body string }{
		{"chat", "/chat/completions", chatPlain},
		{"stream", "/chat/completions", chatStream},
		{"route", "/browser/route", routeServer},
	} {
		b.Run(request.name, func(b *testing.B) {
			tracers := sdktrace.NewTracerProvider(sdktrace.WithBatcher(nowhere{}))
			defer func() { _ = tracers.Shutdown(context.Background()) }()
			observer, err := hybridotel.NewObserver(hybridotel.Options{
				TracerProvider: tracers,
				MeterProvider:  metric.NewMeterProvider(metric.WithReader(metric.NewManualReader())),
			})
			if err != nil {
				b.Fatal(err)
			}
			without, with := handler(b), handler(b, observer)
			var spent [2]time.Duration
			b.ReportAllocs()
			for b.Loop() {
				for i, h := range []http.Handler{without, with} {
					req := httptest.NewRequest(http.MethodPost, "/api/v1"+request.path, strings.NewReader(request.body))
					req.Header.Set("Content-Type", "application/json")
					w := httptest.NewRecorder()
					began := time.Now()
					h.ServeHTTP(w, req)
					spent[i] += time.Since(began)
					if w.Code != http.StatusOK {
						b.Fatal(w.Body)
					}
				}
			}
			b.ReportMetric(float64(spent[0].Nanoseconds())/float64(b.N), "without-ns/op")
			b.ReportMetric(float64(spent[1].Nanoseconds())/float64(b.N), "with-ns/op")
			b.ReportMetric(float64(spent[1])/float64(spent[0]), "ratio")
		})
	}
}

// nowhere exports nothing.
type nowhere struct{}

func (nowhere) ExportSpans(context.Context, []sdktrace.ReadOnlySpan) error { return nil }
func (nowhere) Shutdown(context.Context) error                             { return nil }

// handler is that of a router with a model in this process.
func handler(b *testing.B, observers ...hybrid.Observer) http.Handler {
	b.Helper()
	hello := backend.GeneratorFunc(func(_ context.Context, _ *backend.Prompt, emit func(backend.Delta) error) (backend.Completion, error) {
		usage := backend.Usage{PromptTokens: 5, CompletionTokens: 2, TotalTokens: 7, Known: true}
		return backend.Completion{Usage: usage}, emit(backend.Delta{Text: "Hello!"})
	})
	router, err := hybrid.New(b.Context(), hybrid.Options{
		Authenticate: hybrid.AllowAnonymous,
		Backend:      backend.FromGenerator(hello, backend.GeneratorOptions{}),
		Observers:    observers,
	})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = router.Close(context.Background()) })
	_, h := router.Handler()
	return h
}
