package backend

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// messages takes the conversation. The first thing it can't use ends it.
func (d *decoder) messages() []Message {
	const want = "a non-empty array of messages"
	var list []map[string]json.RawMessage
	if !d.take("messages", want, &list) || len(list) == 0 {
		d.fail("messages", want)
		return nil
	}
	messages := make([]Message, 0, len(list))
	for i, fields := range list {
		m := decoder{fields: fields}
		message := m.message()
		if m.err != nil {
			d.nest(fmt.Sprintf("messages[%d]", i), m.err)
			return nil
		}
		messages = append(messages, message)
	}
	return messages
}

// message reads one message out of d, which holds its fields.
func (d *decoder) message() Message {
	var m Message
	if !d.take("role", "a string", &m.Role) {
		d.fail("role", "a string")
	}
	if d.err == nil && !slices.Contains([]string{"system", "developer", "user", "assistant"}, m.Role) {
		d.err = Unsupported("role", fmt.Sprintf("this model does not support the role %q", m.Role))
	}
	d.take("name", "a string", &m.Name)
	m.Content = d.content()
	d.textOnly()
	return m
}

// content reads a string or an array of text parts.
func (d *decoder) content() string {
	raw := d.raw("content")
	var text string
	if raw != nil && json.Unmarshal(raw, &text) == nil {
		return text
	}
	var parts []map[string]json.RawMessage
	if raw == nil || json.Unmarshal(raw, &parts) != nil {
		d.fail("content", "a string or an array of parts")
		return ""
	}
	var joined strings.Builder
	for i, fields := range parts {
		p := decoder{fields: fields}
		joined.WriteString(p.part())
		if p.err != nil {
			d.nest(fmt.Sprintf("content[%d]", i), p.err)
			return ""
		}
	}
	return joined.String()
}

func (d *decoder) part() string {
	var kind, text string
	d.take("type", "a string", &kind)
	if d.err == nil && kind != "text" {
		d.err = Unsupported("type", "this model takes text only")
	}
	if !d.take("text", "a string", &text) {
		d.fail("text", "a string")
	}
	return text
}

// textOnly refuses what a message may say besides text. A name that nobody knows is ignored, as it is in a request.
func (d *decoder) textOnly() {
	for _, name := range []string{"audio", "function_call", "refusal", "tool_call_id", "tool_calls"} {
		if raw := d.raw(name); !isEmpty(raw) && d.err == nil {
			d.err = Unsupported(name, fmt.Sprintf("this model does not support %q in a message", name))
		}
	}
}

// nest keeps an error of a part of the request, with the path to it.
func (d *decoder) nest(path string, e *Error) {
	if d.err == nil {
		e.Param = path + "." + e.Param
		d.err = e
	}
}
