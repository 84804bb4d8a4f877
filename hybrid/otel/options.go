package otel

import (
	"cmp"
	"fmt"
	"maps"

	api "go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
)

// Options configure [NewObserver]. The zero value is useful.
type Options struct {
	// TracerProvider makes the spans. Defaults to the global one.
	TracerProvider trace.TracerProvider

	// MeterProvider makes the metrics. Defaults to the global one.
	MeterProvider metric.MeterProvider

	// Names says how token counts are called. Defaults to [NamesByEnvironment].
	Names Names

	// Provider is the gen_ai.provider.name of the backend: one of the conventions'
	// values, such as "azure.ai.openai", or a name of your own. Defaults to "openai",
	// whose protocol backends speak.
	Provider string

	// Providers are those of a pool's endpoints, by endpoint name, where they differ
	// from Provider. Defaults to none.
	Providers map[string]string

	// InProcess says that the model runs in this process: spans are then INTERNAL
	// instead of CLIENT. Defaults to false.
	InProcess bool

	// CaptureIdentity puts the hash of the identity's subject, as the ledger has it,
	// on spans of requests that reached the backend, as enduser.pseudo.id. Metrics never
	// have it. Defaults to false.
	CaptureIdentity bool

	// CaptureContent puts prompts on spans, as gen_ai.input.messages. They hold what
	// users wrote, and go wherever the spans go. Answers are never captured. Defaults
	// to false: no telemetry holds any text.
	CaptureContent bool

	// MaxContentBytes is the most bytes of prompt on one span, before JSON escapes
	// them. The newest messages are kept, and edgewise.content.truncated says that
	// there was more. Defaults to 16 KiB.
	MaxContentBytes int
}

// Defaults of [Options].
const (
	DefaultProvider        = "openai"
	DefaultMaxContentBytes = 16 << 10
)

// withDefaults returns a copy in which every field is filled in.
func (o Options) withDefaults() (Options, error) {
	if o.MaxContentBytes < 0 {
		return o, fmt.Errorf("otel: Options.MaxContentBytes is %d: want 0 (the default, %d) or more", o.MaxContentBytes, DefaultMaxContentBytes)
	}
	var err error
	if o.Names, err = o.Names.resolve(); err != nil {
		return o, err
	}
	if o.TracerProvider == nil {
		o.TracerProvider = api.GetTracerProvider()
	}
	if o.MeterProvider == nil {
		o.MeterProvider = api.GetMeterProvider()
	}
	o.Provider = cmp.Or(o.Provider, DefaultProvider)
	o.Providers = maps.Clone(o.Providers)
	o.MaxContentBytes = cmp.Or(o.MaxContentBytes, DefaultMaxContentBytes)
	return o, nil
}
