package hybrid

import (
	"cmp"

	"github.com/edgewise-ai/edgewise/hybrid/ledger"
	"github.com/edgewise-ai/edgewise/policy"
	"github.com/edgewise-ai/edgewise/registry"
)

// Codes of claims that can't be true, for [ledger.Entry.Suspect].
const (
	suspectSpeed    = "too_fast"
	suspectTokens   = "too_many_tokens"
	suspectDecision = "unknown_decision"
	suspectReports  = "too_many_reports"
)

const (
	// fastestMemory bounds decoding: each token takes reading the weights once. In
	// bytes a second; the widest memory of a graphics card that people own is that
	// of the GeForce RTX 5090, 1,792 GB/s by NVIDIA's data sheet. A mixture of experts
	// reads but a part of its weights: an eighth, to be generous.
	fastestMemory = 8 * 2_000_000_000_000

	// fastestDecoding bounds the speed of small models, and of those whose size
	// nobody knows: thousandths of a token a second. A kernel launch takes some
	// microseconds, and a token hundreds of them.
	fastestDecoding = 10_000_000

	// clockGrain is how far a page's times may be off, in milliseconds: browsers that
	// resist fingerprinting round their clocks to 100.
	clockGrain = 100

	// estimateSlack is by how much a page's count may be off, which estimates it
	// where its engine doesn't count.
	estimateSlack = 2

	// longestWindow is the context of models that the registry doesn't have, in
	// tokens: that of the longest which run in browsers.
	longestWindow = 128 << 10

	// maxClaimedTokens bounds what is written down of a claim, each way.
	maxClaimedTokens = 1 << 23
)

// judge completes the entry of a report: with who decided, with what the answer would
// have cost on the server, and with why it can't be true, if it can't. model is nil if
// the registry doesn't have it: then nothing says that the answer replaced any.
func (r *Router) judge(e *ledger.Entry, p *report, g *grant, model *registry.Model) {
	e.Reason, e.DecidedBy = r.decided(p.DecisionID, g.Identity, p.Reason)
	e.DecidedBy = cmp.Or(e.DecidedBy, byPage)
	fastest, window := int64(fastestDecoding), int64(longestWindow)
	if model == nil {
		e.Model = other
	} else {
		window = int64(model.ContextWindow)
		if model.SizeBytes > 0 {
			fastest = min(fastest, fastestMemory/model.SizeBytes*1000)
		}
	}
	switch byTimes := e.CompletionTokens * 1_000_000 / (e.LatencyMs + clockGrain); {
	case e.DecidedBy != byServer && p.DecisionID != "":
		e.Suspect = suspectDecision
	case e.DecidedBy == byServer && !r.uses.take(p.DecisionID, p.ID):
		e.Suspect = suspectReports
	case e.LatencyMs > 0 && byTimes > fastest:
		e.Suspect = suspectSpeed
	case window > 0 && max(p.PromptTokens, p.CompletionTokens, e.PromptTokens+e.CompletionTokens) > estimateSlack*window:
		e.Suspect = suspectTokens
	}
	// By its own word a page that got its answer in one piece may have been any speed.
	e.TokensPerSecondMilli = min(e.TokensPerSecondMilli, fastest)
	if e.Success && e.Suspect == "" && model != nil {
		prices := policy.Prices{PromptMicroUSDPerMTok: g.PromptPrice, CompletionMicroUSDPerMTok: g.CompletionPrice}
		e.AvoidedMicroUSD = prices.Tokens(e.PromptTokens, e.CompletionTokens)
	}
}
