package otel_test

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/edgewise-ai/edgewise/backend/backendtest"
	"github.com/edgewise-ai/edgewise/backend/pool"
	hybridotel "github.com/edgewise-ai/edgewise/hybrid/otel"
	"github.com/edgewise-ai/edgewise/policy"
)

// TestNames lists every metric and every span with all its attributes, under either
// set of names: testdata/widespread.txt and testdata/latest.txt. Dashboards and alerts
// are made of these, so a change to them is one that users feel.
func TestNames(t *testing.T) {
	for file, names := range map[string]hybridotel.Names{
		"widespread.txt": hybridotel.NamesWidespread,
		"latest.txt":     hybridotel.NamesLatest,
	} {
		var made instruments
		r := open(t, func(s *setup) {
			everything(t, s)
			s.telemetry.Names = names
			made.MeterProvider = s.telemetry.MeterProvider
			s.telemetry.MeterProvider = &made
		}, backendtest.Fault{}, backendtest.Fault{}, backendtest.Fault{At: backendtest.AfterEvents(3), Do: backendtest.Cut})
		r.post("/browser/route", routeServer)
		r.post("/browser/route", "[]")
		long := `{"messages":[{"role":"user","content":"` + strings.Repeat("long ", 99) + `"}],"edgewise":{"reason":"too_slow","fallback":true}}`
		r.post("/chat/completions", long)
		r.post("/generate", `{"prompt":"Hi"}`)
		r.post("/chat/completions", chatStream)
		r.report(reported, reportedFailed, reportedTooFast)

		var list strings.Builder
		collected := r.collect()
		for _, m := range collected {
			list.WriteString(profile(m))
		}
		keys := make(map[string]map[attribute.Key]bool)
		for _, s := range r.ended() {
			name := s.SpanKind.String() + " " + strings.Replace(s.Name, backendtest.ModelID, "{model}", 1)
			if keys[name] == nil {
				keys[name] = make(map[attribute.Key]bool)
			}
			for _, a := range s.Attributes {
				keys[name][a.Key] = true
			}
		}
		for _, name := range slices.Sorted(maps.Keys(keys)) {
			fmt.Fprintf(&list, "span %s\n", name)
			for _, key := range slices.Sorted(maps.Keys(keys[name])) {
				fmt.Fprintf(&list, "    %s\n", key)
			}
		}
		golden(t, file, list.String())
		if len(collected) != len(made.names) {
			t.Errorf("%s lists %d metrics; there are %v", file, len(collected), made.names)
		}
	}
}

// everything sets all options, so that all attributes are there.
func everything(t *testing.T, s *setup) {
	p, err := pool.New(pool.Options{
		Endpoints:    []pool.Endpoint{{Name: "first", Backend: s.router.Backend}},
		DefaultModel: backendtest.ModelID, ProbeInterval: -1,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	s.router.Backend = p
	s.router.Prices = map[string]policy.Prices{"": {PromptMicroUSDPerMTok: 1_000_000, CompletionMicroUSDPerMTok: 2_000_000}}
	s.telemetry.Providers = map[string]string{"first": "azure.ai.openai"}
	s.telemetry.CaptureIdentity = true
	s.telemetry.CaptureContent = true
	s.telemetry.MaxContentBytes = 99
}

// profile is a metric's name, kind, unit, buckets and attributes.
func profile(m metricdata.Metrics) string {
	var kind string
	var buckets []float64
	keys := make(map[attribute.Key]bool)
	see := func(set attribute.Set) {
		for _, a := range set.ToSlice() {
			keys[a.Key] = true
		}
	}
	switch data := m.Data.(type) {
	case metricdata.Sum[int64]:
		kind = "counter"
		for _, p := range data.DataPoints {
			see(p.Attributes)
		}
	case metricdata.Histogram[int64]:
		kind, buckets = "histogram", data.DataPoints[0].Bounds
		for _, p := range data.DataPoints {
			see(p.Attributes)
		}
	case metricdata.Histogram[float64]:
		kind, buckets = "histogram", data.DataPoints[0].Bounds
		for _, p := range data.DataPoints {
			see(p.Attributes)
		}
	}
	var text strings.Builder
	fmt.Fprintf(&text, "%s %s, %s", kind, m.Name, m.Unit)
	if buckets != nil {
		text.WriteString(", buckets")
	}
	for _, b := range buckets {
		text.WriteString(" " + strconv.FormatFloat(b, 'f', -1, 64))
	}
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		text.WriteString("\n    " + string(key))
	}
	text.WriteString("\n")
	return text.String()
}

// instruments notes what is made.
type instruments struct {
	metric.MeterProvider
	names []string
}

func (i *instruments) Meter(name string, opts ...metric.MeterOption) metric.Meter {
	return &noting{i.MeterProvider.Meter(name, opts...), i}
}

type noting struct {
	metric.Meter
	to *instruments
}

func (n *noting) Int64Counter(name string, opts ...metric.Int64CounterOption) (metric.Int64Counter, error) {
	n.to.names = append(n.to.names, name)
	return n.Meter.Int64Counter(name, opts...)
}

func (n *noting) Int64Histogram(name string, opts ...metric.Int64HistogramOption) (metric.Int64Histogram, error) {
	n.to.names = append(n.to.names, name)
	return n.Meter.Int64Histogram(name, opts...)
}

func (n *noting) Float64Histogram(name string, opts ...metric.Float64HistogramOption) (metric.Float64Histogram, error) {
	n.to.names = append(n.to.names, name)
	return n.Meter.Float64Histogram(name, opts...)
}
