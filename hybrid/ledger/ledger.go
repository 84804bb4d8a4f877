// Package ledger keeps account of answered requests: where they ran, how many
// tokens they took and how long. It holds counts, times and codes, and has no
// field that could hold a prompt or an answer.
//
// One [Entry] describes both what a page reports about an answer it generated
// itself and what the server measured of one it generated. [Memory] is the
// ledger to start with. A ledger that does I/O is a [Store] behind a [Queue]:
//
//	handlers -> Ledger.Record -> Queue (bounded) -> Store.Append, in batches
//
// What a ledger holds is read as sums by day, source, model and reason
// ([Reader.Sums]), of which [Summarize] makes a view. Package ledgertest has the
// conformance kits for ledgers and stores of one's own.
package ledger

import (
	"context"
	"time"
)

// Source is the side that generated an answer.
type Source string

// The sources.
const (
	Browser Source = "browser" // reported by a page: a claim
	Server  Source = "server"  // measured by the router
)

// Entry is one answered request, or one attempt that failed. Zero measurements
// mean unknown. Entries are plain data: copying one copies the account.
type Entry struct {
	// ID names the entry: entries with the same ID are one entry. Empty means
	// that nobody will repeat it; a [Queue] gives such an entry one.
	ID string `json:"id,omitempty"`

	Time     time.Time `json:"time"`               // when the request began
	Identity string    `json:"identity,omitempty"` // hash of the identity's subject, never the subject; empty if anonymous
	Tier     string    `json:"tier,omitempty"`     // the identity's tier
	Source   Source    `json:"source"`

	Model     string `json:"model,omitempty"`
	Framework string `json:"framework,omitempty"` // the engine, if a browser generated
	Reason    string `json:"reason,omitempty"`    // why the target was chosen
	DecidedBy string `json:"decidedBy,omitempty"` // "server", or "page", which is a claim

	PromptTokens     int64 `json:"promptTokens,omitempty"`
	CompletionTokens int64 `json:"completionTokens,omitempty"`
	// Estimated says that nobody counted the tokens: an answer was cut before
	// its usage came.
	Estimated bool `json:"estimated,omitempty"`

	// CostMicroUSD is what the answer cost the operator, AvoidedMicroUSD what it
	// would have cost on the server had it not been generated in a browser:
	// millionths of a US dollar, at the prices of that time. Zero without prices.
	CostMicroUSD    int64 `json:"costMicroUSD,omitempty"`
	AvoidedMicroUSD int64 `json:"avoidedMicroUSD,omitempty"`

	LatencyMs            int64 `json:"latencyMs,omitempty"`            // request to last token
	TTFTMs               int64 `json:"ttftMs,omitempty"`               // request to first token
	TokensPerSecondMilli int64 `json:"tokensPerSecondMilli,omitempty"` // thousandths of a token a second

	Success      bool   `json:"success"`
	FinishReason string `json:"finishReason,omitempty"` // "stop", "length", "tool_calls"
	ErrorCode    string `json:"errorCode,omitempty"`    // a code, never a message

	Endpoint string `json:"endpoint,omitempty"` // of a pool, if one answered or failed last
	Fallback bool   `json:"fallback,omitempty"` // another target was tried first
	Attempts int    `json:"attempts,omitempty"` // tries that this answer took
	Late     bool   `json:"late,omitempty"`     // reported after its grant had expired

	// Suspect is why a page's claim can't be true, as a code; empty if it could be.
	// Suspect entries are kept, and counted apart from all others.
	Suspect string `json:"suspect,omitempty"`
}

// Ledger takes entries. Implementations must be safe for concurrent use.
type Ledger interface {
	// Record takes the entries, or as many of them as there is room for. It
	// must neither block on I/O nor keep or change the slice, and it must count
	// an ID once, however often it comes: the first time.
	Record(entries []Entry) Receipt

	// Flush returns when every entry accepted before the call is where it
	// should be, or with an error if ctx ends first. The router calls it when
	// it closes; whoever made the ledger releases it.
	Flush(ctx context.Context) error
}

// Receipt says what became of the entries of one Record. The sum of its counts
// is their number.
type Receipt struct {
	Accepted   int `json:"accepted"`
	Duplicates int `json:"duplicates"` // known by their IDs already; a ledger that learns it later accepts them
	Dropped    int `json:"dropped"`    // no room, and they are lost
}
