package otel_test

import (
	"slices"
	"strings"
	"testing"

	api "go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/edgewise-ai/edgewise/hybrid"
	hybridotel "github.com/edgewise-ai/edgewise/hybrid/otel"
)

func newObserver(t *testing.T, tracers trace.TracerProvider) hybrid.Observer {
	t.Helper()
	o, err := hybridotel.NewObserver(hybridotel.Options{TracerProvider: tracers, MeterProvider: noop.NewMeterProvider()})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestBadOptions(t *testing.T) {
	for _, test := range []struct {
		opts hybridotel.Options
		want string
	}{
		{hybridotel.Options{Names: 3}, "otel: Options.Names is 3: want NamesByEnvironment, NamesWidespread or NamesLatest"},
		{hybridotel.Options{MaxContentBytes: -1}, "otel: Options.MaxContentBytes is -1: want 0 (the default, 16384) or more"},
		{hybridotel.Options{MeterProvider: refusing{}}, "no edgewise.decisions here"},
	} {
		if _, err := hybridotel.NewObserver(test.opts); err == nil || err.Error() != test.want {
			t.Errorf("%+v gives %v, want %s", test.opts, err, test.want)
		}
	}
}

// refusing makes no counter of decisions.
type refusing struct{ noop.MeterProvider }

func (refusing) Meter(string, ...metric.MeterOption) metric.Meter { return refusingMeter{} }

type refusingMeter struct{ noop.Meter }

func (refusingMeter) Int64Counter(name string, _ ...metric.Int64CounterOption) (metric.Int64Counter, error) {
	if name == "edgewise.decisions" {
		return nil, refusal(name)
	}
	return noop.Int64Counter{}, nil
}

type refusal string

func (r refusal) Error() string { return "no " + string(r) + " here" }

// Without options the app's global providers are used.
func TestGlobalProviders(t *testing.T) {
	spans, reader := tracetest.NewInMemoryExporter(), sdkmetric.NewManualReader()
	tracers, meters := api.GetTracerProvider(), api.GetMeterProvider()
	t.Cleanup(func() {
		api.SetTracerProvider(tracers)
		api.SetMeterProvider(meters)
	})
	api.SetTracerProvider(sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans)))
	api.SetMeterProvider(sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader)))
	r := open(t, func(s *setup) { s.telemetry = hybridotel.Options{} })
	r.spans, r.reader = spans, reader
	r.post("/chat/completions", chatPlain)
	if len(r.ended()) != 1 || len(r.collect()) == 0 {
		t.Error("the global providers got nothing")
	}
}

// The provider is that of the service, or of the pool's endpoint that answered.
func TestProviders(t *testing.T) {
	for _, test := range []struct {
		change     func(*setup)
		kind, want string
	}{
		{func(s *setup) { s.telemetry.Provider, s.telemetry.InProcess = "acme", true }, "internal", "acme"},
		{func(s *setup) { everything(t, s) }, "client", "azure.ai.openai"},
	} {
		r := open(t, test.change)
		r.post("/chat/completions", chatPlain)
		want := "gen_ai.provider.name=" + test.want
		if got := describe(r.ended()[0]); !strings.HasPrefix(got, test.kind+" ") || !strings.Contains(got, want) {
			t.Errorf("the span is %s, want %s, %s", got, test.kind, want)
		}
		for _, m := range r.collect() {
			if strings.HasPrefix(m.Name, "gen_ai.") && !strings.Contains(points(m)[0], want) {
				t.Errorf("%s, want %s", points(m), want)
			}
		}
	}
}

// Which names count tokens is the option's to say, or else the environment's.
func TestNamesSwitch(t *testing.T) {
	const (
		widespread = "gen_ai.client.token.usage"
		latest     = "gen_ai.client.inference.usage.input_tokens"
	)
	for _, test := range []struct {
		names       hybridotel.Names
		environment string
		want        string
	}{
		{hybridotel.NamesByEnvironment, "", widespread},
		{hybridotel.NamesByEnvironment, "http/dup", widespread},
		{hybridotel.NamesByEnvironment, "http/dup, gen_ai_latest_experimental", latest},
		{hybridotel.NamesWidespread, "gen_ai_latest_experimental", widespread},
		{hybridotel.NamesLatest, "", latest},
	} {
		t.Setenv("OTEL_SEMCONV_STABILITY_OPT_IN", test.environment)
		r := open(t, func(s *setup) { s.telemetry.Names = test.names })
		r.post("/chat/completions", chatPlain)
		var got []string
		for _, m := range r.collect() {
			got = append(got, m.Name)
		}
		for _, name := range []string{widespread, latest} {
			if slices.Contains(got, name) != (name == test.want) {
				t.Errorf("%d with %q gives %v, want %s of the two", test.names, test.environment, got, test.want)
			}
		}
	}
}
