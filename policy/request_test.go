package policy_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/edgewise-ai/edgewise/capability"
	"github.com/edgewise-ai/edgewise/policy"
	"github.com/edgewise-ai/edgewise/registry"
)

func TestRequestValidate(t *testing.T) {
	const beyond = capability.MaxCount + 1
	long := strings.Repeat("x", 201)
	for field, bad := range map[string][]policy.Request{
		"promptLength":   {{PromptLength: -1}, {PromptLength: beyond}},
		"promptTokens":   {{PromptTokens: -1}, {PromptTokens: beyond}},
		"maxTokens":      {{MaxTokens: -1}, {MaxTokens: beyond}},
		"needs.n":        {{Needs: registry.Features{N: -1}}},
		"engines":        {{Engines: make([]string, 17)}, {Engines: []string{"webllm", strings.Repeat("x", 65)}}, {Engines: []string{"webllm", ""}}},
		"complexity":     {{Complexity: "hard"}, {Complexity: "Simple"}},
		"privacy":        {{Privacy: "secret"}},
		"preference":     {{Preference: "sometimes"}},
		"inToolLoop":     {{InToolLoop: 3}},
		"lastTarget":     {{LastTarget: 3}},
		"task":           {{Task: long}},
		"conversationId": {{ConversationID: long}},

		"features.codePoints":     featuresOf(func(f *policy.TextFeatures, n int64) { f.CodePoints = n }),
		"features.messages":       featuresOf(func(f *policy.TextFeatures, n int64) { f.Messages = n }),
		"features.codeFences":     featuresOf(func(f *policy.TextFeatures, n int64) { f.CodeFences = n }),
		"features.digits":         featuresOf(func(f *policy.TextFeatures, n int64) { f.Digits = n }),
		"features.operators":      featuresOf(func(f *policy.TextFeatures, n int64) { f.Operators = n }),
		"features.questionWords":  featuresOf(func(f *policy.TextFeatures, n int64) { f.QuestionWords = n }),
		"features.reasoningVerbs": featuresOf(func(f *policy.TextFeatures, n int64) { f.ReasoningVerbs = n }),
		"features.cjk":            featuresOf(func(f *policy.TextFeatures, n int64) { f.CJK = n }),
	} {
		for _, request := range bad {
			var wrong *policy.FieldError
			if err := request.Validate(); !errors.As(err, &wrong) || wrong.Field != field {
				t.Errorf("got error %v, want one about %s", err, field)
			}
		}
	}
	for _, good := range []policy.Request{
		{},
		{PromptLength: capability.MaxCount, PromptTokens: capability.MaxCount, MaxTokens: capability.MaxCount},
		{
			PromptLength: 10, Complexity: policy.Auto, Privacy: policy.PrivacyLocalOnly, Preference: policy.ModeNever,
			Task: long[:200], ConversationID: long[:200], InToolLoop: browser, LastTarget: server, Features: full(),
			Engines: slices.Repeat([]string{long[:64]}, 16),
		},
	} {
		if err := good.Validate(); err != nil {
			t.Errorf("a good request is refused: %v", err)
		}
	}
}

// featuresOf are two requests whose features have one count out of range.
func featuresOf(set func(f *policy.TextFeatures, n int64)) []policy.Request {
	var requests []policy.Request
	for _, n := range []int64{-1, capability.MaxCount + 1} {
		f := full()
		set(f, n)
		requests = append(requests, policy.Request{Features: f})
	}
	return requests
}

func TestTokens(t *testing.T) {
	cjk := func(length, looked, cjk int64) policy.Request {
		return policy.Request{PromptLength: length, Features: &policy.TextFeatures{CodePoints: looked, CJK: cjk}}
	}
	for _, test := range []struct {
		name    string
		request policy.Request
		want    int64
	}{
		{"empty", policy.Request{}, 0},
		{"rounded up", policy.Request{PromptLength: 5}, 2},
		{"counted by the page", policy.Request{PromptLength: 5, PromptTokens: 9}, 9},
		{"CJK", cjk(10, 10, 10), 10},
		{"half CJK", cjk(100, 100, 50), 50 + 13},
		{"a sample, scaled up", cjk(12_000, 8_000, 4_000), 6_000 + 1_500},
		{"more CJK than text", cjk(10, 10, 99), 10},
		{"more code points than the prompt has", cjk(10, 20, 20), 10},
		{"a share of less than 2^32", cjk(1<<32-1, 7, 5), 3_067_833_782 + 306_783_379},
		{"a share of 2^32, by whole samples", cjk(1<<32, 7, 5), 3_067_833_780 + 306_783_379},
		{"a share of a large sample", cjk(capability.MaxCount, 1<<20, 1<<20), 1<<53 - 1<<20 + 1<<18},
		{"no overflow", cjk(capability.MaxCount, 2, 2), capability.MaxCount},
	} {
		if got := test.request.Tokens(); got != test.want {
			t.Errorf("%s: got %d tokens, want %d", test.name, got, test.want)
		}
	}
}

func FuzzRequest(f *testing.F) {
	f.Add([]byte(`{"promptLength":10,"features":{"codePoints":10,"cjk":3},"needs":{"n":2},"engines":["webllm"],"inToolLoop":"browser"}`))
	f.Add([]byte(`{"promptLength":-1,"complexity":"simple"}`))
	d := newDecider(f, policy.Options{})
	f.Fuzz(func(t *testing.T, data []byte) {
		var r policy.Request
		if json.Unmarshal(data, &r) != nil || r.Validate() != nil {
			return
		}
		if n := r.Tokens(); n < 0 || n > capability.MaxCount {
			t.Fatalf("%d tokens", n)
		}
		if got := d.Decide(t.Context(), policy.Input{Device: desktop(), Request: &r}); got.Reason == "" {
			t.Fatal("a decision without a reason")
		}
	})
}
