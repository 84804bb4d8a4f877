package policy_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/edgewise-ai/edgewise/capability"
	"github.com/edgewise-ai/edgewise/policy"
	"github.com/edgewise-ai/edgewise/registry"
)

func TestRequestValidate(t *testing.T) {
	long := strings.Repeat("x", 201)
	tests := map[string]policy.Request{
		"":                        {PromptLength: 10, Complexity: policy.Auto, Privacy: policy.PrivacyLocalOnly, Preference: policy.ModeNever},
		"promptLength":            {PromptLength: -1},
		"promptTokens":            {PromptTokens: -1},
		"maxTokens":               {MaxTokens: capability.MaxCount + 1},
		"needs.n":                 {Needs: registry.Features{N: -1}},
		"complexity":              {Complexity: "hard"},
		"privacy":                 {Privacy: "secret"},
		"preference":              {Preference: "sometimes"},
		"task":                    {Task: long},
		"conversationId":          {ConversationID: long},
		"features.codePoints":     {Features: &policy.TextFeatures{CodePoints: -1}},
		"features.reasoningVerbs": {Features: &policy.TextFeatures{ReasoningVerbs: -1}},
		"features.cjk":            {Features: &policy.TextFeatures{CJK: -1}},
	}
	for field, request := range tests {
		err := request.Validate()
		var wrong *policy.FieldError
		switch {
		case field == "" && err != nil:
			t.Errorf("a good request is refused: %v", err)
		case field != "" && (!errors.As(err, &wrong) || wrong.Field != field):
			t.Errorf("got error %v, want one about %s", err, field)
		}
	}
}

func TestTokens(t *testing.T) {
	tests := []struct {
		name    string
		request policy.Request
		want    int64
	}{
		{"empty", policy.Request{}, 0},
		{"rounded up", policy.Request{PromptLength: 5}, 2},
		{"counted by the page", policy.Request{PromptLength: 5, PromptTokens: 9}, 9},
		{"CJK", policy.Request{PromptLength: 10, Features: &policy.TextFeatures{CodePoints: 10, CJK: 10}}, 10},
		{"half CJK", policy.Request{PromptLength: 100, Features: &policy.TextFeatures{CodePoints: 100, CJK: 50}}, 50 + 13},
		{"a sample, scaled up", policy.Request{PromptLength: 12_000, Features: &policy.TextFeatures{CodePoints: 8_000, CJK: 4_000}}, 6_000 + 1_500},
		{"more CJK than text", policy.Request{PromptLength: 10, Features: &policy.TextFeatures{CodePoints: 10, CJK: 99}}, 10},
		{"no overflow", policy.Request{PromptLength: capability.MaxCount, Features: &policy.TextFeatures{CodePoints: 2, CJK: 2}}, capability.MaxCount},
	}
	for _, test := range tests {
		if got := test.request.Tokens(); got != test.want {
			t.Errorf("%s: got %d tokens, want %d", test.name, got, test.want)
		}
	}
}

func TestStateClamp(t *testing.T) {
	s := policy.State{
		Models: map[string]registry.ModelState{
			"m": {Status: "molten", LoadMs: 5},
		},
		Battery: policy.Battery{LevelPermille: 5_000},
		Mode:    "sometimes",
	}
	s.Clamp()
	want := registry.ModelState{LoadMs: 5}
	if s.Models["m"] != want || s.Battery.LevelPermille != 1_000 || s.Mode != "" {
		t.Errorf("not clamped: %+v", s)
	}

	s.Models = make(map[string]registry.ModelState)
	for i := range policy.MaxStateModels + 1 {
		s.Models[strings.Repeat("x", i)] = registry.ModelState{}
	}
	if s.Clamp(); s.Models != nil {
		t.Error("a page may not report on any number of models")
	}
}

func TestTargetText(t *testing.T) {
	for _, target := range []policy.Target{policy.None, policy.Browser, policy.Server} {
		data, err := json.Marshal(target)
		if err != nil {
			t.Fatal(err)
		}
		var again policy.Target
		if err := json.Unmarshal(data, &again); err != nil || again != target {
			t.Errorf("%v became %v (%v)", target, again, err)
		}
	}
	var target policy.Target
	if err := json.Unmarshal([]byte(`"moon"`), &target); err == nil {
		t.Error("an unknown target was accepted")
	}
}

func FuzzRequest(f *testing.F) {
	f.Add([]byte(`{"promptLength":10,"features":{"codePoints":10,"cjk":3},"needs":{"n":2},"inToolLoop":"browser"}`))
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
