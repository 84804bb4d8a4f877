package hybrid

import (
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
	// fastestMemory bounds decoding: each token takes reading all weights once. In
	// bytes a second; the widest memory of a graphics card that people own is that
	// of the GeForce RTX 5090, 1,792 GB/s by NVIDIA's data sheet.
	fastestMemory = 2_000_000_000_000

	// fastestDecoding bounds the speed of small models, and of those whose size
	// nobody knows: thousandths of a token a second. A kernel launch takes some
	// microseconds, and a token hundreds of them.
	fastestDecoding = 10_000_000

	// shortAnswer is how many tokens tell nothing of the speed: they may come at
	// once.
	shortAnswer = 16

	// estimateSlack is by how much a page's count may be off, which estimates it
	// where its engine doesn't count.
	estimateSlack = 2

	// maxClaimedTokens is the most tokens of one answer, each way: eight times the
	// longest context window of today.
	maxClaimedTokens = 1 << 23
)

// judge completes the entry of a report: with who decided, with what the answer would
// have cost on the server, and with why it can't be true, if it can't. model is nil if
// the registry doesn't have it.
func (r *Router) judge(e *ledger.Entry, p *report, g *grant, model *registry.Model) {
	switch decided := r.keys.decided(p.DecisionID, g.Identity); {
	case !decided && p.DecisionID != "":
		e.Suspect = suspectDecision
	case decided && !r.uses.take(p.DecisionID, p.ID):
		e.Suspect = suspectReports
	case decided:
		e.DecidedBy = byServer
	}
	if tooFast(p, model) {
		e.Suspect = suspectSpeed
	}
	if model != nil && model.ContextWindow > 0 &&
		e.PromptTokens+e.CompletionTokens > estimateSlack*int64(model.ContextWindow) {
		e.Suspect = suspectTokens
	}
	if e.Success && e.Suspect == "" {
		prices := policy.Prices{PromptMicroUSDPerMTok: g.PromptPrice, CompletionMicroUSDPerMTok: g.CompletionPrice}
		e.AvoidedMicroUSD = prices.Tokens(e.PromptTokens, e.CompletionTokens)
	}
}

// tooFast reports whether no device generates as fast as the page claims, by its own
// word or by its times.
func tooFast(p *report, model *registry.Model) bool {
	fastest := int64(fastestDecoding)
	if model != nil && model.SizeBytes > 0 {
		fastest = min(fastest, fastestMemory*1000/model.SizeBytes)
	}
	if p.CompletionTokens < shortAnswer {
		return false
	}
	// Times are rounded to milliseconds: the answer may have taken one more.
	byTimes := min(p.CompletionTokens, maxClaimedTokens) * 1_000_000 / (p.LatencyMs + 1)
	return max(p.TokensPerSecondMilli, byTimes) > fastest
}
