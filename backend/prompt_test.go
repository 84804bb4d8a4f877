package backend

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDecodePrompt(t *testing.T) {
	user := []Message{{Role: "user", Content: "hi"}}
	temperature, topP, seed, presence, frequency := 0.5, 1.0, int64(-7), -2.0, 2.0
	const messages = `"messages":[{"role":"user","content":"hi"}]`
	tests := []struct {
		name, body string
		want       *Prompt
	}{
		{"least", `{` + messages + `}`, &Prompt{Messages: user}},
		{"all", `{` + messages + `,"temperature":0.5,"top_p":1,"seed":-7,"presence_penalty":-2,"frequency_penalty":2,"max_tokens":5,"stop":["a","b"]}`,
			&Prompt{Messages: user, Temperature: &temperature, TopP: &topP, Seed: &seed, PresencePenalty: &presence, FrequencyPenalty: &frequency, MaxTokens: 5, Stop: []string{"a", "b"}}},
		{"one stop", `{` + messages + `,"stop":"a"}`, &Prompt{Messages: user, Stop: []string{"a"}}},
		{"newer limit wins", `{"max_completion_tokens":3,"max_tokens":5,` + messages + `}`, &Prompt{Messages: user, MaxTokens: 3}},
		{"nulls are absent", `{` + messages + `,"temperature":null,"stop":null,"tools":null,"n":null,"unheard_of":null}`, &Prompt{Messages: user}},
		{"defaults", `{` + messages + `,"n":1,"logprobs":false,"tools":[],"tool_choice":"auto","response_format":{ "type": "text" },"logit_bias":{},"continue_final_message":false,"add_generation_prompt":true}`, &Prompt{Messages: user}},
		{"unknown", `{"unheard_of":1,"top_k":[2],"messages":[{"role":"user","content":[{"type":"text","text":"hi","cache_control":{}}],"weight":1,"tool_calls":[]}]}`, &Prompt{Messages: user}},
		{"labels", `{` + messages + `,"model":"x","stream":true,"stream_options":{"include_usage":true},"user":"u","metadata":{"a":"b"},"store":false}`, &Prompt{Messages: user}},
		{"parts", `{"messages":[{"role":"system","name":"n","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]},{"role":"assistant","content":"","refusal":null}]}`,
			&Prompt{Messages: []Message{{Role: "system", Name: "n", Content: "ab"}, {Role: "assistant"}}}},
		{"continued", `{"messages":[{"role":"assistant","content":"a"}],"continue_final_message":true,"add_generation_prompt":false}`,
			&Prompt{Messages: []Message{{Role: "assistant", Content: "a"}}, Continue: true}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, e := decodePrompt([]byte(test.body))
			if e != nil {
				t.Fatal(e)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDecodePromptRefuses(t *testing.T) {
	const messages = `"messages":[{"role":"user","content":"hi"}],`
	tests := []struct {
		body, param string
		code        Code
	}{
		{`[]`, "", CodeInvalidRequest},
		{`null`, "", CodeInvalidRequest},
		{`{}`, "messages", CodeInvalidRequest},
		{`{"messages":[]}`, "messages", CodeInvalidRequest},
		{`{"messages":"hi"}`, "messages", CodeInvalidRequest},
		{`{"messages":[null]}`, "messages[0].role", CodeInvalidRequest},
		{`{"messages":[{"role":"user"}]}`, "messages[0].content", CodeInvalidRequest},
		{`{"messages":[{"role":"user","content":7}]}`, "messages[0].content", CodeInvalidRequest},
		{`{"messages":[{"role":"user","content":[{"type":"text"}]}]}`, "messages[0].content[0].text", CodeInvalidRequest},
		{`{"messages":[{"role":"user","content":"a"},{"role":"user","content":[{"type":"image_url","image_url":{}}]}]}`, "messages[1].content[0].type", CodeUnsupported},
		{`{"messages":[{"role":"tool","content":"a"}]}`, "messages[0].role", CodeUnsupported},
		{`{"messages":[{"role":"assistant","content":"","tool_calls":[{}],"audio":{}}]}`, "messages[0].audio", CodeUnsupported},
		{`{` + messages + `"temperature":3}`, "temperature", CodeInvalidRequest},
		{`{` + messages + `"temperature":"hot"}`, "temperature", CodeInvalidRequest},
		{`{` + messages + `"max_tokens":0}`, "max_tokens", CodeInvalidRequest},
		{`{` + messages + `"seed":1.5}`, "seed", CodeInvalidRequest},
		{`{` + messages + `"stop":[1]}`, "stop", CodeInvalidRequest},
		{`{` + messages + `"stop":""}`, "stop", CodeInvalidRequest},
		{`{` + messages + `"continue_final_message":true}`, "add_generation_prompt", CodeInvalidRequest},
		{`{` + messages + `"add_generation_prompt":false}`, "add_generation_prompt", CodeInvalidRequest},
		{`{` + messages + `"continue_final_message":true,"add_generation_prompt":false}`, "continue_final_message", CodeInvalidRequest},
		{`{` + messages + `"n":2}`, "n", CodeUnsupported},
		{`{` + messages + `"logprobs":true}`, "logprobs", CodeUnsupported},
		{`{` + messages + `"tools":[{"type":"function"}]}`, "tools", CodeUnsupported},
		{`{` + messages + `"response_format":{"type":"json_object"}}`, "response_format", CodeUnsupported},
		{`{` + messages + `"tool_choice":"required"}`, "tool_choice", CodeUnsupported},
		{`{` + messages + `"functions":[{}]}`, "functions", CodeUnsupported},
		{`{` + messages + `"function_call":{"name":"f"}}`, "function_call", CodeUnsupported},
		{`{` + messages + `"top_logprobs":2,"logprobs":null}`, "top_logprobs", CodeUnsupported},
		{`{` + messages + `"logit_bias":{"1":2}}`, "logit_bias", CodeUnsupported},
		{`{` + messages + `"modalities":["text","audio"],"audio":{}}`, "modalities", CodeUnsupported},
		{`{` + messages + `"audio":{"voice":"x"}}`, "audio", CodeUnsupported},
		{`{` + messages + `"prediction":{"type":"content"}}`, "prediction", CodeUnsupported},
		{`{` + messages + `"reasoning_effort":"high"}`, "reasoning_effort", CodeUnsupported},
		{`{` + messages + `"web_search_options":{}}`, "web_search_options", CodeUnsupported},
	}
	for _, test := range tests {
		_, e := decodePrompt([]byte(test.body))
		if e == nil {
			t.Errorf("%s was taken", test.body)
			continue
		}
		if e.Code != test.code || e.Param != test.param || e.Message == "" || e.wireType() != "invalid_request_error" {
			t.Errorf("%s: %v, param %q, want %s, param %q", test.body, e, e.Param, test.code, test.param)
		}
	}
}

func FuzzDecodePrompt(f *testing.F) {
	for _, seed := range []string{
		`{"messages":[{"role":"user","content":[{"type":"text","text":"a"}]}],"stop":"x","max_tokens":1}`,
		`{"messages":[{"role":"assistant","content":"a"}],"continue_final_message":true,"add_generation_prompt":false}`,
		`{"messages":[null,{}],"tools":[1]}`, `{"messages":[{"role":"user","content":"a"}],"temperature":1e999}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		p, e := decodePrompt(body)
		if e != nil {
			if e.Code != CodeInvalidRequest && e.Code != CodeUnsupported || e.message() == "" {
				t.Errorf("%s: %v", body, e)
			}
			return
		}
		if len(p.Messages) == 0 || p.MaxTokens < 0 {
			t.Errorf("%s: %+v", body, p)
		}
		for _, m := range p.Messages {
			if m.Role == "" || strings.Contains("tool function", m.Role) {
				t.Errorf("%s: role %q", body, m.Role)
			}
		}
		if p.Continue && p.Messages[len(p.Messages)-1].Role != "assistant" {
			t.Errorf("%s continues nothing", body)
		}
	})
}
