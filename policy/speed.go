package policy

import (
	"cmp"
	"context"

	"github.com/edgewise-ai/edgewise/registry"
)

// Speed prefers the server, with too_slow, when the browser's whole answer would
// come later than a deadline: at the speed that the page measured for the
// candidate, or else at the one it predicted. With neither it abstains.
type Speed struct {
	// DeadlineMs is how long a whole answer may take, in milliseconds. Defaults
	// to 30,000: the default completion of 256 tokens at 9 tokens a second,
	// which a phone makes with a model of a billion parameters (book chapter
	// 5.5.3, "8-12 tokens/sec"). 0 means the default.
	DeadlineMs int64 `json:"deadlineMs,omitempty"`
}

// DefaultDeadlineMs is the default of [Speed.DeadlineMs], in milliseconds.
const DefaultDeadlineMs = 30_000

// Name implements [Namer].
func (Speed) Name() string { return NameSpeed }

// Validate reports an option out of range.
func (p Speed) Validate() error {
	return checkOptions(option{name: "DeadlineMs", value: p.DeadlineMs})
}

func (p Speed) withDefaults() Speed {
	p.DeadlineMs = cmp.Or(p.DeadlineMs, DefaultDeadlineMs)
	return p
}

func (p Speed) settled() portable { return p.withDefaults() }

// Evaluate implements [Policy].
func (p Speed) Evaluate(_ context.Context, in *Input) (Verdict, error) {
	if expectedMs(in) > p.withDefaults().DeadlineMs {
		return Verdict{Prefer: Server, Reason: TooSlow}, nil
	}
	return Verdict{}, nil
}

// Explain implements [Explainer].
func (p Speed) Explain(in *Input) map[string]int64 {
	return map[string]int64{
		"expectedMs":           expectedMs(in),
		"tokensPerSecondMilli": speedOf(in.CandidateState),
		"deadlineMs":           p.withDefaults().DeadlineMs,
	}
}

// speedOf is the decoding speed to plan with, in thousandths of a token a second;
// 0 means unknown.
func speedOf(s registry.ModelState) int64 {
	return int64(cmp.Or(s.TokensPerSecondMilli, s.PredictedTokensPerSecondMilli))
}

// expectedMs is when the candidate's answer would be complete, 0 if unknown: the
// load of a cached model, the first token, and every token the request may ask
// for. A download is not counted; whether to wait for one is for [Readiness].
func expectedMs(in *Input) int64 {
	s := in.CandidateState
	speed := speedOf(s)
	if speed == 0 {
		return 0
	}
	// Bounded so that no product or sum reaches 2^53.
	const most = 1 << 32
	ms := min(in.Request.OutputTokens(), most)*1_000_000/speed + min(int64(s.TTFTMs), most)
	if s.Status == registry.Cached {
		ms += min(int64(s.LoadMs), most)
	}
	return ms
}
