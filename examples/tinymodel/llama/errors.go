package llama

import (
	"errors"
	"fmt"
)

// The kinds of error this package returns, for [errors.Is]. Errors of a context or of an emit function pass through
// as they came.
var (
	// ErrFile says that the model file is damaged, or needs something this package does not do. The message names the
	// part of the file and what is wrong with it.
	ErrFile = errors.New("llama: bad model file")

	// ErrRequest says that a request cannot be served by any model: an unknown role, a negative limit, an empty stop
	// string.
	ErrRequest = errors.New("llama: bad request")

	// ErrContextWindow says that a prompt does not fit the model. It always comes as a [*ContextWindowError], which
	// has the numbers.
	ErrContextWindow = errors.New("llama: context window exceeded")
)

// ContextWindowError says by how much a prompt misses the context window. It unwraps to [ErrContextWindow].
type ContextWindowError struct {
	// PromptTokens is the length of the prompt in tokens: the messages and the tokens that mark their turns.
	PromptTokens int

	// ContextWindow is the number of tokens that prompt and answer share. A prompt must be shorter, so that one token
	// of an answer has room.
	ContextWindow int
}

func (e *ContextWindowError) Error() string {
	return fmt.Sprintf("%v: the prompt has %d tokens, the window holds %d and the answer needs at least one",
		ErrContextWindow, e.PromptTokens, e.ContextWindow)
}

// Unwrap returns [ErrContextWindow].
func (e *ContextWindowError) Unwrap() error { return ErrContextWindow }

func fileErrorf(format string, args ...any) error {
	return fmt.Errorf("%w: %w", ErrFile, fmt.Errorf(format, args...))
}

func requestErrorf(format string, args ...any) error {
	return fmt.Errorf("%w: %w", ErrRequest, fmt.Errorf(format, args...))
}
