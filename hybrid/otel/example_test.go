package otel_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/edgewise-ai/edgewise/backend"
	"github.com/edgewise-ai/edgewise/hybrid"
	hybridotel "github.com/edgewise-ai/edgewise/hybrid/otel"
)

// A router whose spans and metrics go into memory. An app would give the providers
// that it exports from, or none if it has set the global ones.
func ExampleNewObserver() {
	spans, metrics := tracetest.NewInMemoryExporter(), metric.NewManualReader()
	observer, err := hybridotel.NewObserver(hybridotel.Options{
		TracerProvider: sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans)),
		MeterProvider:  metric.NewMeterProvider(metric.WithReader(metrics)),
		InProcess:      true,
		Provider:       "example",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	hello := backend.GeneratorFunc(func(_ context.Context, _ *backend.Prompt, emit func(backend.Delta) error) (backend.Completion, error) {
		usage := backend.Usage{PromptTokens: 5, CompletionTokens: 2, TotalTokens: 7, Known: true}
		return backend.Completion{Usage: usage}, emit(backend.Delta{Text: "Hello!"})
	})
	router, err := hybrid.New(context.Background(), hybrid.Options{
		Authenticate: hybrid.AllowAnonymous,
		Backend:      backend.FromGenerator(hello, backend.GeneratorOptions{}),
		Observers:    []hybrid.Observer{observer},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = router.Close(context.Background()) }()

	_, handler := router.Handler()
	for _, body := range []string{`{"prompt":"Hi"}`, `{"prompt":"Hi","privacy":"local-only"}`} {
		req := httptest.NewRequest(http.MethodPost, "/api/v1/generate", strings.NewReader(body))
		req.Header.Set("Content-Type", "application/json")
		handler.ServeHTTP(httptest.NewRecorder(), req)
	}

	for _, s := range spans.GetSpans() {
		fmt.Println(s.SpanKind, s.Name)
		for _, a := range s.Attributes {
			switch a.Key {
			case "error.type", "gen_ai.provider.name", "gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens":
				fmt.Println("  ", a.Key, a.Value.String())
			}
		}
	}
	var collected metricdata.ResourceMetrics
	if err := metrics.Collect(context.Background(), &collected); err != nil {
		fmt.Println(err)
		return
	}
	for _, m := range collected.ScopeMetrics[0].Metrics {
		fmt.Println(m.Name, m.Unit)
	}
	// Output:
	// internal chat in-process
	//    gen_ai.provider.name example
	//    gen_ai.usage.input_tokens 5
	//    gen_ai.usage.output_tokens 2
	// internal chat
	//    gen_ai.provider.name example
	//    error.type local_only
	// edgewise.request.duration s
	// gen_ai.client.operation.duration s
	// gen_ai.client.token.usage {token}
}
