package llama

import (
	"context"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
)

const tinyModel = "../files/edgewise-tiny-v1/"

// tiny loads the model that the examples ship.
func tiny(t testing.TB) *Model {
	t.Helper()
	file, err := os.ReadFile(tinyModel + "edgewise-tiny-v1-q8_0.gguf")
	if err != nil {
		t.Fatal(err)
	}
	m, err := Load(file)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// reference is one prompt of reference.json: what the model answered in PyTorch, where it was trained.
type reference struct {
	ID               string
	Messages         []Message
	MaxTokens        int
	Text             string
	PromptTokens     int
	CompletionTokens int
	FinishReason     FinishReason
	PromptIDs        []int
	CompletionIDs    []int
}

func references(t *testing.T) []reference {
	t.Helper()
	data, err := os.ReadFile(tinyModel + "reference.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Prompts []reference }
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Prompts) == 0 {
		t.Fatal("reference.json has no prompts")
	}
	return file.Prompts
}

func TestReference(t *testing.T) {
	m := tiny(t)
	for _, want := range references(t) {
		t.Run(want.ID, func(t *testing.T) {
			t.Parallel()
			prompt, err := m.chat.prompt(want.Messages, false)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(prompt, want.PromptIDs) {
				t.Errorf("prompt\n got %d\nwant %d", prompt, want.PromptIDs)
			}
			got, err := m.Generate(context.Background(), Request{Messages: want.Messages, MaxTokens: want.MaxTokens}, nil)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got.IDs, want.CompletionIDs) || got.Text != want.Text {
				t.Errorf("answer\n got %q %d\nwant %q %d", got.Text, got.IDs, want.Text, want.CompletionIDs)
			}
			if got.PromptTokens != want.PromptTokens || got.CompletionTokens != want.CompletionTokens ||
				got.FinishReason != want.FinishReason {
				t.Errorf("%d prompt tokens, %d completion tokens, %q; want %d, %d, %q", got.PromptTokens, got.CompletionTokens,
					got.FinishReason, want.PromptTokens, want.CompletionTokens, want.FinishReason)
			}
		})
	}
}

// TestReferenceContinued cuts every answer after each of its tokens, as if the stream had broken there, and has the rest
// written from the text so far. Where a piece of the tokenizer's ends, the text must encode to the tokens the model
// wrote, and so give the answer that was cut.
func TestReferenceContinued(t *testing.T) {
	m := tiny(t)
	for _, want := range references(t) {
		t.Run(want.ID, func(t *testing.T) {
			t.Parallel()
			pieceEnds := map[int]bool{0: true}
			end := 0
			pretokenize(want.Text, func(piece string) {
				end += len(piece)
				// White space that more white space follows is split elsewhere when it is the end of the text.
				pieceEnds[end] = strings.TrimSpace(piece) != ""
			})
			n := len(want.CompletionIDs)
			for k := range n {
				prefix := m.tokenizer.Decode(want.CompletionIDs[:k]...)
				req := Request{
					Messages:  append(slices.Clip(want.Messages), Message{RoleAssistant, prefix}),
					Continue:  true,
					MaxTokens: want.MaxTokens - k,
				}
				prompt, err := m.chat.prompt(req.Messages, true)
				if err != nil {
					t.Fatal(err)
				}
				exact := slices.Equal(prompt, slices.Concat(want.PromptIDs, want.CompletionIDs[:k]))
				if pieceEnds[len(prefix)] && !exact {
					t.Errorf("after %q: prompt %d, want the reference's and %d", prefix, prompt, want.CompletionIDs[:k])
				}
				// Three cuts an answer are generated, to keep the test short.
				if !exact || k%(n/3+1) != 0 {
					continue
				}
				got, err := m.Generate(context.Background(), req, nil)
				if err != nil {
					t.Fatal(err)
				}
				if !slices.Equal(got.IDs, want.CompletionIDs[k:]) || prefix+got.Text != want.Text ||
					got.FinishReason != want.FinishReason {
					t.Errorf("after %q: %q, %s; want %q, %s", prefix, got.Text, got.FinishReason,
						strings.TrimPrefix(want.Text, prefix), want.FinishReason)
				}
			}
		})
	}
}
