package backend

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
)

// Prompt is a chat-completions request as a [Generator] gets it. Pointers are nil, and MaxTokens is 0, where the client
// left the choice to the model.
type Prompt struct {
	Model    string
	Messages []Message // at least one

	// MaxTokens is the most tokens to generate: max_completion_tokens, or max_tokens if only that is given.
	MaxTokens int

	// Stop ends the answer, before itself, where the text contains one of these.
	Stop []string

	Temperature      *float64 // 0 to 2
	TopP             *float64 // 0 to 1
	FrequencyPenalty *float64 // -2 to 2
	PresencePenalty  *float64 // -2 to 2
	Seed             *int64

	// Continue says that the last message is an assistant's, to be carried on as if it had not ended. The answer is
	// what comes after it.
	Continue bool
}

// Message is one turn of a conversation.
type Message struct {
	Role    string // "system", "developer", "user" or "assistant"
	Name    string
	Content string // parts of text are joined as they come
}

// decodePrompt reads the client's JSON. It knows two kinds of field: those it honours, and those of OpenAI's that it
// can honour at their default only, which it refuses at any other value, for their meaning would be lost. All others
// it ignores: labels, other vendors' fields, and what is yet to be invented. A null is as good as absent. Model and
// stream are not its business: Request has them.
func decodePrompt(body []byte) (*Prompt, *Error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(body, &fields); err != nil || fields == nil {
		return nil, &Error{Code: CodeInvalidRequest, Message: "the body must be a JSON object", Err: err}
	}
	d := decoder{fields: fields}
	var p Prompt
	p.Messages = d.messages()
	d.number("temperature", 0, 2, &p.Temperature)
	d.number("top_p", 0, 1, &p.TopP)
	d.number("frequency_penalty", -2, 2, &p.FrequencyPenalty)
	d.number("presence_penalty", -2, 2, &p.PresencePenalty)
	d.take("seed", "an integer", &p.Seed)
	p.Stop = d.stop()
	d.positive("max_tokens", &p.MaxTokens)
	d.positive("max_completion_tokens", &p.MaxTokens)
	p.Continue = d.continues(p.Messages)
	d.onlyDefaults()
	if d.err != nil {
		return nil, d.err
	}
	return &p, nil
}

// decoder takes fields out of a request one by one and keeps the first error.
type decoder struct {
	fields map[string]json.RawMessage
	err    *Error
}

// raw takes a field; nil if it is absent or null.
func (d *decoder) raw(name string) json.RawMessage {
	raw := d.fields[name]
	delete(d.fields, name)
	if string(raw) == "null" {
		return nil
	}
	return raw
}

func (d *decoder) fail(param, want string) {
	if d.err == nil {
		d.err = &Error{Code: CodeInvalidRequest, Param: param, Message: fmt.Sprintf("%q must be %s", param, want)}
	}
}

// take decodes a field into v, if it is there, and says whether it did.
func (d *decoder) take(name, want string, v any) bool {
	raw := d.raw(name)
	if raw == nil {
		return false
	}
	if json.Unmarshal(raw, v) != nil {
		d.fail(name, want)
		return false
	}
	return true
}

func (d *decoder) number(name string, low, high float64, v **float64) {
	want := fmt.Sprintf("a number from %v to %v", low, high)
	if d.take(name, want, v) && (**v < low || **v > high) {
		d.fail(name, want)
	}
}

func (d *decoder) positive(name string, v *int) {
	const want = "an integer above 0"
	if d.take(name, want, v) && *v < 1 {
		d.fail(name, want)
	}
}

func (d *decoder) stop() []string {
	raw := d.raw("stop")
	if raw == nil {
		return nil
	}
	list := make([]string, 1)
	if json.Unmarshal(raw, &list[0]) != nil && json.Unmarshal(raw, &list) != nil || slices.Contains(list, "") {
		d.fail("stop", "a string or an array of strings, none of them empty")
	}
	return list
}

// continues reads the pair of fields by which vLLM continues a message. Its chat template opens a new turn by default,
// so either field without the other is a contradiction.
func (d *decoder) continues(messages []Message) bool {
	onward, opens := false, true
	d.take("continue_final_message", "true or false", &onward)
	d.take("add_generation_prompt", "true or false", &opens)
	switch {
	case onward == opens:
		d.fail("add_generation_prompt", "the opposite of continue_final_message")
	case onward && (len(messages) == 0 || messages[len(messages)-1].Role != "assistant"):
		d.fail("continue_final_message", "false unless the last message is the assistant's")
	}
	return onward
}

// defaults are OpenAI's fields that ask for more than a plain answer, in the order in which they are refused, with the
// values at which they don't.
var defaults = []struct {
	field  string
	values []string
}{
	{"n", []string{"1"}},
	{"tools", []string{"[]"}},
	{"tool_choice", []string{`"none"`, `"auto"`}},
	{"functions", []string{"[]"}},
	{"function_call", []string{`"none"`, `"auto"`}},
	{"response_format", []string{`{"type":"text"}`}},
	{"logprobs", []string{"false"}},
	{"top_logprobs", []string{"0"}},
	{"logit_bias", []string{"{}"}},
	{"modalities", []string{`["text"]`}},
	{"audio", nil},
	{"prediction", nil},
	{"reasoning_effort", []string{`"none"`}},
	{"verbosity", []string{`"medium"`}},
	{"web_search_options", nil},
}

// onlyDefaults refuses by name what asks for more than a plain answer.
func (d *decoder) onlyDefaults() {
	for _, known := range defaults {
		raw := d.raw(known.field)
		var compact bytes.Buffer
		if d.err == nil && raw != nil && (json.Compact(&compact, raw) != nil || !slices.Contains(known.values, compact.String())) {
			d.err = Unsupported(known.field, fmt.Sprintf("this model does not support %q", known.field))
		}
	}
}
