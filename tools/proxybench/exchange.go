//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// tokens is how many tokens every answer has.
const tokens = 64

// The mock's models differ in their pace.
const (
	modelFast    = "fast"    // all at once
	modelDelayed = "delayed" // all at once, after the time of a first token
	modelPaced   = "paced"   // token by token
)

const (
	firstTokenAfter = 100 * time.Millisecond
	tokenEvery      = 10 * time.Millisecond
)

// exchange is a request's body, and the answer that must come of it.
type exchange struct {
	request []byte
	answer  []byte

	// firstToken is where in answer the first token's text begins.
	firstToken int
}

// form is what an answer comes as.
type form int

const (
	plain     form = iota
	counted        // a stream, with the usage before its end
	uncounted      // a stream without it: ours asks for it all the same, and withholds it
)

// newExchange asks a model for an answer, with a prompt of so many bytes.
func newExchange(model string, as form, prompt int) *exchange {
	body := map[string]any{
		"model":    model,
		"messages": []map[string]string{{"role": "user", "content": text(prompt)}},
		"stream":   as != plain,
	}
	answer := answerOf(model)
	if as != plain {
		answer = bytes.Join(eventsOf(model, as == counted), nil)
	}
	if as == counted {
		body["stream_options"] = map[string]bool{"include_usage": true}
	}
	request, _ := json.Marshal(body) // strings and booleans always marshal
	return &exchange{request: request, answer: answer, firstToken: bytes.Index(answer, []byte(" token"))}
}

// in is the exchange as one of a conversation, by whose number ours chooses an endpoint.
// To all others it is just so many bytes more.
func (e *exchange) in(conversation int) *exchange {
	said := *e
	said.request = append(fmt.Appendf(nil, `{"conversationId":"%08d",`, conversation), e.request[1:]...)
	return &said
}

// text is so many bytes of words, and a few quotes and line breaks as real prompts have.
func text(n int) string {
	const words = "Please read the following passage and say in \"plain\" words what it is about.\n"
	return strings.Repeat(words, n/len(words)+1)[:n]
}

const head = `"id":"chatcmpl-0123456789abcdefghijklmno","created":1700000000,"model":%q,"system_fingerprint":"fp_0123456789"`

const tokenUsage = `{"prompt_tokens":250,"completion_tokens":64,"total_tokens":314}`

// answerOf is the plain answer of a model.
func answerOf(model string) []byte {
	return fmt.Appendf(nil, `{"object":"chat.completion",`+head+`,"choices":[{"index":0,"message":`+
		`{"role":"assistant","content":%q,"refusal":null},"logprobs":null,"finish_reason":"stop"}],"usage":`+tokenUsage+"}\n",
		model, strings.Repeat(" token", tokens))
}

// eventsOf are the events of a model's stream: the role, the tokens, the finish
// reason, the usage if it is wanted, and [DONE].
func eventsOf(model string, usage bool) [][]byte {
	chunk := func(delta, finish string) []byte {
		return fmt.Appendf(nil, `data: {"object":"chat.completion.chunk",`+head+`,"choices":[{"index":0,"delta":%s,`+
			`"logprobs":null,"finish_reason":%s}],"usage":null}`+"\n\n", model, delta, finish)
	}
	events := [][]byte{chunk(`{"role":"assistant","content":"","refusal":null}`, "null")}
	for range tokens {
		events = append(events, chunk(`{"content":" token"}`, "null"))
	}
	events = append(events, chunk("{}", `"stop"`))
	if usage {
		events = append(events, fmt.Appendf(nil, `data: {"object":"chat.completion.chunk",`+head+`,"choices":[],"usage":`+tokenUsage+"}\n\n", model))
	}
	return append(events, []byte("data: [DONE]\n\n"))
}
