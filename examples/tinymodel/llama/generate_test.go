package llama

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"
)

func ask(text string) []Message { return []Message{{RoleUser, text}} }

func TestGenerate(t *testing.T) {
	m := scriptedModel(t, "Tú vas") // 7 tokens, as ú is two
	tests := []struct {
		name   string
		req    Request
		text   string
		tokens int
		reason FinishReason
	}{
		{"whole", Request{}, "Tú vas", 7, FinishStop},
		{"length", Request{MaxTokens: 5}, "Tú v", 5, FinishLength},
		{"length in a character", Request{MaxTokens: 2}, "T\ufffd", 2, FinishLength},
		{"length where it ends", Request{MaxTokens: 7}, "Tú vas", 7, FinishLength},
		{"stop string", Request{Stop: []string{"zz", "va"}}, "Tú ", 6, FinishStop},
		{"stop string at once", Request{Stop: []string{"T"}}, "", 1, FinishStop},
		{"held back to the end", Request{Stop: []string{"as!"}}, "Tú vas", 7, FinishStop},
		{"held back at the length", Request{MaxTokens: 6, Stop: []string{"as!"}}, "Tú va", 6, FinishLength},
		{"sampled", Request{Temperature: 0.1, TopP: 0.9, TopK: 40, Seed: 7}, "Tú vas", 7, FinishStop},
		{"continued", Request{Messages: []Message{{RoleAssistant, "Tú "}}, Continue: true}, "vas", 3, FinishStop},
		{"continued from nothing", Request{Messages: []Message{{RoleAssistant, ""}}, Continue: true}, "Tú vas", 7, FinishStop},
		{"continued at the end", Request{Messages: []Message{{RoleAssistant, "Tú vas"}}, Continue: true}, "", 0, FinishStop},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if test.req.Messages == nil {
				test.req.Messages = ask("Hi")
			}
			prompt, err := m.CountTokens(test.req)
			if err != nil {
				t.Fatal(err)
			}
			var emitted strings.Builder
			got, err := m.Generate(context.Background(), test.req, func(token Token) error {
				if token.Text == "" || !utf8.ValidString(token.Text) {
					t.Errorf("emitted %q", token.Text)
				}
				emitted.WriteString(token.Text)
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if got.Text != test.text || got.CompletionTokens != test.tokens || got.FinishReason != test.reason {
				t.Errorf("%q, %d tokens, %s; want %q, %d, %s",
					got.Text, got.CompletionTokens, got.FinishReason, test.text, test.tokens, test.reason)
			}
			if emitted.String() != got.Text || len(got.IDs) != got.CompletionTokens || got.PromptTokens != prompt {
				t.Errorf("emitted %q, %d ids, %d prompt tokens; want %q, %d, %d",
					emitted.String(), len(got.IDs), got.PromptTokens, got.Text, got.CompletionTokens, prompt)
			}
		})
	}
}

func TestGenerateTokens(t *testing.T) {
	m := scriptedModel(t, "Tú v")
	var got []Token
	_, err := m.Generate(context.Background(), Request{Messages: ask("Hi"), Stop: []string{"v!"}}, func(token Token) error {
		got = append(got, token)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []Token{
		{testFirstByte + 'T', 0, "T"},
		{testFirstByte + 0xba, 2, "ú"},
		{testFirstByte + ' ', 3, " "},
		{testFirstByte + 'v', 4, "v"}, // held back as the beginning of "v!" until the turn ended
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

func TestGenerateContextWindow(t *testing.T) {
	m := scriptedModel(t, "Tú vas")
	empty, err := m.CountTokens(Request{Messages: ask("")})
	if err != nil {
		t.Fatal(err)
	}
	prompt := func(tokens int) Request { return Request{Messages: ask(strings.Repeat("x", tokens-empty))} }

	got, err := m.Generate(context.Background(), prompt(m.ContextWindow()-4), nil)
	if err != nil || got.Text != "Tú " || got.FinishReason != FinishLength {
		t.Errorf("with room for 4: %q, %s, %v; want all 4 and length", got.Text, got.FinishReason, err)
	}
	_, err = m.Generate(context.Background(), prompt(m.ContextWindow()), nil)
	var window *ContextWindowError
	if !errors.As(err, &window) || !errors.Is(err, ErrContextWindow) {
		t.Fatalf("without room: error %v, want a ContextWindowError", err)
	}
	if *window != (ContextWindowError{PromptTokens: 64, ContextWindow: 64}) {
		t.Errorf("got %+v", *window)
	}
}

func TestGenerateEnds(t *testing.T) {
	m := scriptedModel(t, "Tú vas")
	req := Request{Messages: ask("Hi")}
	prompt, err := m.CountTokens(req)
	if err != nil {
		t.Fatal(err)
	}

	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	got, err := m.Generate(cancelled, req, nil)
	if !errors.Is(err, context.Canceled) || got.PromptTokens != prompt || got.CompletionTokens != 0 {
		t.Errorf("cancelled before: %+v, %v", got, err)
	}

	ctx, cancel := context.WithCancel(context.Background())
	got, err = m.Generate(ctx, req, func(token Token) error {
		if token.Text == "ú" {
			cancel()
		}
		return nil
	})
	if !errors.Is(err, context.Canceled) || got.Text != "Tú" || got.CompletionTokens != 3 || got.FinishReason != "" {
		t.Errorf("cancelled at ú: %+v, %v", got, err)
	}

	gone := errors.New("the reader is gone")
	got, err = m.Generate(context.Background(), req, func(Token) error { return gone })
	if !errors.Is(err, gone) || got.CompletionTokens != 1 || got.FinishReason != "" {
		t.Errorf("emit failed: %+v, %v", got, err)
	}
}

func TestGenerateConcurrently(t *testing.T) {
	m := load(t, syntheticModel(small))
	req := Request{Messages: ask("hello world"), Temperature: 1, Seed: 3, MaxTokens: 20}
	want, err := m.Generate(context.Background(), req, nil)
	if err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			got, err := m.Generate(context.Background(), req, nil)
			if err != nil || !slices.Equal(got.IDs, want.IDs) {
				t.Errorf("%d, %v; want %d", got.IDs, err, want.IDs)
			}
		})
	}
	wait.Wait()
}

func TestGenerateRefuses(t *testing.T) {
	m := load(t, syntheticModel(small))
	for name, req := range map[string]Request{
		"no messages":          {},
		"negative length":      {Messages: ask("x"), MaxTokens: -1},
		"negative temperature": {Messages: ask("x"), Temperature: -1},
		"no temperature":       {Messages: ask("x"), Temperature: math.NaN()},
		"endless temperature":  {Messages: ask("x"), Temperature: math.Inf(1)},
		"top-p above 1":        {Messages: ask("x"), TopP: 1.1},
		"no top-p":             {Messages: ask("x"), TopP: math.NaN()},
		"negative top-k":       {Messages: ask("x"), TopK: -1},
		"empty stop string":    {Messages: ask("x"), Stop: []string{"a", ""}},
		"broken stop string":   {Messages: ask("x"), Stop: []string{"\xff"}},
	} {
		if _, err := m.Generate(context.Background(), req, nil); !errors.Is(err, ErrRequest) {
			t.Errorf("%s: error %v, want ErrRequest", name, err)
		}
	}
}
