// Package echo is a model that needs no server, so that the examples start with
// nothing else: it says the last message again. In its place stands your own;
// examples/quickstart has one.
package echo

import (
	"context"
	"strings"
	"time"

	"github.com/edgewise-ai/edgewise/backend"
)

// Pause is a time between words that is long enough to be seen in a terminal.
const Pause = 100 * time.Millisecond

// Backend returns the model. It pauses before each word.
func Backend(pause time.Duration) backend.Backend {
	return backend.FromGenerator(echo{pause}, backend.GeneratorOptions{
		Models: []backend.Model{{ID: "echo", OwnedBy: "edgewise"}},
	})
}

// echo counts words for tokens. How to sample is nothing to it, as it has no choice.
type echo struct{ pause time.Duration }

// Generate implements backend.Generator.
func (e echo) Generate(ctx context.Context, p *backend.Prompt, emit func(backend.Delta) error) (backend.Completion, error) {
	if len(p.Stop) > 0 {
		return backend.Completion{}, backend.Unsupported("stop", "echo can't stop at a word")
	}
	words, finish := strings.SplitAfter(p.Messages[len(p.Messages)-1].Content, " "), "stop"
	if p.MaxTokens > 0 && len(words) > p.MaxTokens {
		words, finish = words[:p.MaxTokens], "length"
	}
	for _, word := range words {
		select {
		case <-time.After(e.pause):
		case <-ctx.Done():
			return backend.Completion{}, ctx.Err()
		}
		if err := emit(backend.Delta{Text: word}); err != nil {
			return backend.Completion{}, err
		}
	}
	return backend.Completion{FinishReason: finish}, nil
}
