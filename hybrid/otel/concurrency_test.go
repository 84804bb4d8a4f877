package otel_test

import (
	"sync"
	"testing"

	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

// Requests at the same time are each told once, and no span mixes two of them.
func TestConcurrentRequests(t *testing.T) {
	const each = 20
	r := open(t, func(s *setup) { everything(t, s) })
	kinds := map[string]func(){
		"chat":     func() { r.post("/chat/completions", chatPlain) },
		"stream":   func() { r.post("/chat/completions", chatStream) },
		"generate": func() { r.post("/generate", `{"prompt":"Hi","stream":true}`) },
		"route":    func() { r.post("/browser/route", routeServer) },
		"report":   func() { r.report(reported, reportedFailed) },
	}
	var wg sync.WaitGroup
	for _, ask := range kinds {
		for range each {
			wg.Go(ask)
		}
	}
	wg.Wait()

	spans := make(map[string]int)
	for _, s := range r.ended() {
		spans[describe(s)]++
	}
	for text, n := range spans {
		if n != each {
			t.Errorf("%d spans, want %d, are like\n%s", n, each, text)
		}
	}
	if len(spans) != 4 {
		t.Errorf("there are %d kinds of spans, want 4", len(spans))
	}
	for _, m := range r.collect() {
		switch m.Name {
		case "gen_ai.client.operation.duration":
			if got := m.Data.(metricdata.Histogram[float64]).DataPoints[0].Count; got != 3*each {
				t.Errorf("%d operations were counted, want %d", got, 3*each)
			}
		case "edgewise.decisions":
			if got := m.Data.(metricdata.Sum[int64]).DataPoints[0].Value; got != each {
				t.Errorf("%d decisions were counted, want %d", got, each)
			}
		}
	}
}
