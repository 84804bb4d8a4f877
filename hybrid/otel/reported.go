package otel

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"

	"github.com/edgewise-ai/edgewise/hybrid"
	"github.com/edgewise-ai/edgewise/hybrid/ledger"
	"github.com/edgewise-ai/edgewise/registry"
)

// reported counts what pages say that they generated. These are claims, so they stay
// out of gen_ai.*, which is measured, and their words are no attributes: a page could
// make up as many as it likes. What can't be true is counted as an answer alone. A
// batch that the ledger knows, or had no room for, is not counted at all; one that it
// knows in part is counted whole.
func (m *metrics) reported(ctx context.Context, r hybrid.RequestReported) {
	if r.Receipt.Accepted == 0 {
		return
	}
	for i := range r.Entries {
		e := &r.Entries[i]
		engine := []attribute.KeyValue{attribute.String(attrEngine, knownEngine(e.Framework))}
		answer := appendString(engine, attrSuspect, e.Suspect)
		if !e.Success {
			answer = append(answer, attribute.String(attrErrorType, other))
		}
		m.browserAnswers.Add(ctx, 1, with(answer))
		if e.Suspect == "" {
			m.believed(ctx, e, engine)
		}
	}
}

func (m *metrics) believed(ctx context.Context, e *ledger.Entry, engine []attribute.KeyValue) {
	for _, side := range [...]struct {
		name  string
		count int64
	}{{tokenInput, e.PromptTokens}, {tokenOutput, e.CompletionTokens}} {
		if side.count > 0 {
			m.browserTokens.Add(ctx, side.count, with(append(engine, attribute.String(attrTokenType, side.name))))
		}
	}
	set := with(engine)
	if e.Success && e.LatencyMs > 0 {
		m.browserDuration.Record(ctx, seconds(e.LatencyMs), set)
	}
	if e.TTFTMs > 0 {
		m.browserFirstToken.Record(ctx, seconds(e.TTFTMs), set)
	}
	m.spent(ctx, e, []attribute.KeyValue{attribute.String(attrSource, string(ledger.Browser))})
}

func seconds(ms int64) float64 { return (time.Duration(ms) * time.Millisecond).Seconds() }

// knownEngine is the engine's name, if the client has one for it.
func knownEngine(name string) string {
	switch name {
	case registry.WebLLM, registry.Transformers, registry.Wllama, registry.ONNX, registry.PromptAPI:
		return name
	default:
		return other
	}
}
