package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/edgewise-ai/edgewise/examples/tinymodel"
)

const desktop = `{"hasWebGPU":true,"hasWebGL2":true,"gpuTier":"high","isDesktop":true,"estimatedAvailableRAMGB":8}`

func TestRoute(t *testing.T) {
	s := open(t)
	for _, test := range []struct {
		name, body, target, reason string
	}{
		{"a capable desktop", `{"capabilities":` + desktop + `,"promptLength":100}`, "browser", "optimal_for_browser"},
		{"nothing is known", `{"capabilities":{},"promptLength":100}`, "browser", "optimal_for_browser"},
		{"no GPU interface", `{"capabilities":{"hasWebGPU":false,"hasWebGL2":false,"isDesktop":true},"promptLength":100}`, "server", "insufficient_device_capabilities"},
		{"little memory", `{"capabilities":{"hasWebGPU":true,"estimatedAvailableRAMGB":1},"promptLength":100}`, "server", "insufficient_device_capabilities"},
		{"a long prompt", `{"capabilities":` + desktop + `,"promptLength":5000,"complexity":"auto"}`, "server", "request_too_complex"},
		{"declared complex", `{"capabilities":` + desktop + `,"promptLength":100,"complexity":"complex"}`, "server", "request_too_complex"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got struct {
				Target     string `json:"target"`
				UseBrowser bool   `json:"useBrowser"`
				Reason     string `json:"reason"`
				ModelInfo  *struct {
					ID string `json:"id"`
				} `json:"modelInfo"`
			}
			s.post("/api/v1/browser/route", test.body, &got)
			if got.Target != test.target || got.Reason != test.reason || got.UseBrowser != (test.target == "browser") {
				t.Errorf("got %+v", got)
			}
			if got.UseBrowser && got.ModelInfo == nil {
				t.Error("the browser has no model to run")
			}
		})
	}
}

// The page carries one engine, and runs the tiny model with it, once it has it: until
// then the server answers.
func TestRouteOfThePage(t *testing.T) {
	s := open(t)
	device := strings.TrimSuffix(desktop, "}") + `,"engines":["transformers.js"]}`
	type decision struct {
		Target, Reason, Fallback, Preload string
	}
	for status, want := range map[string]decision{
		"absent": {"server", "model_not_ready", "browser", tinymodel.ID},
		"cached": {"browser", "optimal_for_browser", "server", tinymodel.ID},
		"loaded": {"browser", "optimal_for_browser", "server", ""},
	} {
		var got decision
		body := `{"capabilities":` + device + `,"promptLength":100,"state":{"models":{"` + tinymodel.ID + `":{"status":"` + status + `"}}}}`
		s.post("/api/v1/browser/route", body, &got)
		if got != want {
			t.Errorf("%s: got %+v, want %+v", status, got, want)
		}
	}
}

// completion is the part of a chat completion, or of a chunk, that tests look at.
type completion struct {
	Object  string `json:"object"`
	Model   string `json:"model"`
	Choices []struct {
		Message      struct{ Role, Content string } `json:"message"`
		Delta        struct{ Content string }       `json:"delta"`
		FinishReason string                         `json:"finish_reason"`
	} `json:"choices"`
	Usage *usage `json:"usage"`
}

type usage struct {
	PromptTokens     int `json:"prompt_tokens"`
	CompletionTokens int `json:"completion_tokens"`
	TotalTokens      int `json:"total_tokens"`
}

const question = `"messages":[{"role":"user","content":"What is the capital of France?"}]`

func TestChatCompletion(t *testing.T) {
	var got completion
	open(t).post("/api/v1/chat/completions", `{"model":"auto",`+question+`,"max_tokens":64}`, &got)
	if got.Object != "chat.completion" || got.Model != tinymodel.ID || len(got.Choices) != 1 {
		t.Fatalf("got %+v", got)
	}
	if c := got.Choices[0]; c.Message.Content != "The capital of France is Paris." || c.Message.Role != "assistant" || c.FinishReason != "stop" {
		t.Errorf("got %+v", c)
	}
	if want := (usage{18, 12, 30}); got.Usage == nil || *got.Usage != want {
		t.Errorf("usage %+v, want %+v", got.Usage, want)
	}
}

func TestChatCompletionStream(t *testing.T) {
	s := open(t)
	for _, withUsage := range []bool{false, true} {
		body := `{` + question + `,"stream":true}`
		if withUsage {
			body = `{` + question + `,"stream":true,"stream_options":{"include_usage":true}}`
		}
		events := s.events("/api/v1/chat/completions", body)
		last := len(events) - 1
		if events[last] != "[DONE]" {
			t.Fatalf("the last event is %q", events[last])
		}
		var text, finish strings.Builder
		var counted *usage
		for _, event := range events[:last] {
			var chunk completion
			if err := json.Unmarshal([]byte(event), &chunk); err != nil {
				t.Fatalf("%v in %s", err, event)
			}
			for _, choice := range chunk.Choices {
				text.WriteString(choice.Delta.Content)
				finish.WriteString(choice.FinishReason)
			}
			if chunk.Usage != nil {
				counted = chunk.Usage
			}
		}
		if text.String() != "The capital of France is Paris." || finish.String() != "stop" || len(events) < 10 {
			t.Errorf("%d events say %q, %q", len(events), &text, &finish)
		}
		switch want := (usage{18, 12, 30}); {
		case !withUsage && counted != nil:
			t.Errorf("usage %+v unasked", counted)
		case withUsage && (counted == nil || *counted != want):
			t.Errorf("usage %+v, want %+v", counted, want)
		}
	}
}

func TestContinuation(t *testing.T) {
	s := open(t)
	messages := `"messages":[{"role":"user","content":"Count from 1 to 10"},{"role":"assistant","content":"1, 2, 3, 4,"}]`
	var got completion
	s.post("/api/v1/chat/completions", `{`+messages+`,"continue_final_message":true,"add_generation_prompt":false}`, &got)
	if text := got.Choices[0].Message.Content; text != " 5, 6, 7, 8, 9, 10." {
		t.Errorf("went on with %q", text)
	}
	var route struct {
		Continuation string `json:"continuation"`
	}
	s.post("/api/v1/browser/route", `{"capabilities":{},"promptLength":1}`, &route)
	if route.Continuation != "native" {
		t.Errorf("continuation is %q", route.Continuation)
	}
}

func TestGenerate(t *testing.T) {
	var got struct {
		Text   string `json:"text"`
		Source string `json:"source"`
	}
	open(t).post("/api/v1/generate", `{"prompt":"What is 7 + 5?"}`, &got)
	if got.Text != "7 + 5 = 12." || got.Source != "server" {
		t.Errorf("got %+v", got)
	}
}

// The caller of /generate sent a prompt and no messages.
func TestGenerateRefusal(t *testing.T) {
	a := open(t).do(http.MethodPost, "/api/v1/generate", `{"prompt":"`+strings.Repeat("word ", 600)+`"}`)
	if a.status != http.StatusBadRequest || !strings.Contains(a.body, `"param":"prompt"`) || strings.Contains(a.body, "llama") {
		t.Errorf("%d: %s", a.status, a.body)
	}
}

// What the tiny model can't do it refuses by name.
func TestRefusals(t *testing.T) {
	s := open(t)
	long := strings.Repeat("word ", 600)
	for name, test := range map[string]struct {
		body, param string
		status      int
	}{
		"another model":  {`{"model":"gpt-9",` + question + `}`, "model", http.StatusNotFound},
		"penalties":      {`{` + question + `,"frequency_penalty":1}`, "frequency_penalty", http.StatusBadRequest},
		"presence":       {`{` + question + `,"presence_penalty":-1}`, "presence_penalty", http.StatusBadRequest},
		"a long prompt":  {`{"messages":[{"role":"user","content":"` + long + `"}]}`, "messages", http.StatusBadRequest},
		"an odd turn":    {`{"messages":[{"role":"tool","content":"x","tool_call_id":"1"}]}`, "messages", http.StatusBadRequest},
		"a sane request": {`{` + question + `,"frequency_penalty":0,"messages":[{"role":"developer","content":"Be brief."},{"role":"user","content":"Hi"}]}`, "", http.StatusOK},
	} {
		t.Run(name, func(t *testing.T) {
			a := s.do(http.MethodPost, "/api/v1/chat/completions", test.body)
			if a.status != test.status {
				t.Fatalf("status %d: %s", a.status, a.body)
			}
			if strings.Contains(a.body, "llama") {
				t.Errorf("the answer names the package: %s", a.body)
			}
			if test.param != "" && !strings.Contains(a.body, `"param":"`+test.param) {
				t.Errorf("the answer does not name %s: %s", test.param, a.body)
			}
		})
	}
}
