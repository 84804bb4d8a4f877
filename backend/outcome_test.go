package backend_test

import (
	"encoding/json"
	"errors"
	"maps"
	"math"
	"slices"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/edgewise-ai/edgewise/backend"
)

const wholeAnswer = `{"id":"1","object":"chat.completion","model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"hi \"you\""},` +
	`"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5,"prompt_tokens_details":{"cached_tokens":1}}}`

func TestReadAnswer(t *testing.T) {
	tests := []struct {
		name, body string
		want       backend.Outcome
		code       error
	}{
		{name: "whole", body: wholeAnswer, want: backend.Outcome{
			Model: "m", FinishReason: "stop", Deltas: 1, Chars: 8, Done: true,
			Usage: backend.Usage{PromptTokens: 3, CompletionTokens: 2, TotalTokens: 5, Known: true},
		}},
		{name: "no usage", body: `{"choices":[{"message":{"content":""},"finish_reason":"length"}],"usage":null}`, want: backend.Outcome{FinishReason: "length", Done: true}},
		{name: "odd usage", body: `{"choices":[{"finish_reason":"stop"}],"usage":{"prompt_tokens":-1,"completion_tokens":2}}`, want: backend.Outcome{FinishReason: "stop", Done: true}},
		{name: "empty tool calls", body: `{"choices":[{"message":{"content":null,"tool_calls":[ ]},"finish_reason":"stop"}]}`, want: backend.Outcome{FinishReason: "stop", Done: true}},
		{name: "no finish reason", body: `{"choices":[{"index":0,"finish_reason":"stop"},{"index":1,"message":{"content":"a"},"finish_reason":null}]}`, want: backend.Outcome{FinishReason: "stop", Deltas: 1, Chars: 1}, code: backend.CodeTruncated},
		{name: "parts", body: `{"choices":[{"message":{"content":[{"type":"text"}]},"finish_reason":"stop"}]}`, want: backend.Outcome{FinishReason: "stop", Done: true, Deltas: 1}},
		{name: "cut", body: wholeAnswer[:len(wholeAnswer)-1], code: backend.CodeBadResponse},
		{name: "twice", body: wholeAnswer + "{}", code: backend.CodeBadResponse},
		{name: "list", body: `[]`, code: backend.CodeBadResponse},
		{name: "empty", body: ``, code: backend.CodeBadResponse},
		{name: "no choices", body: `{"choices":[]}`, code: backend.CodeBadResponse},
		{name: "error", body: `{"error":{"message":"pay","code":"insufficient_quota"}}`, code: backend.CodeQuotaExceeded},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := backend.ReadAnswer([]byte(test.body))
			if !errors.Is(err, test.code) {
				t.Fatalf("error is %v, want %v", err, test.code)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// FuzzReadAnswer compares with encoding/json, on JSON written anew: names without escapes, none twice.
func FuzzReadAnswer(f *testing.F) {
	for _, seed := range []string{
		wholeAnswer, `{"choices":[{"message":{"content":"\ud83d\ude00\ud83d\\"},"finish_reason":null},{"finish_reason":"\u0061"}]}`,
		`{"choices":{},"model":7}`, `{"choices":[1,null,[]],"error":null}`, `{"usage":{"prompt_tokens":1e3,"completion_tokens":9}}`, `{"a":"\\"`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		_, rawErr := backend.ReadAnswer(body)
		var v map[string]any
		if json.Unmarshal(body, &v) != nil || v == nil {
			var any any
			if json.Unmarshal(body, &any) == nil && rawErr == nil {
				t.Errorf("%s is no object but was read", body)
			}
			return
		}
		canonical, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		got, err := backend.ReadAnswer(canonical)
		choices, _ := v["choices"].([]any)
		want := wantOutcome(v, choices)
		switch answers := len(choices) > 0 && v["error"] == nil; {
		case answers != (err == nil || errors.Is(err, backend.CodeTruncated)), answers && want.Done != (err == nil):
			t.Fatalf("%s: error is %v", canonical, err)
		case !answers:
			return
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", canonical, diff)
		}
	})
}

// wantOutcome is ReadAnswer for decoded JSON, written the plain way.
func wantOutcome(v map[string]any, choices []any) backend.Outcome {
	var want backend.Outcome
	want.Model, _ = v["model"].(string)
	finished := map[int]bool{} // by index; all from 63 on are one
	for _, c := range choices {
		choice, isChoice := c.(map[string]any)
		index, ok := tokens(choice["index"])
		if !ok {
			index = 0
		}
		index = min(index, 63)
		if reason, ok := choice["finish_reason"].(string); ok {
			want.FinishReason, finished[index] = reason, true
		} else if _, seen := finished[index]; isChoice && !seen {
			finished[index] = false
		}
		for _, name := range []string{"delta", "message"} {
			message, _ := choice[name].(map[string]any)
			for _, name := range []string{"content", "refusal", "reasoning_content", "reasoning"} {
				text, isText := message[name].(string)
				want.Chars += utf8.RuneCountInString(text)
				if list, isList := message[name].([]any); text != "" || !isText && message[name] != nil && (!isList || len(list) > 0) {
					want.Deltas = 1
				}
			}
			for _, name := range []string{"tool_calls", "function_call", "audio"} {
				if list, isList := message[name].([]any); message[name] != nil && (!isList || len(list) > 0) {
					want.Deltas = 1
				}
			}
		}
	}
	want.Done = !slices.Contains(slices.Collect(maps.Values(finished)), false)
	usage, _ := v["usage"].(map[string]any)
	prompt, ok1 := tokens(usage["prompt_tokens"])
	completion, ok2 := tokens(usage["completion_tokens"])
	if ok1 && ok2 {
		want.Usage = backend.Usage{PromptTokens: prompt, CompletionTokens: completion, TotalTokens: prompt + completion, Known: true}
		if total, ok := tokens(usage["total_tokens"]); ok {
			want.Usage.TotalTokens = total
		}
	}
	return want
}

func tokens(v any) (int, bool) {
	n, ok := v.(float64)
	return int(n), ok && n >= 0 && n == math.Trunc(n) && n < 1e15 && !math.Signbit(n)
}

func BenchmarkReadAnswer(b *testing.B) {
	body := []byte(wholeAnswer)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := backend.ReadAnswer(body); err != nil {
			b.Fatal(err)
		}
	}
}
