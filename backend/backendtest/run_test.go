package backendtest_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/edgewise-ai/edgewise/backend"
	"github.com/edgewise-ai/edgewise/backend/backendtest"
)

// echo says the last message word by word, or no more than it is if it is to be continued.
func echo(ctx context.Context, p *backend.Prompt, emit func(backend.Delta) error) (backend.Completion, error) {
	words := strings.SplitAfter(p.Messages[len(p.Messages)-1].Content, " ")
	if p.Continue {
		words = nil
	}
	for _, word := range words {
		select {
		case <-time.After(time.Millisecond): // so that there is time to leave
		case <-ctx.Done():
			return backend.Completion{}, ctx.Err()
		}
		if err := emit(backend.Delta{Text: word}); err != nil {
			return backend.Completion{}, err
		}
	}
	usage := backend.Usage{PromptTokens: len(words), CompletionTokens: len(words), TotalTokens: 2 * len(words), Known: true}
	return backend.Completion{Usage: usage}, nil
}

func TestRunInProcess(t *testing.T) {
	for _, continuation := range []backend.Continuation{backend.ContinuationNone, backend.ContinuationNative} {
		t.Run(string(continuation), func(t *testing.T) {
			backendtest.Run(t, func(*testing.T) backend.Backend {
				return backend.FromGenerator(backend.GeneratorFunc(echo), backend.GeneratorOptions{Continuation: continuation})
			})
		})
	}
}
