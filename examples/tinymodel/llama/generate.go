package llama

import (
	"context"
	"math"
	"strings"
	"unicode/utf8"
)

// Request is what to answer, and how. With Messages alone it asks for the likeliest answer, as long as the model wants.
// The same request to the same model gives the same answer, on the same processor architecture.
type Request struct {
	// Messages are the chat so far, oldest first. At least one is needed.
	Messages []Message

	// Continue leaves the last message, which must be the assistant's, open: the model goes on where its content ends,
	// and only what is new is returned. The answer is the one that was cut where the content ends at a piece the
	// tokenizer would make, such as the end of a word; text cut within a word can encode to tokens the model never wrote.
	// Defaults to false: the last message is answered.
	Continue bool

	// MaxTokens is the most tokens to generate. Defaults to 0: as many as the context window leaves.
	MaxTokens int

	// Temperature flattens (above 1) or sharpens (below 1) the distribution that tokens are drawn from. Defaults to 0:
	// nothing is drawn, the likeliest token is taken, and TopP, TopK and Seed have no effect.
	Temperature float64

	// TopP, from 0 to 1, keeps the fewest tokens that have this share of the probability. Defaults to 0, which like 1
	// keeps all.
	TopP float64

	// TopK keeps this many of the likeliest tokens, before TopP. Defaults to 0: all.
	TopK int

	// Seed chooses the draw. Defaults to 0, a seed like any other; use rand.Uint64() for another answer each time.
	Seed uint64

	// Stop has strings that end the answer, which does not include them. Defaults to none.
	Stop []string
}

// Token is a piece of the answer, as the model makes it.
type Token struct {
	// ID is the token that completed the text.
	ID int

	// Index counts the tokens of the answer from 0. Tokens whose text was not certain yet are missing, and theirs comes
	// with a later one; text that was held back at the end comes with the last index again.
	Index int

	// Text is valid UTF-8 and not empty. All texts together are Result.Text.
	Text string
}

// FinishReason says why an answer ended. Its values are those of the OpenAI API.
type FinishReason string

// The finish reasons. The zero value means that the answer did not end: there was an error.
const (
	FinishStop   FinishReason = "stop"   // the model ended its turn, or a stop string came
	FinishLength FinishReason = "length" // MaxTokens was reached, or the context window was full
)

// Result is an answer, complete or up to an error.
type Result struct {
	// Text is the answer, valid UTF-8.
	Text string

	// IDs are its tokens, without the one that ends the turn. With a stop string they are those that were generated,
	// including it.
	IDs []int

	// PromptTokens is the length of the prompt, all messages and the tokens that mark their turns; with
	// Request.Continue the open message too. 0 if the error was about the prompt.
	PromptTokens int

	// CompletionTokens is len(IDs).
	CompletionTokens int

	// FinishReason is empty if there was an error.
	FinishReason FinishReason
}

// Generate answers a request and calls emit, from the calling goroutine, with each piece of the answer; emit may be
// nil. It checks ctx before every token, of the prompt as well.
//
// Errors are [ErrRequest], a [*ContextWindowError] if the prompt does not fit, the error of ctx, or that of emit, which
// ends the generation. The last two come with the result so far.
func (m *Model) Generate(ctx context.Context, req Request, emit func(Token) error) (Result, error) {
	if err := req.validate(); err != nil {
		return Result{}, err
	}
	prompt, err := m.chat.prompt(req.Messages, req.Continue)
	if err != nil {
		return Result{}, err
	}
	room := m.config.context - len(prompt)
	if room < 1 {
		return Result{}, &ContextWindowError{PromptTokens: len(prompt), ContextWindow: m.config.context}
	}
	limit := room
	if req.MaxTokens > 0 {
		limit = min(limit, req.MaxTokens)
	}
	if emit == nil {
		emit = func(Token) error { return nil }
	}

	g := generation{
		session: m.NewSession(),
		sampler: newSampler(req),
		stream:  textStream{stops: req.Stop},
		emit:    emit,
		result:  Result{PromptTokens: len(prompt)},
	}
	err = g.run(ctx, prompt, limit)
	g.result.Text = g.text.String()
	g.result.CompletionTokens = len(g.result.IDs)
	return g.result, err
}

// generation is the state of one call of Generate.
type generation struct {
	session *Session
	sampler *sampler
	stream  textStream
	emit    func(Token) error
	text    strings.Builder
	result  Result
}

// run fills in result, except what follows from the rest at the end.
func (g *generation) run(ctx context.Context, prompt []int, limit int) error {
	tokenizer := g.session.model.tokenizer
	feed := func(id int) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		return g.session.Feed(id)
	}
	for _, id := range prompt {
		if err := feed(id); err != nil {
			return err
		}
	}
	for {
		id := g.sampler.pick(g.session.Logits())
		// Any control token ends the turn: none belongs inside an answer, whichever the file calls the end token.
		if tokenizer.IsControl(id) {
			return g.finish(FinishStop)
		}
		g.result.IDs = append(g.result.IDs, id)
		text, stopped := g.stream.write(tokenizer.Decode(id))
		if err := g.send(text); err != nil {
			return err
		}
		if stopped {
			return g.finish(FinishStop)
		}
		if len(g.result.IDs) == limit {
			return g.finish(FinishLength)
		}
		if err := feed(id); err != nil {
			return err
		}
	}
}

func (g *generation) finish(reason FinishReason) error {
	if err := g.send(g.stream.flush()); err != nil {
		return err
	}
	g.result.FinishReason = reason
	return nil
}

func (g *generation) send(text string) error {
	if text == "" {
		return nil
	}
	g.text.WriteString(text)
	last := len(g.result.IDs) - 1
	return g.emit(Token{ID: g.result.IDs[last], Index: last, Text: text})
}

// validate checks what does not depend on the model. The messages are checked as they are rendered.
func (r *Request) validate() error {
	switch {
	case r.MaxTokens < 0:
		return requestErrorf("MaxTokens is %d, want 0 or more", r.MaxTokens)
	case !(r.Temperature >= 0) || math.IsInf(r.Temperature, 1): // NaN compares false
		return requestErrorf("Temperature is %v, want a finite number from 0", r.Temperature)
	case !(r.TopP >= 0 && r.TopP <= 1):
		return requestErrorf("TopP is %v, want 0 to 1", r.TopP)
	case r.TopK < 0:
		return requestErrorf("TopK is %d, want 0 or more", r.TopK)
	}
	for i, stop := range r.Stop {
		if stop == "" || !utf8.ValidString(stop) {
			return requestErrorf("stop string %d, %q, is empty or not valid UTF-8", i, stop)
		}
	}
	return nil
}
