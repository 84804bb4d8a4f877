//go:build linux

package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	goopenai "github.com/sashabaranov/go-openai"

	"github.com/edgewise-ai/edgewise/examples/tinymodel"
)

// typed is the client that Go programs use.
func (s *service) typed() *goopenai.Client {
	config := goopenai.DefaultConfig("")
	config.BaseURL = s.url
	return goopenai.NewClientWithConfig(config)
}

// chat is a request as a page writes it.
type chat struct {
	Model          string                       `json:"model,omitempty"`
	Messages       []tinymodel.ReferenceMessage `json:"messages"`
	Temperature    any                          `json:"temperature"` // a number, or by mistake something else
	MaxTokens      int                          `json:"max_tokens,omitempty"`
	ResponseFormat json.RawMessage              `json:"response_format,omitempty"`
	Tools          json.RawMessage              `json:"tools,omitempty"`
	Stream         bool                         `json:"stream"`
	StreamOptions  streamOptions                `json:"stream_options"`

	Continue bool  `json:"continue_final_message,omitempty"`
	Prompt   *bool `json:"add_generation_prompt,omitempty"`
}

type streamOptions struct {
	IncludeUsage bool `json:"include_usage"`
}

// ask is a request with one message.
func ask(text string) chat {
	return chat{Messages: []tinymodel.ReferenceMessage{{Role: "user", Content: text}}, Temperature: 0}
}

// send posts a request; the caller closes the answer's body.
func (s *service) send(ctx context.Context, c chat) (*http.Response, error) {
	body, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url+"/chat/completions", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	return http.DefaultClient.Do(req)
}

// whole asks for an answer in one piece. An answer with another status than 200 is
// an error that is a *refusal.
func (s *service) whole(ctx context.Context, c chat) (goopenai.ChatCompletionResponse, error) {
	var answer goopenai.ChatCompletionResponse
	resp, err := s.send(ctx, c)
	if err != nil {
		return answer, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return answer, err
	}
	if resp.StatusCode != http.StatusOK {
		return answer, readRefusal(resp.StatusCode, body)
	}
	err = json.Unmarshal(body, &answer)
	return answer, err
}

// stream asks for a stream and reads it to its end; first, if it is not nil, is called
// once, when the first text is there. An answer with another status than 200 is an error
// that is a *refusal.
func (s *service) stream(ctx context.Context, c chat, first func()) (*events, error) {
	c.Stream = true
	resp, err := s.send(ctx, c)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			return nil, err
		}
		return nil, readRefusal(resp.StatusCode, body)
	}
	return readEvents(resp.Body, first)
}

// refusal is an answer that is an error.
type refusal struct {
	status int
	wire   wireError
}

func readRefusal(status int, body []byte) error {
	var said struct{ Error *wireError }
	if err := json.Unmarshal(body, &said); err != nil || said.Error == nil {
		return fmt.Errorf("status %d with a body that is no error: %.200q", status, body)
	}
	return &refusal{status, *said.Error}
}

func (r *refusal) Error() string { return fmt.Sprintf("%d %s", r.status, &r.wire) }

// wireError is what stands under "error".
type wireError struct {
	Message, Type, Code string
}

func (e *wireError) String() string {
	return fmt.Sprintf("%s (%s): %s", cmp.Or(e.Code, "no code"), e.Type, e.Message)
}
