package backendtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// What a Server says when nothing is wrong.
const (
	// ModelID is the only model a Server knows.
	ModelID = "mock-model"

	// Answer is its answer to everything.
	Answer = "The quick brown fox jumps over the lazy dog."

	// PromptTokens and CompletionTokens are the usage it reports for the whole of Answer: a token a word.
	PromptTokens     = 7
	CompletionTokens = 9
)

// Prefill is how a [Server] is asked to carry on an answer that another began. Asked in any other way it begins anew.
type Prefill string

const (
	// PrefillNever is OpenAI's: a last message of the assistant's is one like any other.
	PrefillNever Prefill = ""
	// PrefillFinalMessage is vLLM's: "continue_final_message": true, and "add_generation_prompt": false or a refusal.
	PrefillFinalMessage Prefill = "continue_final_message"
	// PrefillLast is Ollama's: a last message of the assistant's is carried on.
	PrefillLast Prefill = "prefill"
	// PrefillPrefix is that of DeepSeek's beta: "prefix": true in the last message.
	PrefillPrefix Prefill = "prefix"
)

// question is as much of a request as a Server looks at.
type question struct {
	Model    string
	Messages []struct {
		Role    string
		Content json.RawMessage
		Prefix  bool
	}
	Stream        bool
	StreamOptions struct {
		IncludeUsage bool `json:"include_usage"`
	} `json:"stream_options"`
	ContinueFinalMessage bool  `json:"continue_final_message"`
	AddGenerationPrompt  *bool `json:"add_generation_prompt"`

	answer string // to it
}

// readQuestion reads a request, and finds its answer or what is wrong with it.
func readQuestion(body []byte, prefill Prefill) (question, *Fault) {
	q := question{answer: Answer}
	err := json.Unmarshal(body, &q)
	var refusal Fault
	switch opens := q.AddGenerationPrompt == nil || *q.AddGenerationPrompt; {
	case err != nil || len(q.Messages) == 0:
		refusal = failure(http.StatusBadRequest, "invalid_request_error", "", "messages are missing")
	case q.Model != ModelID:
		refusal = failure(http.StatusNotFound, "invalid_request_error", "model_not_found", "The model `"+q.Model+"` does not exist")
	case prefill == PrefillFinalMessage && q.ContinueFinalMessage && opens:
		refusal = failure(http.StatusBadRequest, "BadRequestError", "", "continue_final_message and add_generation_prompt exclude each other")
	default:
		q.answer = q.rest(prefill)
		return q, nil
	}
	return q, &refusal
}

// rest is what is left to say of Answer.
func (q *question) rest(prefill Prefill) string {
	last := q.Messages[len(q.Messages)-1]
	asked := map[Prefill]bool{
		PrefillFinalMessage: q.ContinueFinalMessage,
		PrefillLast:         true,
		PrefillPrefix:       last.Prefix,
	}
	var partial string
	if !asked[prefill] || last.Role != "assistant" || json.Unmarshal(last.Content, &partial) != nil {
		return Answer
	}
	rest, _ := strings.CutPrefix(Answer, partial)
	return rest
}

// words are the tokens of an answer.
func words(text string) []string {
	if text == "" {
		return nil
	}
	return strings.SplitAfter(text, " ")
}

func usage(text string) string {
	n := len(words(text))
	return fmt.Sprintf(`{"prompt_tokens":%d,"completion_tokens":%d,"total_tokens":%d}`, PromptTokens, n, PromptTokens+n)
}

// quoted is text as JSON has it.
func quoted(text string) string {
	b, _ := json.Marshal(text) // a string always marshals
	return string(b)
}

// whole is an answer in one piece.
func whole(text string) string {
	return `{"id":"chatcmpl-1","object":"chat.completion","created":1700000000,"model":"` + ModelID + `","choices":[{"index":0,` +
		`"message":{"role":"assistant","content":` + quoted(text) + `,"refusal":null},"logprobs":null,"finish_reason":"stop"}],` +
		`"usage":` + usage(text) + `,"system_fingerprint":"fp_mock"}`
}

// streamed returns the events of an answer: the role, a word each, the finish reason, usage if asked, [DONE].
func streamed(text string, includeUsage bool) []string {
	null := ""
	if includeUsage {
		null = `,"usage":null`
	}
	event := func(choices, usage string) string {
		return `data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1700000000,"model":"` + ModelID + `",` +
			`"service_tier":"default","system_fingerprint":"fp_mock","choices":[` + choices + `]` + usage + `,"obfuscation":"x1y2"}` + "\n\n"
	}
	delta := func(delta, finish string) string {
		return event(`{"index":0,"delta":`+delta+`,"logprobs":null,"finish_reason":`+finish+`}`, null)
	}
	events := []string{delta(`{"role":"assistant","content":"","refusal":null}`, "null")}
	for _, word := range words(text) {
		events = append(events, delta(`{"content":`+quoted(word)+`}`, "null"))
	}
	events = append(events, delta("{}", `"stop"`))
	if includeUsage {
		events = append(events, event("", `,"usage":`+usage(text)))
	}
	return append(events, "data: [DONE]\n\n")
}
