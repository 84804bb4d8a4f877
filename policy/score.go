package policy

import "fmt"

// Weights say how a complexity score is made: each feature adds its points in
// proportion, until it is full. They are data, and travel to the page with the
// options of [Complexity].
type Weights struct {
	Tokens         Weight `json:"tokens,omitzero"`         // of the prompt, by script
	Messages       Weight `json:"messages,omitzero"`       // of the conversation
	CodeFences     Weight `json:"codeFences,omitzero"`     // count
	Digits         Weight `json:"digits,omitzero"`         // a thousand code points
	Operators      Weight `json:"operators,omitzero"`      // a thousand code points
	QuestionWords  Weight `json:"questionWords,omitzero"`  // count
	ReasoningVerbs Weight `json:"reasoningVerbs,omitzero"` // count
}

// Weight is what one feature adds to a score. The zero Weight adds nothing.
type Weight struct {
	Points int64 `json:"points"` // thousandths when full, 0..1000
	Full   int64 `json:"full"`   // the amount from which on it adds no more, 1..2^40
}

// MaxScore is the highest complexity score, in thousandths.
const MaxScore = 1_000

// maxFull keeps the product of an amount and its points below 2^53.
const maxFull int64 = 1 << 40

// DefaultWeights returns the weights of a [Complexity] that has none of its own.
// They were set by hand and add up to [MaxScore]. No public measurement supports
// more than that. On the answers to MMLU and GSM8K that come with RouteLLM (Ong et
// al. 2024), a prompt's length alone routes nearly as well as the routers trained
// there, by their own measure (APGR, within 0.02), and lists of words no better
// than chance. Take the score as a tie-breaker, and set its threshold by an app's
// own log: "go run -C examples ./calibrate" does.
func DefaultWeights() Weights {
	return Weights{
		Tokens:         Weight{Points: 300, Full: 500},
		Messages:       Weight{Points: 50, Full: 20},
		CodeFences:     Weight{Points: 150, Full: 2},
		Digits:         Weight{Points: 100, Full: 100},
		Operators:      Weight{Points: 100, Full: 50},
		QuestionWords:  Weight{Points: 50, Full: 3},
		ReasoningVerbs: Weight{Points: 250, Full: 3},
	}
}

// Score estimates how complex a request is, in thousandths, 0..[MaxScore]. It is
// a pure function of the request's numbers, the same integer in Go and in
// TypeScript. ok is false where the page sent no features: a length alone is no
// score.
func (w Weights) Score(r *Request) (score int64, ok bool) {
	f := r.Features
	if f == nil {
		return 0, false
	}
	score = w.Tokens.of(r.Tokens()) +
		w.Messages.of(f.Messages) +
		w.CodeFences.of(f.CodeFences) +
		w.Digits.of(permille(f.Digits, f.CodePoints)) +
		w.Operators.of(permille(f.Operators, f.CodePoints)) +
		w.QuestionWords.of(f.QuestionWords) +
		w.ReasoningVerbs.of(f.ReasoningVerbs)
	return min(score, MaxScore), true
}

// of is what an amount of the feature adds.
func (w Weight) of(amount int64) int64 {
	if w.Full == 0 {
		return 0
	}
	return w.Points * min(amount, w.Full) / w.Full
}

// permille is a share in thousandths of the whole, 1000 at most.
func permille(share, whole int64) int64 {
	const most = 1 << 43 // a thousand times that is below 2^53
	whole = min(whole, most)
	if whole == 0 {
		return 0
	}
	return min(share, whole) * 1_000 / whole
}

// Validate reports the first weight out of range.
func (w Weights) Validate() error {
	for _, part := range []struct {
		name   string
		weight Weight
	}{
		{"Tokens", w.Tokens}, {"Messages", w.Messages}, {"CodeFences", w.CodeFences}, {"Digits", w.Digits},
		{"Operators", w.Operators}, {"QuestionWords", w.QuestionWords}, {"ReasoningVerbs", w.ReasoningVerbs},
	} {
		switch {
		case part.weight == (Weight{}):
		case part.weight.Points < 0 || part.weight.Points > MaxScore:
			return fmt.Errorf("option Weights.%s.Points is %d: want 0 to %d", part.name, part.weight.Points, MaxScore)
		case part.weight.Full < 1 || part.weight.Full > maxFull:
			return fmt.Errorf("option Weights.%s.Full is %d: want 1 to %d", part.name, part.weight.Full, maxFull)
		}
	}
	return nil
}
