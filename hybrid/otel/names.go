package otel

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

// Names says which of the GenAI conventions' names for token counts are emitted.
// The conventions are still in development, and tools read what is widespread.
type Names int

const (
	// NamesByEnvironment means: NamesWidespread, unless the environment variable
	// OTEL_SEMCONV_STABILITY_OPT_IN lists gen_ai_latest_experimental.
	NamesByEnvironment Names = iota

	// NamesWidespread is the histogram gen_ai.client.token.usage, which nearly every
	// tool reads.
	NamesWidespread

	// NamesLatest is what is to replace it: the counters gen_ai.client.inference.usage.*
	// for sums and the histograms gen_ai.client.inference.operation.* for percentiles,
	// as open-telemetry/semantic-conventions-genai drafts them at 066d4a7.
	NamesLatest
)

const (
	optInVariable = "OTEL_SEMCONV_STABILITY_OPT_IN"
	optInLatest   = "gen_ai_latest_experimental"
)

// resolve turns n into NamesWidespread or NamesLatest.
func (n Names) resolve() (Names, error) {
	switch n {
	case NamesWidespread, NamesLatest:
		return n, nil
	case NamesByEnvironment:
		if slices.ContainsFunc(strings.Split(os.Getenv(optInVariable), ","), func(word string) bool {
			return strings.TrimSpace(word) == optInLatest
		}) {
			return NamesLatest, nil
		}
		return NamesWidespread, nil
	default:
		return 0, fmt.Errorf("otel: Options.Names is %d: want NamesByEnvironment, NamesWidespread or NamesLatest", n)
	}
}

// scope is the instrumentation scope of everything that is emitted.
const scope = "github.com/edgewise-ai/edgewise/hybrid/otel"

// Names of spans. That of a generating request goes on with its model.
const (
	spanChat  = "chat"
	spanRoute = "route"
)

// Attributes of the GenAI conventions, and the general ones that they use.
const (
	attrErrorType        = "error.type"
	attrUser             = "enduser.pseudo.id"
	attrOperation        = "gen_ai.operation.name"
	attrProvider         = "gen_ai.provider.name"
	attrModel            = "gen_ai.request.model"
	attrStream           = "gen_ai.request.stream"
	attrFinishReasons    = "gen_ai.response.finish_reasons"
	attrTimeToFirstChunk = "gen_ai.response.time_to_first_chunk"
	attrInputTokens      = "gen_ai.usage.input_tokens"
	attrOutputTokens     = "gen_ai.usage.output_tokens"
	attrInputMessages    = "gen_ai.input.messages"
	attrTokenType        = "gen_ai.token.type"
	attrTokenModality    = "gen_ai.token.modality"
)

// Their values.
const (
	operationChat   = "chat"
	tokenInput      = "input"
	tokenOutput     = "output"
	modalityUnknown = "unknown"
	other           = "_OTHER" // a value outside the set that is told apart
)

// Attributes for which there is no convention.
const (
	attrEndpoint         = "edgewise.endpoint"          // path under the prefix
	attrSource           = "edgewise.source"            // "browser" or "server"
	attrTier             = "edgewise.tier"              // of the identity
	attrTarget           = "edgewise.decision.target"   // "browser", "server" or "none"
	attrReason           = "edgewise.decision.reason"   // a policy.Reason
	attrFallback         = "edgewise.decision.fallback" // the other permitted target
	attrBrowserModel     = "edgewise.decision.model"    // that the browser runs, or could
	attrRevision         = "edgewise.decision.revision" // of the policies
	attrDecidedBy        = "edgewise.decision.by"       // "server" or "page"
	attrUpstream         = "edgewise.upstream"          // endpoint of a pool
	attrAttempts         = "edgewise.attempts"          // that the backend made
	attrFellBack         = "edgewise.fell_back"         // another target was tried first
	attrEstimated        = "edgewise.usage.estimated"   // nobody counted the tokens
	attrCost             = "edgewise.cost"              // millionths of a US dollar
	attrContentTruncated = "edgewise.content.truncated" // the messages are not all there
	attrEngine           = "edgewise.engine"            // that generated in a browser
	attrSuspect          = "edgewise.suspect"           // why a report can't be true
)

// definition is a metric's identity.
type definition struct {
	name, unit, description string
	buckets                 []float64 // of a histogram
}

// Buckets that the conventions advise.
var (
	operationSeconds = []float64{0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92}
	requestSeconds   = []float64{0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80} // and longer, for answers
	tokenCounts      = []float64{1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864}
)

// Metrics of the GenAI conventions.
var (
	metricOperationDuration = definition{
		"gen_ai.client.operation.duration", "s", "GenAI operation duration.", operationSeconds,
	}
	metricTimeToFirstChunk = definition{
		"gen_ai.client.operation.time_to_first_chunk", "s", "Time to the first chunk of a streamed answer.", operationSeconds,
	}

	// NamesWidespread.
	metricTokenUsage = definition{
		"gen_ai.client.token.usage", "{token}", "Number of input and output tokens used.", tokenCounts,
	}

	// NamesLatest.
	metricUsageInput = definition{
		"gen_ai.client.inference.usage.input_tokens", "{token}", "The number of input (prompt) tokens used.", nil,
	}
	metricUsageOutput = definition{
		"gen_ai.client.inference.usage.output_tokens", "{token}", "The number of output (completion) tokens used.", nil,
	}
	metricOperationInput = definition{
		"gen_ai.client.inference.operation.input_tokens", "{token}", "The number of input (prompt) tokens used per operation.", tokenCounts,
	}
	metricOperationOutput = definition{
		"gen_ai.client.inference.operation.output_tokens", "{token}", "The number of output (completion) tokens used per operation.", tokenCounts,
	}
)

// Metrics for which there is no convention.
var (
	metricRequestDuration = definition{
		"edgewise.request.duration", "s", "Duration of requests to the router's endpoints, refused ones too.", requestSeconds,
	}
	metricDecisions = definition{
		"edgewise.decisions", "{decision}", "Routing decisions.", nil,
	}
	metricFallbacks = definition{
		"edgewise.fallbacks", "{answer}", "Answers for which another target was tried first.", nil,
	}
	metricCost = definition{
		"edgewise.cost", "{micro_usd}", "What answers cost, in millionths of a US dollar.", nil,
	}
	metricAvoidedCost = definition{
		"edgewise.avoided_cost", "{micro_usd}", "What answers of browsers would have cost on the server, in millionths of a US dollar.", nil,
	}
	metricBrowserAnswers = definition{
		"edgewise.browser.answers", "{answer}", "Answers that browsers report to have generated.", nil,
	}
	metricBrowserTokens = definition{
		"edgewise.browser.tokens", "{token}", "Tokens of the answers that browsers report.", nil,
	}
	metricBrowserDuration = definition{
		"edgewise.browser.answer.duration", "s", "Duration of the answers that browsers report.", operationSeconds,
	}
	metricBrowserFirstToken = definition{
		"edgewise.browser.answer.time_to_first_token", "s", "Time to the first token of the answers that browsers report.", operationSeconds,
	}
)
