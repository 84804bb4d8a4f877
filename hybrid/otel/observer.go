package otel

import (
	"context"
	"encoding/json"
	"time"

	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/edgewise-ai/edgewise/hybrid"
	"github.com/edgewise-ai/edgewise/hybrid/ledger"
	"github.com/edgewise-ai/edgewise/policy"
)

// NewObserver returns an observer for [hybrid.Options.Observers] that turns what it
// is told into spans and metrics. It keeps no goroutine and needs no closing: what
// it made lies with the providers, which the app flushes and shuts down.
//
// It fails if an option makes no sense or the MeterProvider refuses a metric.
func NewObserver(opts Options) (hybrid.Observer, error) {
	opts, err := opts.withDefaults()
	if err != nil {
		return hybrid.Observer{}, err
	}
	m, err := newMetrics(opts.MeterProvider.Meter(scope), opts.Names)
	if err != nil {
		return hybrid.Observer{}, err
	}
	o := &observer{opts: opts, tracer: opts.TracerProvider.Tracer(scope), metrics: m}
	hooks := hybrid.Observer{
		Begun:     o.begun,
		Decided:   o.decided,
		FirstByte: o.firstByte,
		Reported:  m.reported,
		Finished: func(ctx context.Context, e hybrid.RequestFinished) {
			o.ended(ctx, ending{who: e.Identity, duration: e.Duration, entry: e.Entry})
		},
		Failed: func(ctx context.Context, e hybrid.RequestFailed) {
			o.ended(ctx, ending{who: e.Identity, duration: e.Duration, entry: e.Entry, status: e.Status, code: e.Code})
		},
	}
	if opts.CaptureContent {
		hooks.Prompted = o.prompted
	}
	return hooks, nil
}

// observer is what the hooks share.
type observer struct {
	opts    Options
	tracer  trace.Tracer
	metrics *metrics
}

// request is what is remembered of a request from one hook to the next.
type request struct {
	endpoint string
	began    time.Time
	span     trace.Span    // one that records nothing for requests that have none
	first    time.Duration // until the first chunk of a stream, 0 if there was none
}

// ending is how a request ended, whether finished or failed.
type ending struct {
	who      policy.Identity
	duration time.Duration
	entry    *ledger.Entry // nil if nothing reached the backend
	status   int
	code     string // empty if it was answered as it should be
}

// requestKey finds a request in its context. Each observer has its own.
type requestKey struct{ *observer }

func (o *observer) request(ctx context.Context) *request {
	return ctx.Value(requestKey{o}).(*request)
}

// Endpoints that get a span.
const (
	endpointChat     = "/chat/completions"
	endpointGenerate = "/generate"
	endpointRoute    = "/browser/route"
)

func (o *observer) begun(ctx context.Context, e hybrid.RequestBegun) context.Context {
	r := &request{endpoint: e.Endpoint, began: e.Time}
	switch e.Endpoint {
	case endpointChat, endpointGenerate:
		ctx, r.span = o.startChat(ctx, e)
	case endpointRoute:
		ctx, r.span = o.startRoute(ctx, e)
	case "": // the path is whatever a stranger typed
		r.endpoint, r.span = other, noop.Span{}
	default:
		r.span = noop.Span{}
	}
	return context.WithValue(ctx, requestKey{o}, r)
}

func (o *observer) decided(ctx context.Context, e hybrid.RequestDecided) {
	r := o.request(ctx)
	if r.endpoint == endpointRoute {
		o.metrics.decided(ctx, e)
	}
	if r.span.IsRecording() {
		r.span.SetAttributes(decisionAttributes(e)...)
	}
}

func (o *observer) firstByte(ctx context.Context, e hybrid.RequestFirstByte) {
	if e.Stream {
		o.request(ctx).first = e.SinceBegun
	}
}

func (o *observer) prompted(ctx context.Context, messages json.RawMessage) {
	span := o.request(ctx).span
	if !span.IsRecording() {
		return
	}
	text, truncated := inputMessages(messages, o.opts.MaxContentBytes)
	span.SetAttributes(appendTrue(appendString(nil, attrInputMessages, text), attrContentTruncated, truncated)...)
}

func (o *observer) ended(ctx context.Context, e ending) {
	r := o.request(ctx)
	o.metrics.requestEnded(ctx, r.endpoint, &e)
	if e.entry != nil {
		o.metrics.answered(ctx, o.provider(e.entry), r.first, &e)
	}
	if r.span.IsRecording() {
		o.describe(r, &e)
	}
	r.span.End(trace.WithTimestamp(r.began.Add(e.duration)))
}

// provider is that of the endpoint that answered or failed last.
func (o *observer) provider(e *ledger.Entry) string {
	if own, ok := o.opts.Providers[e.Endpoint]; ok {
		return own
	}
	return o.opts.Provider
}
