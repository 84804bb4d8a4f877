package openai

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/edgewise-ai/edgewise/backend"
)

// Continuation is how an API is asked to carry on the last assistant message. It can't be found out by asking: an API
// that can't ignores the wish and answers anew.
type Continuation string

const (
	// ContinueNever means that the API can't. Requests to continue are refused.
	ContinueNever Continuation = ""

	// ContinueFinalMessage is the way of vLLM, SGLang, and llama.cpp since May 2026: "continue_final_message": true and
	// "add_generation_prompt": false beside the messages.
	ContinueFinalMessage Continuation = "continue_final_message"

	// ContinuePrefill is the way of llama.cpp: a last message that is the assistant's is carried on as it is. It is Ollama's
	// too, but for models whose chat template closes that message, as most do: those answer anew.
	ContinuePrefill Continuation = "prefill"

	// ContinuePrefix is the way of DeepSeek's beta: "prefix": true in the last message.
	ContinuePrefix Continuation = "prefix"
)

func (c Continuation) validate() error {
	switch c {
	case ContinueNever, ContinueFinalMessage, ContinuePrefill, ContinuePrefix:
		return nil
	default:
		return fmt.Errorf("openai: Options.Continuation is %q: it must be empty, continue_final_message, prefill or prefix", c)
	}
}

// Continuation says what Options.Continuation means to whoever asks.
func (b *Backend) Continuation() backend.Continuation {
	if b.opts.Continuation == ContinueNever {
		return backend.ContinuationNone
	}
	return backend.ContinuationNative
}

// translate turns a wish to continue, in the terms of backend.ContinuationNative, into the API's.
func (c Continuation) translate(body []byte) ([]byte, error) {
	members := []backend.Member{
		{Name: "continue_final_message"},
		{Name: "add_generation_prompt"},
	}
	switch c {
	case ContinueNever:
		return nil, backend.Unsupported("continue_final_message", "this model can't continue a message")
	case ContinueFinalMessage:
		members[0].Value, members[1].Value = json.RawMessage("true"), json.RawMessage("false")
	case ContinuePrefix:
		messages, err := prefixed(body)
		if err != nil {
			return nil, err
		}
		members = append(members, backend.Member{Name: "messages", Value: messages})
	}
	return backend.SetMembers(body, members...)
}

// prefixed returns the body's messages with "prefix" set in the last.
func prefixed(body []byte) (json.RawMessage, error) {
	var request struct{ Messages []json.RawMessage }
	if err := json.Unmarshal(body, &request); err != nil || len(request.Messages) == 0 {
		return nil, &backend.Error{Code: backend.CodeInvalidRequest, Param: "messages", Message: "messages must be a non-empty array of messages", Err: err}
	}
	last := &request.Messages[len(request.Messages)-1]
	message, err := backend.SetMembers(*last, backend.Member{Name: "prefix", Value: json.RawMessage("true")})
	if err != nil {
		return nil, err
	}
	*last = message
	parts := make([][]byte, len(request.Messages))
	for i, m := range request.Messages {
		parts[i] = m
	}
	return append(append([]byte{'['}, bytes.Join(parts, []byte{','})...), ']'), nil
}
