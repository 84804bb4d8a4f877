package otel_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
)

// A trace goes on from the middleware in front of the router through its span to the
// model server.
func TestTraceGoesThrough(t *testing.T) {
	r := open(t, func(s *setup) {
		s.mount = func(h http.Handler, p *sdktrace.TracerProvider) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) { // as otelhttp.NewHandler does
				ctx := propagation.TraceContext{}.Extract(req.Context(), propagation.HeaderCarrier(req.Header))
				ctx, span := p.Tracer("test").Start(ctx, "POST", trace.WithSpanKind(trace.SpanKindServer))
				defer span.End()
				h.ServeHTTP(w, req.WithContext(ctx))
			})
		}
	})
	r.post("/chat/completions", chatPlain)
	spans := r.ended() // in the order in which they ended
	if len(spans) != 2 || spans[0].Name != "chat mock-model" || spans[1].Name != "POST" {
		t.Fatalf("spans are %v", spans)
	}
	if got, want := spans[0].Parent.SpanID(), spans[1].SpanContext.SpanID(); got != want {
		t.Errorf("the parent is %v, want the server's span %v", got, want)
	}
	want, got := spans[0].SpanContext, sent(r)
	if got.TraceID() != want.TraceID() || got.SpanID() != want.SpanID() {
		t.Errorf("the model server got %v of trace %v, want %v of %v", got.SpanID(), got.TraceID(), want.SpanID(), want.TraceID())
	}
}

// sent is the span that the upstream's last question came from.
func sent(r *rig) (s trace.SpanContext) {
	for _, req := range r.upstream.Requests() {
		if strings.HasSuffix(req.Path, "/chat/completions") {
			s = trace.SpanContextFromContext(propagation.TraceContext{}.Extract(context.Background(), propagation.HeaderCarrier(req.Header)))
		}
	}
	return s
}

// Requests that have no span of their own leave alone the one that they came in.
func TestOtherSpansAreLeftAlone(t *testing.T) {
	r := open(t, func(s *setup) {
		s.mount = func(h http.Handler, p *sdktrace.TracerProvider) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
				ctx, span := p.Tracer("test").Start(req.Context(), "GET")
				h.ServeHTTP(w, req.WithContext(ctx))
				if !span.IsRecording() {
					t.Error("the span was ended")
				}
				span.End()
			})
		}
	})
	r.do(alice, http.MethodGet, "/models", "")
	if spans := r.ended(); len(spans) != 1 || len(spans[0].Attributes) != 0 {
		t.Errorf("spans are %v", spans)
	}
}

// A sampler sees what is known at the beginning, and what it drops is counted
// nevertheless.
func TestUnsampled(t *testing.T) {
	var sampler seeing
	r := open(t, func(s *setup) {
		s.telemetry.TracerProvider = sdktrace.NewTracerProvider(sdktrace.WithSampler(&sampler))
		s.telemetry.CaptureContent = true
	})
	r.post("/chat/completions", chatPlain)
	if spans := r.ended(); len(spans) != 0 {
		t.Errorf("there are spans: %v", spans)
	}
	if len(r.collect()) == 0 {
		t.Error("nothing was counted")
	}
	want := attribute.NewSet(attribute.String("gen_ai.operation.name", "chat"), attribute.String("gen_ai.provider.name", "openai"),
		attribute.String("edgewise.endpoint", "/chat/completions"))
	if got := attribute.NewSet(sampler.saw...); got != want {
		t.Errorf("the sampler saw %v", sampler.saw)
	}
}

// seeing drops all spans.
type seeing struct{ saw []attribute.KeyValue }

func (s *seeing) ShouldSample(p sdktrace.SamplingParameters) sdktrace.SamplingResult {
	s.saw = p.Attributes
	return sdktrace.SamplingResult{Decision: sdktrace.Drop}
}

func (s *seeing) Description() string { return "seeing" }

// Two observers of one router don't get into each other's way: the second's spans are
// the children of the first's.
func TestTwoObservers(t *testing.T) {
	second := tracetest.NewInMemoryExporter()
	r := open(t, func(s *setup) {
		s.router.Observers = append(s.router.Observers, newObserver(t, sdktrace.NewTracerProvider(sdktrace.WithSyncer(second))))
	})
	r.post("/chat/completions", chatPlain)
	inner, outer := r.ended(), second.GetSpans()
	if len(inner) != 1 || len(outer) != 1 || inner[0].Parent.SpanID() != outer[0].SpanContext.SpanID() {
		t.Errorf("spans are %v and %v", inner, outer)
	}
	if got, want := describe(inner[0]), describe(outer[0]); got != want {
		t.Errorf("one says %s\nthe other %s", got, want)
	}
}
