// Package streamtest checks what a service does to streams: [PieceByPiece] that it
// holds nothing back, [Disconnect] that it notices who has gone, and [Open] whatever
// else a test is about.
package streamtest

import (
	"context"

	"github.com/edgewise-ai/edgewise/backend"
)

// Model says what a test tells it, when it is told. So a test that has read one
// piece before it tells the next knows, without a clock, that nothing was held back.
type Model struct {
	words   chan string
	stopped chan error
}

// NewModel returns a model for one answer at a time.
func NewModel() *Model {
	return &Model{words: make(chan string, 16), stopped: make(chan error, 16)}
}

// Backend returns the model as a service's backend.
func (m *Model) Backend() backend.Backend {
	return backend.FromGenerator(backend.GeneratorFunc(m.generate), backend.GeneratorOptions{})
}

// Say tells the model its next word. The first may be told before anybody asked.
func (m *Model) Say(word string) { m.words <- word }

// End ends the answer.
func (m *Model) End() { m.words <- "" }

// Stopped gets the reason when an answer is stopped before its end.
func (m *Model) Stopped() <-chan error { return m.stopped }

func (m *Model) generate(ctx context.Context, _ *backend.Prompt, emit func(backend.Delta) error) (backend.Completion, error) {
	for {
		select {
		case <-ctx.Done():
			m.stopped <- ctx.Err()
			return backend.Completion{}, ctx.Err()
		case word := <-m.words:
			if word == "" {
				return backend.Completion{}, nil
			}
			if err := emit(backend.Delta{Text: word}); err != nil {
				m.stopped <- err
				return backend.Completion{}, err
			}
		}
	}
}
