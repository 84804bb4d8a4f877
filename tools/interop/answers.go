//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	goopenai "github.com/sashabaranov/go-openai"

	"github.com/edgewise-ai/edgewise/examples/tinymodel"
)

// checkModels lists them as go-openai sees them, the default first.
func checkModels(ctx context.Context, s *stage) (string, error) {
	list, err := s.service.typed().ListModels(ctx)
	if err != nil {
		return "", err
	}
	var ids []string
	for _, m := range list.Models {
		ids = append(ids, m.ID)
	}
	if want := []string{openModel, closedModel}; !slices.Equal(ids, want) {
		return "", fmt.Errorf("got %q, want %q", ids, want)
	}
	return strings.Join(ids, ", "), nil
}

// checkPlain asks through go-openai for every answer that the model's own folder holds.
func checkPlain(ctx context.Context, s *stage) (string, error) {
	client := s.service.typed()
	return eachReference(func(p tinymodel.ReferencePrompt) (string, string, *goopenai.Usage, error) {
		req := goopenai.ChatCompletionRequest{Model: "auto", MaxCompletionTokens: p.MaxTokens} // Ollama knows the old name alone
		for _, m := range p.Messages {
			req.Messages = append(req.Messages, goopenai.ChatCompletionMessage{Role: m.Role, Content: m.Content})
		}
		answer, err := client.CreateChatCompletion(ctx, req)
		if err != nil || len(answer.Choices) != 1 {
			return "", "", nil, fmt.Errorf("%d choices, error %w", len(answer.Choices), err)
		}
		choice := answer.Choices[0]
		return choice.Message.Content, string(choice.FinishReason), &answer.Usage, nil
	})
}

// checkStreams asks for the same as streams.
func checkStreams(ctx context.Context, s *stage) (string, error) {
	return eachReference(func(p tinymodel.ReferencePrompt) (string, string, *goopenai.Usage, error) {
		got, err := s.service.stream(ctx, chat{
			Messages: p.Messages, MaxTokens: p.MaxTokens, Temperature: 0, StreamOptions: streamOptions{IncludeUsage: true},
		}, nil)
		if err != nil {
			return "", "", nil, err
		}
		if !got.done || got.failed != nil || got.usage == nil {
			return "", "", nil, fmt.Errorf("the stream ends without [DONE] or usage: %+v", got)
		}
		return got.text, got.finish, got.usage, nil
	})
}

// eachReference compares answers with those that every engine gives.
func eachReference(answer func(tinymodel.ReferencePrompt) (text, finish string, usage *goopenai.Usage, err error)) (string, error) {
	reference, err := tinymodel.ReadReference()
	if err != nil {
		return "", err
	}
	tokens := 0
	for _, p := range reference.Prompts {
		text, finish, usage, err := answer(p)
		if err != nil {
			return "", fmt.Errorf("%s: %w", p.ID, err)
		}
		want := p.CompletionTokens
		if p.FinishReason == "stop" {
			want++ // Ollama counts the token that ends the turn
		}
		if text != p.Text || finish != p.FinishReason || usage.PromptTokens != p.PromptTokens || usage.CompletionTokens != want {
			return "", fmt.Errorf("%s: got %q, %s, %d and %d tokens, want %q, %s, %d and %d",
				p.ID, text, finish, usage.PromptTokens, usage.CompletionTokens, p.Text, p.FinishReason, p.PromptTokens, want)
		}
		tokens += usage.CompletionTokens
	}
	return fmt.Sprintf("%d of %d as the reference has them, to the token; %d tokens", len(reference.Prompts), len(reference.Prompts), tokens), nil
}

const count = "Count from 1 to 60"

// countTokens are those of the answer, that which ends the turn among them.
const countTokens = 231

// checkUsageWithheld expects no chunk that a client didn't ask for, and exact usage in
// the ledger all the same.
func checkUsageWithheld(ctx context.Context, s *stage) (string, error) {
	got, err := s.service.stream(ctx, ask(count), nil)
	if err != nil {
		return "", err
	}
	if got.bare > 0 || got.usage != nil || got.finish != "stop" || !got.done {
		return "", fmt.Errorf("got %+v", got)
	}
	e, err := s.service.recorded(ctx)
	if err != nil {
		return "", err
	}
	if !e.Success || e.CompletionTokens != countTokens || e.Estimated {
		return "", fmt.Errorf("the ledger has %+v, want %d tokens", e, countTokens)
	}
	return fmt.Sprintf("no chunk without choices, [DONE]; the ledger has %d tokens", e.CompletionTokens), nil
}

// checkTypedStream reads a stream with go-openai.
func checkTypedStream(ctx context.Context, s *stage) (string, error) {
	stream, err := s.service.typed().CreateChatCompletionStream(ctx, goopenai.ChatCompletionRequest{
		Model:         "auto",
		Messages:      []goopenai.ChatCompletionMessage{{Role: "user", Content: count}},
		StreamOptions: &goopenai.StreamOptions{IncludeUsage: true},
	})
	if err != nil {
		return "", err
	}
	defer func() { _ = stream.Close() }()
	var answer strings.Builder
	var finish string
	usage := 0
	for {
		chunk, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return "", err
		}
		if chunk.Usage != nil {
			usage = chunk.Usage.CompletionTokens
		}
		if len(chunk.Choices) == 0 {
			continue
		}
		answer.WriteString(chunk.Choices[0].Delta.Content)
		finish = string(chunk.Choices[0].FinishReason)
	}
	text := answer.String()
	if !strings.HasSuffix(text, "58, 59, 60.") || finish != "stop" || usage != countTokens {
		return "", fmt.Errorf("got %q, %q, %d tokens", text, finish, usage)
	}
	return fmt.Sprintf("%q, %s, %d tokens", "…"+text[len(text)-11:], finish, usage), nil
}

// begun is a chat whose last message is the first words of an answer.
func begun(model string) chat {
	c := ask("What is the capital of France?")
	c.Messages = append(c.Messages, tinymodel.ReferenceMessage{Role: "assistant", Content: "The capital of"})
	c.Model, c.Continue, c.Prompt = model, true, new(bool)
	return c
}

// checkContinued has an answer taken up where it was cut. Ollama knows nothing of
// continue_final_message: it is the model's template that leaves the last message open.
func checkContinued(ctx context.Context, s *stage) (string, error) {
	return continuation(ctx, s, openModel, " France is Paris.")
}

// checkClosedTemplate shows what a template does that closes every message.
func checkClosedTemplate(ctx context.Context, s *stage) (string, error) {
	return continuation(ctx, s, closedModel, "The capital of France is Paris.")
}

func continuation(ctx context.Context, s *stage, model, want string) (string, error) {
	c := begun(model)
	answer, err := s.service.whole(ctx, c)
	if err != nil {
		return "", err
	}
	if len(answer.Choices) != 1 || answer.Choices[0].Message.Content != want {
		return "", fmt.Errorf("got %+v, want %q", answer.Choices, want)
	}
	return fmt.Sprintf("%q is followed by %q", c.Messages[len(c.Messages)-1].Content, want), nil
}
