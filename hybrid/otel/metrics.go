package otel

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/edgewise-ai/edgewise/hybrid"
	"github.com/edgewise-ai/edgewise/hybrid/ledger"
	"github.com/edgewise-ai/edgewise/policy"
)

// metrics are the instruments. Their attributes have few values: endpoints, models
// that the backend serves, and codes and reasons that the server gave. Nothing that
// a page sent is among them, nor who asked.
type metrics struct {
	requestDuration   metric.Float64Histogram
	operationDuration metric.Float64Histogram
	timeToFirstChunk  metric.Float64Histogram
	tokens            tokenMetrics

	decisions   metric.Int64Counter
	fallbacks   metric.Int64Counter
	cost        metric.Int64Counter
	avoidedCost metric.Int64Counter

	browserAnswers    metric.Int64Counter
	browserTokens     metric.Int64Counter
	browserDuration   metric.Float64Histogram
	browserFirstToken metric.Float64Histogram
}

func newMetrics(meter metric.Meter, names Names) (*metrics, error) {
	b := builder{meter: meter}
	m := &metrics{
		requestDuration:   b.seconds(metricRequestDuration),
		operationDuration: b.seconds(metricOperationDuration),
		timeToFirstChunk:  b.seconds(metricTimeToFirstChunk),
		tokens:            newTokenMetrics(&b, names),
		decisions:         b.counter(metricDecisions),
		fallbacks:         b.counter(metricFallbacks),
		cost:              b.counter(metricCost),
		avoidedCost:       b.counter(metricAvoidedCost),
		browserAnswers:    b.counter(metricBrowserAnswers),
		browserTokens:     b.counter(metricBrowserTokens),
		browserDuration:   b.seconds(metricBrowserDuration),
		browserFirstToken: b.seconds(metricBrowserFirstToken),
	}
	return m, b.err
}

// builder makes instruments and collects what goes wrong.
type builder struct {
	meter metric.Meter
	err   error
}

func (b *builder) seconds(d definition) metric.Float64Histogram {
	h, err := b.meter.Float64Histogram(d.name, metric.WithUnit(d.unit), metric.WithDescription(d.description),
		metric.WithExplicitBucketBoundaries(d.buckets...))
	b.err = errors.Join(b.err, err)
	return h
}

func (b *builder) counts(d definition) metric.Int64Histogram {
	h, err := b.meter.Int64Histogram(d.name, metric.WithUnit(d.unit), metric.WithDescription(d.description),
		metric.WithExplicitBucketBoundaries(d.buckets...))
	b.err = errors.Join(b.err, err)
	return h
}

func (b *builder) counter(d definition) metric.Int64Counter {
	c, err := b.meter.Int64Counter(d.name, metric.WithUnit(d.unit), metric.WithDescription(d.description))
	b.err = errors.Join(b.err, err)
	return c
}

// requestEnded counts any request.
func (m *metrics) requestEnded(ctx context.Context, endpoint string, e *ending) {
	a := append(make([]attribute.KeyValue, 0, 2), attribute.String(attrEndpoint, endpoint))
	m.requestDuration.Record(ctx, e.duration.Seconds(), with(appendString(a, attrErrorType, e.code)))
}

// decided counts a decision of the router.
func (m *metrics) decided(ctx context.Context, e hybrid.RequestDecided) {
	a := append(make([]attribute.KeyValue, 0, 3), attribute.String(attrTarget, e.Target.String()), attribute.String(attrReason, string(e.Reason)))
	if e.Fallback != policy.None {
		a = append(a, attribute.String(attrFallback, e.Fallback.String()))
	}
	m.decisions.Add(ctx, 1, with(a))
}

// answered counts a request that reached the backend, whatever came of it. One that
// was refused before that is no operation of the backend's.
func (m *metrics) answered(ctx context.Context, provider string, first time.Duration, e *ending) {
	a := []attribute.KeyValue{
		attribute.String(attrOperation, operationChat),
		attribute.String(attrProvider, provider),
		attribute.String(attrModel, e.entry.Model),
	}
	operation := attribute.NewSet(a...)
	outcome := operation
	if e.code != "" {
		outcome = attribute.NewSet(append(a, attribute.String(attrErrorType, e.code))...)
	}
	m.operationDuration.Record(ctx, e.duration.Seconds(), metric.WithAttributeSet(outcome))
	if first > 0 {
		m.timeToFirstChunk.Record(ctx, first.Seconds(), metric.WithAttributeSet(operation))
	}
	m.tokens.record(ctx, a, outcome, e.entry)
	m.spent(ctx, e.entry, []attribute.KeyValue{
		attribute.String(attrSource, string(ledger.Server)), attribute.String(attrModel, e.entry.Model),
	})
}

// spent counts what an answer cost, and whether it was the second try.
func (m *metrics) spent(ctx context.Context, e *ledger.Entry, a []attribute.KeyValue) {
	if e.CostMicroUSD == 0 && e.AvoidedMicroUSD == 0 && !e.Fallback {
		return
	}
	set := with(a)
	if e.CostMicroUSD != 0 {
		m.cost.Add(ctx, e.CostMicroUSD, set)
	}
	if e.AvoidedMicroUSD != 0 {
		m.avoidedCost.Add(ctx, e.AvoidedMicroUSD, set)
	}
	if e.Fallback {
		m.fallbacks.Add(ctx, 1, set)
	}
}

// with makes attributes an option. It sorts them where they are: whoever goes on with
// a shorter slice of them must have left no room to append in.
func with(a []attribute.KeyValue) metric.MeasurementOption {
	return metric.WithAttributeSet(attribute.NewSet(a...))
}
