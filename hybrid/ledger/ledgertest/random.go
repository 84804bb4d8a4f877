package ledgertest

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/edgewise-ai/edgewise/hybrid/ledger"
)

// monday is when the entries of this package begin, at midnight.
var monday = time.Date(2026, time.November, 23, 0, 0, 0, 0, time.UTC)

// Random returns n entries that might have been recorded in one week: of a few models,
// reasons and identities, some of them failures, some suspect. The same seed gives the
// same entries; the IDs of two seeds differ.
func Random(seed uint64, n int) []ledger.Entry {
	r := rand.New(rand.NewPCG(seed, 0))
	pick := func(from ...string) string { return from[r.IntN(len(from))] }
	entries := make([]ledger.Entry, n)
	for i := range entries {
		e := &entries[i]
		*e = ledger.Entry{
			ID: fmt.Sprintf("random-%d.%d", seed, i),
			Time: monday.Add(time.Duration(r.Int64N(int64(7 * 24 * time.Hour)))).
				In(time.FixedZone("", r.IntN(27*3600)-13*3600)),
			Identity:         pick("", "0a", "0b", "0c", "0d"),
			Tier:             pick("", "free", "paid"),
			Source:           ledger.Browser,
			Model:            pick("", "small-360m", "Small-360m", "medium/1.7b", "μ"),
			Reason:           pick("", "", "cost", "privacy", "device.slow"),
			DecidedBy:        pick("page", "server"),
			PromptTokens:     r.Int64N(5000),
			CompletionTokens: r.Int64N(2000),
			LatencyMs:        r.Int64N(60_000),
			TTFTMs:           r.Int64N(5000),
			Success:          r.IntN(5) > 0,
			Attempts:         1 + r.IntN(3),
			Late:             r.IntN(20) == 0,
		}
		if r.IntN(2) == 0 {
			e.Source, e.CostMicroUSD = ledger.Server, r.Int64N(100_000)
		} else {
			e.Framework, e.AvoidedMicroUSD = pick("webllm", "wllama"), r.Int64N(100_000)
		}
		if !e.Success {
			e.ErrorCode = pick("timeout", "canceled")
		}
		if r.IntN(10) == 0 {
			e.Suspect = pick("too_fast", "unknown_decision")
		}
	}
	return entries
}
