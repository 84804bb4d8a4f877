//go:build linux

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"syscall"
	"time"

	goopenai "github.com/sashabaranov/go-openai"

	"github.com/edgewise-ai/edgewise/backend"
)

// forced is a request that can be answered in one way only, for a schema leaves no
// choice: so answers are as long as a check needs them.
func forced(answer string) chat {
	c := ask(count)
	format := map[string]any{
		"type":        "json_schema",
		"json_schema": map[string]any{"name": "forced", "schema": map[string]any{"enum": []string{answer}}},
	}
	c.ResponseFormat, _ = json.Marshal(format) // strings always marshal
	return c
}

// long takes about 3,000 tokens, for a digit is one: a second or more in which it can be cut.
func long() chat { return forced(strings.Repeat("12", 1500)) }

// monotonous is an answer that Ollama gives up: it takes a token that comes 30 times in
// a row for a model gone wrong, and ends the answer without saying so.
func monotonous() chat { return forced(strings.Repeat("1", 100)) }

func checkGivenUpStream(ctx context.Context, s *stage) (string, error) {
	return s.cut(ctx, monotonous(), backend.CodeTruncated, nil)
}

func checkGivenUpPlain(ctx context.Context, s *stage) (string, error) {
	_, err := s.service.whole(ctx, monotonous())
	return refusedAs(err, http.StatusBadGateway, backend.CodeTruncated, "")
}

// checkLostError asks for what Ollama refuses only once it has promised a stream: there
// it loses its own error, and ends the stream after an event without text.
func checkLostError(ctx context.Context, s *stage) (string, error) {
	c := ask(count)
	c.ResponseFormat = json.RawMessage(`{"type":"json_schema","json_schema":{"name":"none","schema":{"type":"nonsense"}}}`)
	_, err := s.service.stream(ctx, c, nil)
	return refusedAs(err, http.StatusBadGateway, backend.CodeTruncated, "")
}

// cut expects a stream that breaks off, and says so; breaks is called once it has begun,
// unless it is nil.
func (s *stage) cut(ctx context.Context, c chat, code backend.Code, breaks func()) (string, error) {
	got, err := s.service.stream(ctx, c, breaks)
	if err != nil {
		return "", err
	}
	if got.failed == nil || got.failed.Code != string(code) || got.done || got.text == "" {
		return "", fmt.Errorf("got %+v, want some text, then the error %s and no [DONE]", got, string(code))
	}
	e, err := s.service.recorded(ctx)
	if err != nil {
		return "", err
	}
	if e.Success || e.ErrorCode != string(code) || e.CompletionTokens == 0 || !e.Estimated {
		return "", fmt.Errorf("the ledger has %+v, want %s and what was delivered", e, string(code))
	}
	return fmt.Sprintf("after %d characters %s; the ledger has about %d tokens", len(got.text), got.failed, e.CompletionTokens), nil
}

// checkClientLeaves looks whether Ollama stops when a client of ours leaves. It compares
// CPU time and not seconds, which say little on a busy machine. It sends nothing after
// the client: Ollama may lose the place of an answer whose client left, and have no other
// (ollama/ollama#17131).
func checkClientLeaves(ctx context.Context, s *stage) (string, error) {
	defer s.ollama.kill()
	whole, err := s.cost(ctx, func() error {
		got, err := s.service.stream(ctx, long(), nil)
		if err == nil && !got.done {
			err = fmt.Errorf("got %+v", got)
		}
		return err
	})
	if err != nil {
		return "", err
	}
	left, err := s.cost(ctx, func() error {
		visit, leave := context.WithCancel(ctx)
		defer leave()
		if got, err := s.service.stream(visit, long(), leave); !errors.Is(err, context.Canceled) {
			return fmt.Errorf("the client could not leave in time: %+v, %w", got, err)
		}
		e, err := s.service.recorded(ctx)
		if err == nil && e.ErrorCode != string(backend.CodeCanceled) {
			err = fmt.Errorf("the ledger has %+v, want %s", e, string(backend.CodeCanceled))
		}
		return err
	})
	if err != nil {
		return "", err
	}
	if left*2 > whole {
		return "", fmt.Errorf("%v of CPU for an answer that nobody waits for, %v for a whole one", left, whole)
	}
	return fmt.Sprintf("Ollama stops: %v of CPU, a whole answer takes %v", left, whole), nil
}

// cost is the CPU time that Ollama's runner takes for something, until it rests again.
func (s *stage) cost(ctx context.Context, something func() error) (time.Duration, error) {
	if _, err := s.service.whole(ctx, ask("Hello!")); err != nil { // starts the runner
		return 0, err
	}
	before, err := s.ollama.rest(ctx)
	if err != nil {
		return 0, err
	}
	if err := something(); err != nil {
		return 0, err
	}
	after, err := s.ollama.rest(ctx)
	return after - before, err
}

// signalRunner returns a function that sends a signal to what generates, and says
// afterwards how that went.
func (s *stage) signalRunner(signal syscall.Signal) (send func(), sent *error) {
	sent = new(error)
	return func() {
		runner, err := s.ollama.runner()
		if err == nil {
			err = syscall.Kill(runner.PID, signal)
		}
		*sent = err
	}, sent
}

// checkRunnerHangs stops what generates, but leaves its connections open.
func checkRunnerHangs(ctx context.Context, s *stage) (string, error) {
	defer s.ollama.kill()
	stop, sent := s.signalRunner(syscall.SIGSTOP)
	seen, err := s.cut(ctx, long(), backend.CodeTimeout, stop)
	return seen, errors.Join(*sent, err)
}

// checkRunnerKilled kills what generates, and leaves the server: its stream then ends
// as if it were whole but for [DONE]. The next request gets a new runner.
func checkRunnerKilled(ctx context.Context, s *stage) (string, error) {
	kill, sent := s.signalRunner(syscall.SIGKILL)
	seen, err := s.cut(ctx, long(), backend.CodeTruncated, kill)
	if err := errors.Join(*sent, err); err != nil {
		return "", err
	}
	before := s.service.attempts.Load()
	if _, err := s.service.whole(ctx, ask("Hello!")); err != nil {
		return "", fmt.Errorf("the next request: %w", err)
	}
	return fmt.Sprintf("%s; the next request succeeds, attempts: %d", seen, s.service.attempts.Load()-before), nil
}

// checkKilled kills the server and its runner.
func checkKilled(ctx context.Context, s *stage) (string, error) {
	return s.cut(ctx, long(), backend.CodeTruncated, s.ollama.kill)
}

// checkWaiting has a request wait for the stream before it, as Ollama has one answer at
// a time, when Ollama is killed and started again: nothing of it was sent yet.
func checkWaiting(ctx context.Context, s *stage) (string, error) {
	answered := make(chan error, 1)
	var restarted error
	before := s.service.attempts.Load() + 1 // those of the stream
	got, err := s.service.stream(ctx, long(), func() {
		go func() {
			_, err := s.service.whole(ctx, ask("Hello!"))
			answered <- err
		}()
		restarted = s.attempted(ctx, before+1)
		s.ollama.kill()
		restarted = errors.Join(restarted, s.ollama.start(ctx))
	})
	if err := errors.Join(err, restarted); err != nil {
		return "", err
	}
	if err := <-answered; err != nil {
		return "", fmt.Errorf("the request that waited: %w", err)
	}
	if got.failed == nil || got.done {
		return "", fmt.Errorf("the stream: %+v, want an error and no [DONE]", got)
	}
	return fmt.Sprintf("the stream ends in %s, what waited is answered, attempts: %d", got.failed.Code, s.service.attempts.Load()-before), nil
}

// attempted waits until so many attempts were made.
func (s *stage) attempted(ctx context.Context, attempts int64) error {
	for s.service.attempts.Load() < attempts {
		select {
		case <-ctx.Done():
			return fmt.Errorf("only %d attempts, want %d: %w", s.service.attempts.Load(), attempts, ctx.Err())
		case <-time.After(5 * time.Millisecond):
		}
	}
	return nil
}

// checkDown asks while nobody is there.
func checkDown(ctx context.Context, s *stage) (string, error) {
	s.ollama.kill()
	before := s.service.attempts.Load()
	_, err := s.service.typed().CreateChatCompletionStream(ctx, goopenai.ChatCompletionRequest{
		Model:    "auto",
		Messages: []goopenai.ChatCompletionMessage{{Role: "user", Content: "Hello!"}},
	})
	attempts := s.service.attempts.Load() - before
	var api *goopenai.APIError
	switch {
	case err == nil:
		return "", errors.New("got a stream")
	case !errors.As(err, &api), api.HTTPStatusCode != http.StatusServiceUnavailable, api.Code != string(backend.CodeUnavailable):
		return "", fmt.Errorf("got %w, want %d %s", err, http.StatusServiceUnavailable, string(backend.CodeUnavailable))
	}
	if attempts != 1+maxRetries {
		return "", fmt.Errorf("%d attempts, want %d", attempts, 1+maxRetries)
	}
	return fmt.Sprintf("%d %v (%s): %s, attempts: %d", api.HTTPStatusCode, api.Code, api.Type, api.Message, attempts), nil
}

// checkStarting starts Ollama again, on its port, after the first attempt of a request
// has failed.
func checkStarting(ctx context.Context, s *stage) (string, error) {
	s.ollama.kill()
	before := s.service.attempts.Load()
	answered := make(chan error, 1)
	go func() {
		_, err := s.service.whole(ctx, ask("Hello!"))
		answered <- err
	}()
	if err := s.attempted(ctx, before+2); err != nil { // the second is the first's retry
		return "", err
	}
	if err := s.ollama.start(ctx); err != nil {
		return "", err
	}
	if err := <-answered; err != nil {
		return "", err
	}
	return fmt.Sprintf("answered, attempts: %d", s.service.attempts.Load()-before), nil
}
