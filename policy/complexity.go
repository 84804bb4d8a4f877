package policy

import (
	"cmp"
	"context"
	"fmt"
	"maps"
)

// Complexity prefers the server, with request_too_complex, for requests that a
// small model answers badly. Who knows more is heard first: a complexity that the
// app declares; then the prior of a task that it declares; then the lengths; and
// last, where the page sent features, a score of the text. A score that leaves
// room for doubt goes to the server: set [Complexity.MaxScore] where doubt begins.
type Complexity struct {
	// MaxPromptLength is the longest undeclared prompt for the browser, in
	// Unicode code points. Defaults to 2,000 (book chapter 5.5.6,
	// "estimateComplexity"); 0 means the default.
	MaxPromptLength int64 `json:"maxPromptLength,omitempty"`

	// MaxOutputTokens is the longest completion an undeclared request may ask
	// of the browser. Defaults to 500 (same source); 0 means the default.
	MaxOutputTokens int64 `json:"maxOutputTokens,omitempty"`

	// MaxScore is the highest score for the browser, in thousandths, 1..1000.
	// Defaults to 500, the middle, which nobody measured: calibrate it to the
	// app's own log. 0 means the default.
	MaxScore int64 `json:"maxScore,omitempty"`

	// Tasks are priors: how complex a request is that declares the task and no
	// complexity. Auto measures it. Defaults to none.
	Tasks map[string]Level `json:"tasks,omitempty"`

	// Weights make the score. Defaults to [DefaultWeights]; the zero Weights
	// mean the default.
	Weights Weights `json:"weights,omitzero"`
}

// Defaults of [Complexity].
const (
	DefaultMaxPromptLength = 2_000 // code points
	DefaultMaxOutputTokens = 500   // tokens
	DefaultMaxScore        = 500   // thousandths
)

// Name implements [Namer].
func (Complexity) Name() string { return NameComplexity }

// Validate reports an option out of range.
func (p Complexity) Validate() error {
	for task, level := range p.Tasks {
		if task == "" || !oneOf(level, Auto, Simple, Medium, Complex) {
			return fmt.Errorf("option Tasks[%q] is %q: want the name of a task, and auto, simple, medium or complex", task, level)
		}
	}
	if err := p.Weights.Validate(); err != nil {
		return err
	}
	return checkOptions(
		option{name: "MaxPromptLength", value: p.MaxPromptLength},
		option{name: "MaxOutputTokens", value: p.MaxOutputTokens},
		option{name: "MaxScore", value: p.MaxScore, most: MaxScore},
	)
}

func (p Complexity) withDefaults() Complexity {
	p.MaxPromptLength = cmp.Or(p.MaxPromptLength, DefaultMaxPromptLength)
	p.MaxOutputTokens = cmp.Or(p.MaxOutputTokens, DefaultMaxOutputTokens)
	p.MaxScore = cmp.Or(p.MaxScore, DefaultMaxScore)
	if p.Weights == (Weights{}) {
		p.Weights = DefaultWeights()
	}
	return p
}

func (p Complexity) settled() portable {
	p = p.withDefaults()
	p.Tasks = maps.Clone(p.Tasks)
	return p
}

// Evaluate implements [Policy].
func (p Complexity) Evaluate(_ context.Context, in *Input) (Verdict, error) {
	if p.tooComplex(in.Request) {
		return Verdict{Prefer: Server, Reason: RequestTooComplex}, nil
	}
	return Verdict{}, nil
}

func (p *Complexity) tooComplex(r *Request) bool {
	switch p.declared(r) {
	case Simple, Medium:
		return false
	case Complex:
		return true
	}
	full := p.withDefaults()
	if r.PromptLength > full.MaxPromptLength || r.OutputTokens() > full.MaxOutputTokens {
		return true
	}
	score, scored := full.Weights.Score(r)
	return scored && score > full.MaxScore
}

// declared is how complex the app says the request is, by itself or by its task.
func (p *Complexity) declared(r *Request) Level {
	if r.Complexity != "" && r.Complexity != Auto {
		return r.Complexity
	}
	return p.Tasks[r.Task]
}

// Explain implements [Explainer].
func (p Complexity) Explain(in *Input) map[string]int64 {
	p = p.withDefaults()
	detail := map[string]int64{
		"promptLength":    in.Request.PromptLength,
		"maxPromptLength": p.MaxPromptLength,
		"outputTokens":    in.Request.OutputTokens(),
		"maxOutputTokens": p.MaxOutputTokens,
	}
	if score, scored := p.Weights.Score(in.Request); scored {
		detail["score"] = score
		detail["maxScore"] = p.MaxScore
	}
	return detail
}
