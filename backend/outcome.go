package backend

import "time"

// Usage is what an answer cost in tokens, as the upstream counted. The zero value means unknown, never none.
type Usage struct {
	PromptTokens     int
	CompletionTokens int
	TotalTokens      int
	Known            bool
}

// Outcome is what became known about an answer while it passed. Zero fields mean unknown, except for the counts.
type Outcome struct {
	Model        string // as the upstream names it
	FinishReason string // "stop", "length", "tool_calls", "content_filter" or the upstream's own
	Usage        Usage

	// FirstContent is when the first event with generated output was handed to the client: text, reasoning, a refusal
	// or a tool call. Zero means that none was.
	FirstContent time.Time

	// Deltas counts the events with generated output that were handed to the client, Chars the code points of their
	// text, reasoning and refusals (not of tool calls). They bound what to charge when a cut answer has no Usage.
	Deltas int
	Chars  int

	// Done says that the answer was whole: for a stream, that every choice had its finish_reason and [DONE] came.
	Done bool
}

// ReadAnswer reads the facts from an answer that isn't streamed: model, finish reason and usage, and Deltas and Chars as if
// the answer were one event. FirstContent is left zero. It looks no deeper than it must: a body may pass that json.Valid
// refuses, but none that was cut short.
//
// It returns a CodeBadResponse *Error if body isn't an object with choices, what ParseError makes of an object that has
// an "error", and CodeTruncated, with the Outcome, if a choice has no finish_reason: Ollama ends answers so that it
// gave up.
func ReadAnswer(body []byte) (Outcome, error) {
	var f facts
	if !f.read(body) {
		return Outcome{}, &Error{Code: CodeBadResponse}
	}
	if f.failed {
		return Outcome{}, ParseError(0, body)
	}
	if f.choices == 0 {
		return Outcome{}, &Error{Code: CodeBadResponse}
	}
	out := Outcome{
		Model:        unquote(f.model),
		FinishReason: unquote(f.finish),
		Usage:        f.usage,
		Chars:        f.chars,
		Done:         true,
	}
	if f.output {
		out.Deltas = 1
	}
	if f.seen != f.finished {
		out.Done = false
		return out, &Error{Code: CodeTruncated, Message: "the answer ended without a finish_reason"}
	}
	return out, nil
}
