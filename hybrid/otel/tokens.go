package otel

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/edgewise-ai/edgewise/hybrid/ledger"
)

// tokenMetrics count the tokens that the backend reported, under one set of names.
// An estimate is none: the conventions want what was counted, and the ledger has
// the rest. operation are attributes of the request, and outcome those with its error.
type tokenMetrics interface {
	record(ctx context.Context, operation []attribute.KeyValue, outcome attribute.Set, e *ledger.Entry)
}

func newTokenMetrics(b *builder, names Names) tokenMetrics {
	if names == NamesLatest {
		return latestTokens{
			usageInput:      b.counter(metricUsageInput),
			usageOutput:     b.counter(metricUsageOutput),
			operationInput:  b.counts(metricOperationInput),
			operationOutput: b.counts(metricOperationOutput),
		}
	}
	return widespreadTokens{b.counts(metricTokenUsage)}
}

// widespreadTokens leave out what is unknown.
type widespreadTokens struct{ usage metric.Int64Histogram }

func (t widespreadTokens) record(ctx context.Context, operation []attribute.KeyValue, _ attribute.Set, e *ledger.Entry) {
	if e.Estimated {
		return
	}
	for _, side := range [...]struct {
		name  string
		count int64
	}{{tokenInput, e.PromptTokens}, {tokenOutput, e.CompletionTokens}} {
		if side.count > 0 {
			t.usage.Record(ctx, side.count, with(append(operation, attribute.String(attrTokenType, side.name))))
		}
	}
}

// latestTokens count every operation, with 0 where no usage came. The ledger knows
// no modalities, and no cached or reasoning tokens.
type latestTokens struct {
	usageInput, usageOutput         metric.Int64Counter
	operationInput, operationOutput metric.Int64Histogram
}

func (t latestTokens) record(ctx context.Context, operation []attribute.KeyValue, outcome attribute.Set, e *ledger.Entry) {
	input, output := e.PromptTokens, e.CompletionTokens
	if e.Estimated {
		input, output = 0, 0
	}
	usage := with(append(operation, attribute.String(attrTokenModality, modalityUnknown)))
	t.usageInput.Add(ctx, input, usage)
	t.usageOutput.Add(ctx, output, usage)
	perOperation := metric.WithAttributeSet(outcome)
	t.operationInput.Record(ctx, input, perOperation)
	t.operationOutput.Record(ctx, output, perOperation)
}
