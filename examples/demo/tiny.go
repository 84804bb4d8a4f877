package main

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"

	"github.com/edgewise-ai/edgewise/backend"
	"github.com/edgewise-ai/edgewise/examples/tinymodel"
	"github.com/edgewise-ai/edgewise/examples/tinymodel/llama"
)

// newTinyBackend runs the tiny model in this process: the server side of the
// demo when no real server is named. It really generates.
func newTinyBackend() (backend.Backend, error) {
	model, err := llama.Load(tinymodel.GGUF())
	if err != nil {
		return nil, err
	}
	return backend.FromGenerator(tiny{model}, backend.GeneratorOptions{
		Models:       []backend.Model{{ID: tinymodel.ID, OwnedBy: "edgewise"}},
		Continuation: backend.ContinuationNative,
	}), nil
}

// tiny makes a [backend.Generator] of the tiny model.
type tiny struct{ model *llama.Model }

func (t tiny) Generate(ctx context.Context, p *backend.Prompt, emit func(backend.Delta) error) (backend.Completion, error) {
	request, err := t.request(p)
	if err != nil {
		return backend.Completion{}, err
	}
	result, err := t.model.Generate(ctx, request, func(token llama.Token) error {
		return emit(backend.Delta{Text: token.Text})
	})
	if err != nil {
		return backend.Completion{}, asBackendError(err)
	}
	return backend.Completion{
		FinishReason: string(result.FinishReason),
		Usage: backend.Usage{
			Known:            true,
			PromptTokens:     result.PromptTokens,
			CompletionTokens: result.CompletionTokens,
			TotalTokens:      result.PromptTokens + result.CompletionTokens,
		},
	}, nil
}

func (t tiny) request(p *backend.Prompt) (llama.Request, error) {
	if deref(p.FrequencyPenalty) != 0 {
		return llama.Request{}, backend.Unsupported("frequency_penalty", "the demo's model has no penalties")
	}
	if deref(p.PresencePenalty) != 0 {
		return llama.Request{}, backend.Unsupported("presence_penalty", "the demo's model has no penalties")
	}
	r := llama.Request{
		Continue:    p.Continue,
		MaxTokens:   p.MaxTokens,
		Temperature: deref(p.Temperature),
		TopP:        deref(p.TopP),
		Seed:        rand.Uint64(),
		Stop:        p.Stop,
	}
	if p.Seed != nil {
		r.Seed = uint64(*p.Seed)
	}
	for _, m := range p.Messages {
		role := m.Role
		if role == "developer" { // OpenAI's newer word for system
			role = llama.RoleSystem
		}
		r.Messages = append(r.Messages, llama.Message{Role: role, Content: m.Content})
	}
	return r, nil
}

func asBackendError(err error) error {
	var tooLong *llama.ContextWindowError
	switch {
	case errors.As(err, &tooLong):
		return &backend.Error{Code: backend.CodeContextLength, Param: "messages", Message: wording(tooLong), Err: err}
	case errors.Is(err, llama.ErrRequest):
		return &backend.Error{Code: backend.CodeInvalidRequest, Message: wording(err), Err: err}
	default:
		return err
	}
}

// wording is what a page is told: who wrote the model's code is nothing to it.
func wording(err error) string { return strings.TrimPrefix(err.Error(), "llama: ") }

func deref[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}
