//go:build linux

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/edgewise-ai/edgewise/backend"
)

// checkUnknownModel names a model that Ollama doesn't have: we know it, and don't ask.
func checkUnknownModel(ctx context.Context, s *stage) (string, error) {
	c := ask("Hello!")
	c.Model = "no-such-model"
	return s.refused(ctx, c, http.StatusNotFound, backend.CodeModelNotFound, "does not exist")
}

// checkBadRequest gets past our own checks, and fails in Ollama's, whose own words go
// on to the client. They have no code.
func checkBadRequest(ctx context.Context, s *stage) (string, error) {
	c := ask("Hello!")
	c.Temperature = "hot"
	return s.refused(ctx, c, http.StatusBadRequest, "", "temperature")
}

// checkTools asks for what the model's template has no words for.
func checkTools(ctx context.Context, s *stage) (string, error) {
	c := ask("Hello!")
	c.Tools = json.RawMessage(`[{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}]`)
	return s.refused(ctx, c, http.StatusBadRequest, "", "does not support tools")
}

// refused expects the same refusal in place of an answer and of a stream.
func (s *stage) refused(ctx context.Context, c chat, status int, code backend.Code, words string) (string, error) {
	_, plain := s.service.whole(ctx, c)
	_, streamed := s.service.stream(ctx, c, nil)
	seen, err := refusedAs(plain, status, code, words)
	_, errStreamed := refusedAs(streamed, status, code, words)
	return seen, errors.Join(err, errStreamed)
}

// refusedAs expects an error to be a refusal with such words in it.
func refusedAs(err error, status int, code backend.Code, words string) (string, error) {
	want := fmt.Sprintf("want %d %s, %q", status, string(code), words)
	var r *refusal
	switch {
	case err == nil:
		return "", errors.New("got an answer, " + want)
	case !errors.As(err, &r), r.status != status, r.wire.Code != string(code), !strings.Contains(r.wire.Message, words):
		return "", fmt.Errorf("got %w, %s", err, want)
	}
	return err.Error(), nil
}
