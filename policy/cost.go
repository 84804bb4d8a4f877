package policy

import (
	"cmp"
	"context"

	"github.com/edgewise-ai/edgewise/registry"
)

// Cost prefers the cheaper side: cheaper_in_browser or cheaper_on_server. The
// server costs its tokens; the browser costs the operator the candidate's
// download, spread over the requests expected of the device, and nothing once
// the model is there. The policy abstains when a price is unknown or the
// difference is not worth it.
type Cost struct {
	// MinSavingMicroUSD is the least difference that counts, a request, in
	// millionths of a US dollar. Defaults to 10, an eighth of what the book's
	// average answer costs: 200 tokens at $0.39 a million (chapter 5.5.8);
	// 0 means the default.
	MinSavingMicroUSD int64 `json:"minSavingMicroUSD,omitempty"`

	// ExpectedRequests is over how many requests of one device a download is
	// spread. Defaults to 300: ten a day for a month (book chapter 5.5.8,
	// "10 requests/day"); 0 means the default.
	ExpectedRequests int64 `json:"expectedRequests,omitempty"`
}

// Defaults of [Cost].
const (
	DefaultMinSavingMicroUSD = 10  // millionths of a US dollar a request
	DefaultExpectedRequests  = 300 // requests of one device
)

// Name implements [Namer].
func (Cost) Name() string { return NameCost }

// Validate reports an option out of range.
func (p Cost) Validate() error {
	return checkOptions(
		option{name: "MinSavingMicroUSD", value: p.MinSavingMicroUSD},
		option{name: "ExpectedRequests", value: p.ExpectedRequests},
	)
}

func (p Cost) withDefaults() Cost {
	p.MinSavingMicroUSD = cmp.Or(p.MinSavingMicroUSD, DefaultMinSavingMicroUSD)
	p.ExpectedRequests = cmp.Or(p.ExpectedRequests, DefaultExpectedRequests)
	return p
}

func (p Cost) settled() portable { return p.withDefaults() }

// Evaluate implements [Policy].
func (p Cost) Evaluate(_ context.Context, in *Input) (Verdict, error) {
	p = p.withDefaults()
	server, browser, known := p.costs(in)
	switch {
	case !known:
		return Verdict{}, nil
	case server-browser >= p.MinSavingMicroUSD:
		return Verdict{Prefer: Browser, Reason: CheaperInBrowser}, nil
	case browser-server >= p.MinSavingMicroUSD:
		return Verdict{Prefer: Server, Reason: CheaperOnServer}, nil
	}
	return Verdict{}, nil
}

// Explain implements [Explainer].
func (p Cost) Explain(in *Input) map[string]int64 {
	p = p.withDefaults()
	detail := map[string]int64{"minSavingMicroUSD": p.MinSavingMicroUSD}
	if server, browser, known := p.costs(in); known {
		detail["serverMicroUSD"], detail["browserMicroUSD"] = server, browser
	}
	return detail
}

// costs are what the request costs the operator on either side, in millionths of a
// US dollar. A candidate of which the page does not say where it is may have to be
// downloaded. p has its defaults.
func (p Cost) costs(in *Input) (server, browser int64, known bool) {
	prices := in.Subject.Prices
	if prices == nil || in.Candidate == nil {
		return 0, 0, false
	}
	server = prices.tokens(in.Request.Tokens(), prices.PromptMicroUSDPerMTok) +
		prices.tokens(in.Request.OutputTokens(), prices.CompletionMicroUSDPerMTok)
	if s := in.CandidateState.Status; s != registry.Cached && s != registry.Loaded {
		megabytes := min(in.Candidate.SizeBytes/1_000_000, maxPricedMegabytes)
		browser = megabytes * prices.EgressMicroUSDPerGB / 1_000 / p.ExpectedRequests
	}
	return server, browser, true
}
