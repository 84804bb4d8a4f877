package policy

// charactersPerToken is how many code points of an alphabetic script make one
// token, on average (book chapter 5.5.5, "Rough estimate").
const charactersPerToken = 4

// Tokens returns the prompt's length in tokens: what the page counted, or an
// estimate that is the same integer in Go and in TypeScript. CJK text counts a
// token a character, where the page sent features.
func (r *Request) Tokens() int64 {
	if r.PromptTokens > 0 {
		return r.PromptTokens
	}
	var cjk int64
	if f := r.Features; f != nil && f.CodePoints > 0 {
		cjk = min(scale(min(f.CJK, f.CodePoints), f.CodePoints, r.PromptLength), r.PromptLength)
	}
	return cjk + (r.PromptLength-cjk+charactersPerToken-1)/charactersPerToken
}

// OutputTokens returns the completion length to plan for: what the request states, or
// [DefaultMaxTokens].
func (r *Request) OutputTokens() int64 {
	if r.MaxTokens > 0 {
		return r.MaxTokens
	}
	return DefaultMaxTokens
}

// scale returns how much of whole a share of part stands for: features may
// cover only the head and the tail of a long prompt. It keeps every
// intermediate value below 2^53, where JavaScript's numbers are exact.
func scale(share, part, whole int64) int64 {
	if whole <= part {
		return share
	}
	if whole < 1<<32 && share < 1<<20 {
		return whole * share / part
	}
	return whole / part * share
}
