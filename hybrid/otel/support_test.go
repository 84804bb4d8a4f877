package otel_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/edgewise-ai/edgewise/backend/backendtest"
	"github.com/edgewise-ai/edgewise/backend/openai"
	"github.com/edgewise-ai/edgewise/hybrid"
	hybridotel "github.com/edgewise-ai/edgewise/hybrid/otel"
	"github.com/edgewise-ai/edgewise/policy"
)

// rig is a router on a real server, in front of an upstream that fails on demand, and
// all the telemetry it makes.
type rig struct {
	t        testing.TB
	upstream *backendtest.Server
	server   *httptest.Server
	spans    *tracetest.InMemoryExporter
	reader   *metric.ManualReader
	log      *bytes.Buffer
	url      string
}

// setup is what a test may change.
type setup struct {
	telemetry hybridotel.Options
	router    hybrid.Options
	mount     func(http.Handler, *sdktrace.TracerProvider) http.Handler
}

// open serves a router whose upstream meets the faults, one each in turn.
func open(t testing.TB, change func(*setup), faults ...backendtest.Fault) *rig {
	t.Helper()
	r := &rig{
		t: t, upstream: backendtest.NewServer(t, faults...),
		spans: tracetest.NewInMemoryExporter(), reader: metric.NewManualReader(), log: new(bytes.Buffer),
	}
	upstream, err := openai.New(openai.Options{
		BaseURL: r.upstream.URL, DefaultModel: backendtest.ModelID, MaxRetries: -1,
		Transport: propagating{http.DefaultTransport},
	})
	if err != nil {
		t.Fatal(err)
	}
	tracers := sdktrace.NewTracerProvider(sdktrace.WithSyncer(r.spans))
	s := setup{
		telemetry: hybridotel.Options{
			TracerProvider: tracers,
			MeterProvider:  metric.NewMeterProvider(metric.WithReader(r.reader)),
			Names:          hybridotel.NamesWidespread,
		},
		router: hybrid.Options{
			Authenticate: whoAsks, Backend: upstream, DefaultModel: backendtest.ModelID,
			Logger: slog.New(slog.NewTextHandler(r.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		},
		mount: func(h http.Handler, _ *sdktrace.TracerProvider) http.Handler { return h },
	}
	if change != nil {
		change(&s)
	}
	observer, err := hybridotel.NewObserver(s.telemetry)
	if err != nil {
		t.Fatal(err)
	}
	s.router.Observers = append(s.router.Observers, observer)
	router, err := hybrid.New(t.Context(), s.router)
	if err != nil {
		t.Fatal(err)
	}
	_, handler := router.Handler()
	r.server = httptest.NewServer(s.mount(handler, tracers))
	r.url = r.server.URL + "/api/v1"
	t.Cleanup(func() {
		r.server.Close()
		if err := router.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return r
}

// propagating is what otelhttp.NewTransport does for propagation.
type propagating struct{ http.RoundTripper }

func (p propagating) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	propagation.TraceContext{}.Inject(req.Context(), propagation.HeaderCarrier(req.Header))
	return p.RoundTripper.RoundTrip(req)
}

// whoAsks takes "Bearer <subject>/<tier>", and knows nothing of mallory.
func whoAsks(req *http.Request) (policy.Identity, error) {
	token, ok := strings.CutPrefix(req.Header.Get("Authorization"), "Bearer ")
	if !ok {
		return policy.Identity{}, errors.New("no bearer token")
	}
	subject, tier, _ := strings.Cut(token, "/")
	if subject == mallory {
		return policy.Identity{}, context.DeadlineExceeded
	}
	return policy.Identity{Subject: subject, Tier: tier}, nil
}

const (
	alice       = "alice/pro"
	mallory     = "mallory" // the session store does not answer
	chatPlain   = `{"messages":[{"role":"user","content":"Hi"}]}`
	chatStream  = `{"messages":[{"role":"user","content":"Hi"}],"stream":true}`
	routeServer = `{"promptLength":5000,"capabilities":{}}`
)

// ask sends a request as somebody, nobody if who is empty, and returns the response to
// be read.
func (r *rig) ask(ctx context.Context, who, method, path, body string) *http.Response {
	r.t.Helper()
	req, err := http.NewRequestWithContext(ctx, method, r.url+path, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if who != "" {
		req.Header.Set("Authorization", "Bearer "+who)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	return resp
}

// post asks as alice, and reads the answer.
func (r *rig) post(path, body string) (status int, answer string) {
	r.t.Helper()
	return r.do(alice, http.MethodPost, path, body)
}

func (r *rig) do(who, method, path, body string) (status int, answer string) {
	r.t.Helper()
	resp := r.ask(context.Background(), who, method, path, body)
	defer resp.Body.Close()
	read, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return resp.StatusCode, string(read)
}

// report sends reports under a fresh grant of alice's; %s in each stands for its ID.
func (r *rig) report(reports ...string) {
	r.t.Helper()
	_, body := r.do(alice, http.MethodGet, "/browser/policy", "")
	var snapshot struct{ Grant policy.Grant }
	if err := json.Unmarshal([]byte(body), &snapshot); err != nil {
		r.t.Fatal(err)
	}
	for i, report := range reports {
		reports[i] = fmt.Sprintf(report, fmt.Sprintf("%s.%d", snapshot.Grant.ID, i+1))
	}
	batch := `{"grant":"` + snapshot.Grant.Token + `","reports":[` + strings.Join(reports, ",") + `]}`
	for range 2 { // a page that got no answer sends it again
		if status, answer := r.do("", http.MethodPost, "/browser/analytics", batch); status != http.StatusAccepted {
			r.t.Fatalf("%d %s", status, answer)
		}
	}
}

// ended returns the spans, once every handler is through.
func (r *rig) ended() tracetest.SpanStubs {
	r.server.Close()
	return r.spans.GetSpans()
}

// collect returns the metrics, once every handler is through.
func (r *rig) collect() []metricdata.Metrics {
	r.t.Helper()
	r.server.Close()
	var all metricdata.ResourceMetrics
	if err := r.reader.Collect(context.Background(), &all); err != nil {
		r.t.Fatal(err)
	}
	if len(all.ScopeMetrics) == 0 {
		return nil
	}
	if len(all.ScopeMetrics) > 1 {
		r.t.Errorf("there are %d scopes, want one", len(all.ScopeMetrics))
	}
	return all.ScopeMetrics[0].Metrics
}

// points are a metric's, each as its attributes and what was counted: a counter's sum,
// or how often a histogram was given a value, and which if it is in tokens.
func points(m metricdata.Metrics) (lines []string) {
	add := func(set attribute.Set, value any) {
		lines = append(lines, fmt.Sprintf("%s{%s} %v", m.Name, set.Encoded(attribute.DefaultEncoder()), value))
	}
	switch data := m.Data.(type) {
	case metricdata.Sum[int64]:
		for _, p := range data.DataPoints {
			add(p.Attributes, p.Value)
		}
	case metricdata.Histogram[int64]:
		for _, p := range data.DataPoints {
			add(p.Attributes, fmt.Sprintf("%dx %d", p.Count, p.Sum))
		}
	case metricdata.Histogram[float64]:
		for _, p := range data.DataPoints {
			add(p.Attributes, fmt.Sprintf("%dx", p.Count))
		}
	default:
		panic(fmt.Sprintf("%s has %T", m.Name, m.Data))
	}
	slices.Sort(lines)
	return lines
}

// describe writes a span, and below it its attributes in order.
func describe(s tracetest.SpanStub) string {
	line := s.SpanKind.String() + " " + s.Name
	if s.Status.Code != codes.Unset {
		line += " " + s.Status.Code.String()
	}
	attrs := make([]string, len(s.Attributes))
	for i, a := range s.Attributes {
		value := a.Value.String()
		switch a.Key {
		case "edgewise.decision.revision", "gen_ai.response.time_to_first_chunk", "enduser.pseudo.id":
			value = "*"
		}
		attrs[i] = "\n    " + string(a.Key) + "=" + value
	}
	slices.Sort(attrs)
	return line + strings.Join(attrs, "")
}
