package backendtest_test

import (
	"context"
	"strings"
	"testing"

	"github.com/edgewise-ai/edgewise/backend"
	"github.com/edgewise-ai/edgewise/backend/backendtest"
)

// echo says the last message word by word.
func echo(_ context.Context, p *backend.Prompt, emit func(backend.Delta) error) (backend.Completion, error) {
	words := strings.SplitAfter(p.Messages[len(p.Messages)-1].Content, " ")
	for _, word := range words {
		if err := emit(backend.Delta{Text: word}); err != nil {
			return backend.Completion{}, err
		}
	}
	usage := backend.Usage{PromptTokens: len(words), CompletionTokens: len(words), TotalTokens: 2 * len(words), Known: true}
	return backend.Completion{Usage: usage}, nil
}

func TestRunInProcess(t *testing.T) {
	backendtest.Run(t, func(*testing.T) backend.Backend {
		return backend.FromGenerator(backend.GeneratorFunc(echo), backend.GeneratorOptions{})
	})
}
