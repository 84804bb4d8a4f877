package otel

import (
	"context"
	"net/http"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/edgewise-ai/edgewise/backend"
	"github.com/edgewise-ai/edgewise/hybrid"
	"github.com/edgewise-ai/edgewise/hybrid/ledger"
	"github.com/edgewise-ai/edgewise/policy"
)

// startChat begins the span of a generating request. It is a client's, for the
// router is one of the backend; its model is known at the end.
func (o *observer) startChat(ctx context.Context, e hybrid.RequestBegun) (context.Context, trace.Span) {
	kind := trace.SpanKindClient
	if o.opts.InProcess {
		kind = trace.SpanKindInternal
	}
	// A sampler may want to see these.
	return o.tracer.Start(ctx, spanChat, trace.WithTimestamp(e.Time), trace.WithSpanKind(kind), trace.WithAttributes(
		attribute.String(attrOperation, operationChat),
		attribute.String(attrProvider, o.opts.Provider),
		attribute.String(attrEndpoint, e.Endpoint),
	))
}

func (o *observer) startRoute(ctx context.Context, e hybrid.RequestBegun) (context.Context, trace.Span) {
	return o.tracer.Start(ctx, spanRoute, trace.WithTimestamp(e.Time), trace.WithSpanKind(trace.SpanKindInternal))
}

// decisionAttributes describe a decision, without what it leaves empty.
func decisionAttributes(e hybrid.RequestDecided) []attribute.KeyValue {
	a := make([]attribute.KeyValue, 0, 5)
	a = append(a, attribute.String(attrTarget, e.Target.String()), attribute.String(attrRevision, e.Revision))
	if e.Fallback != policy.None {
		a = append(a, attribute.String(attrFallback, e.Fallback.String()))
	}
	a = appendString(a, attrReason, string(e.Reason))
	return appendString(a, attrBrowserModel, e.Model)
}

// describe puts what is known at the end of a request on its span.
func (o *observer) describe(r *request, e *ending) {
	a := appendString(make([]attribute.KeyValue, 0, 16), attrTier, e.who.Tier)
	a = appendString(a, attrErrorType, e.code)
	if r.first > 0 {
		a = append(a, attribute.Bool(attrStream, true), attribute.Float64(attrTimeToFirstChunk, r.first.Seconds()))
	}
	if e.entry != nil {
		a = o.appendAnswer(a, e.entry)
		r.span.SetName(spanChat + " " + e.entry.Model)
	}
	r.span.SetAttributes(a...)
	if e.failed() {
		r.span.SetStatus(codes.Error, "")
	}
}

// failed reports whether a request that did not end well is an error of this side:
// one of the backend, or of our own. A refusal is an answer, as a 4xx is on a
// server's span; and who goes away leaves a failure that is nobody's.
func (e *ending) failed() bool {
	if e.code == "" || e.code == string(backend.CodeCanceled) {
		return false
	}
	return e.entry != nil || e.status >= http.StatusInternalServerError
}

// appendAnswer adds what the ledger got, without what is unknown.
func (o *observer) appendAnswer(a []attribute.KeyValue, e *ledger.Entry) []attribute.KeyValue {
	a = append(a, attribute.String(attrModel, e.Model), attribute.Int(attrAttempts, e.Attempts))
	if provider := o.provider(e); provider != o.opts.Provider {
		a = append(a, attribute.String(attrProvider, provider))
	}
	if e.FinishReason != "" {
		a = append(a, attribute.StringSlice(attrFinishReasons, []string{e.FinishReason}))
	}
	a = appendInt(a, attrInputTokens, e.PromptTokens)
	a = appendInt(a, attrOutputTokens, e.CompletionTokens)
	a = appendInt(a, attrCost, e.CostMicroUSD)
	a = appendTrue(a, attrEstimated, e.Estimated)
	a = appendTrue(a, attrFellBack, e.Fallback)
	a = appendString(a, attrUpstream, e.Endpoint)
	a = appendString(a, attrReason, e.Reason)
	a = appendString(a, attrDecidedBy, e.DecidedBy)
	if o.opts.CaptureIdentity {
		a = appendString(a, attrUser, e.Identity)
	}
	return a
}

// A ledger's zero value means unknown, and what is unknown is no attribute.

func appendString(a []attribute.KeyValue, key, value string) []attribute.KeyValue {
	if value == "" {
		return a
	}
	return append(a, attribute.String(key, value))
}

func appendInt(a []attribute.KeyValue, key string, value int64) []attribute.KeyValue {
	if value == 0 {
		return a
	}
	return append(a, attribute.Int64(key, value))
}

func appendTrue(a []attribute.KeyValue, key string, value bool) []attribute.KeyValue {
	if !value {
		return a
	}
	return append(a, attribute.Bool(key, true))
}
