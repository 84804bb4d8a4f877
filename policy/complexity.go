package policy

import (
	"cmp"
	"context"
	"fmt"
)

// Complexity prefers the server, with request_too_complex, for requests that a
// small model answers badly. What the app declares wins over any estimate,
// because an app knows more than a length; only undeclared requests are
// measured.
type Complexity struct {
	// MaxPromptLength is the longest undeclared prompt for the browser, in
	// Unicode code points. Defaults to 2,000 (book chapter 5.5.6,
	// "estimateComplexity"); 0 means the default.
	MaxPromptLength int64 `json:"maxPromptLength,omitempty"`

	// MaxOutputTokens is the longest completion an undeclared request may ask
	// of the browser. Defaults to 500 (same source); 0 means the default.
	MaxOutputTokens int64 `json:"maxOutputTokens,omitempty"`
}

// Defaults of [Complexity].
const (
	DefaultMaxPromptLength = 2_000 // code points
	DefaultMaxOutputTokens = 500   // tokens
)

// Name implements [Namer].
func (Complexity) Name() string { return NameComplexity }

// Validate reports an option out of range.
func (p Complexity) Validate() error {
	if p.MaxPromptLength < 0 {
		return fmt.Errorf("MaxPromptLength is %d: want 0 (the default, %d) or more", p.MaxPromptLength, DefaultMaxPromptLength)
	}
	if p.MaxOutputTokens < 0 {
		return fmt.Errorf("MaxOutputTokens is %d: want 0 (the default, %d) or more", p.MaxOutputTokens, DefaultMaxOutputTokens)
	}
	return nil
}

func (p Complexity) data() any {
	p.MaxPromptLength = cmp.Or(p.MaxPromptLength, DefaultMaxPromptLength)
	p.MaxOutputTokens = cmp.Or(p.MaxOutputTokens, DefaultMaxOutputTokens)
	return p
}

// Evaluate implements [Policy].
func (p Complexity) Evaluate(_ context.Context, in *Input) (Verdict, error) {
	tooComplex := false
	switch in.Request.Complexity {
	case Simple, Medium:
	case Complex:
		tooComplex = true
	default:
		tooComplex = in.Request.PromptLength > cmp.Or(p.MaxPromptLength, DefaultMaxPromptLength) ||
			in.Request.outputTokens() > cmp.Or(p.MaxOutputTokens, DefaultMaxOutputTokens)
	}
	if tooComplex {
		return Verdict{Prefer: Server, Reason: RequestTooComplex}, nil
	}
	return Verdict{}, nil
}

// Explain implements [Explainer].
func (p Complexity) Explain(in *Input) map[string]int64 {
	return map[string]int64{
		"promptLength":    in.Request.PromptLength,
		"maxPromptLength": cmp.Or(p.MaxPromptLength, DefaultMaxPromptLength),
		"outputTokens":    in.Request.outputTokens(),
		"maxOutputTokens": cmp.Or(p.MaxOutputTokens, DefaultMaxOutputTokens),
	}
}
