package otel

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf8"
)

// inputMessages turns OpenAI's messages into the conventions' form, as JSON: the
// newest of them, up to so many bytes. truncated says that there was more. What can't
// be read is left out, and nothing is left of a prompt that can't be read at all.
func inputMessages(raw []byte, limit int) (text string, truncated bool) {
	var all []json.RawMessage
	if json.Unmarshal(raw, &all) != nil {
		return "", false
	}
	left := budget{bytes: limit}
	var kept []inputMessage
	for _, one := range slices.Backward(all) {
		var m openAIMessage
		if json.Unmarshal(one, &m) != nil {
			continue
		}
		if !left.spend(overhead) {
			break
		}
		kept = append(kept, m.convert(&left))
	}
	slices.Reverse(kept)
	var buf bytes.Buffer
	e := json.NewEncoder(&buf)
	e.SetEscapeHTML(false)
	if e.Encode(kept) != nil || kept == nil {
		return "", left.exceeded
	}
	return strings.TrimSuffix(buf.String(), "\n"), left.exceeded
}

// overhead is what a message or a part takes beside its text, lest a prompt of many
// empty ones make a long attribute.
const overhead = 32

// budget is how many bytes may still be kept.
type budget struct {
	bytes    int
	exceeded bool
}

// spend takes n bytes, or none if there are fewer.
func (b *budget) spend(n int) bool {
	if n > b.bytes {
		b.bytes, b.exceeded = 0, true
		return false
	}
	b.bytes -= n
	return true
}

// text takes as much of s as there is room for, up to a whole code point.
func (b *budget) text(s string) string {
	if left := b.bytes; !b.spend(len(s)) {
		for left > 0 && !utf8.RuneStart(s[left]) {
			left--
		}
		return s[:left]
	}
	return s
}

// openAIMessage is what is read of a message as OpenAI's API has it.
type openAIMessage struct {
	Role       string          `json:"role"`
	Name       string          `json:"name"`
	Content    json.RawMessage `json:"content"` // text, parts, or null
	ToolCallID string          `json:"tool_call_id"`
	ToolCalls  []struct {
		ID       string `json:"id"`
		Function struct {
			Name      string `json:"name"`
			Arguments string `json:"arguments"`
		} `json:"function"`
	} `json:"tool_calls"`
}

type openAIPart struct {
	Type     string `json:"type"`
	Text     string `json:"text"`
	ImageURL struct {
		URL string `json:"url"`
	} `json:"image_url"`
}

// inputMessage is a message as gen_ai.input.messages has it.
type inputMessage struct {
	Role  string `json:"role"`
	Name  string `json:"name,omitempty"`
	Parts []any  `json:"parts"`
}

type textPart struct {
	Type    string `json:"type"`
	Content string `json:"content"`
}

type uriPart struct {
	Type     string `json:"type"`
	Modality string `json:"modality"`
	URI      string `json:"uri"`
}

type toolCallPart struct {
	Type      string `json:"type"`
	ID        string `json:"id,omitempty"`
	Name      string `json:"name"`
	Arguments string `json:"arguments,omitempty"`
}

type toolResponsePart struct {
	Type     string `json:"type"`
	ID       string `json:"id,omitempty"`
	Response string `json:"response"`
}

// otherPart is a part of which only the kind is kept.
type otherPart struct {
	Type string `json:"type"`
}

func (m *openAIMessage) convert(left *budget) inputMessage {
	out := inputMessage{Role: left.text(m.Role), Name: left.text(m.Name), Parts: []any{}}
	if m.Role == "tool" {
		out.add(left, func() any {
			return toolResponsePart{"tool_call_response", left.text(m.ToolCallID), left.text(m.text())}
		})
		return out
	}
	for _, part := range m.parts() {
		out.add(left, func() any { return part.convert(left) })
	}
	for _, call := range m.ToolCalls {
		out.add(left, func() any {
			return toolCallPart{"tool_call", left.text(call.ID), left.text(call.Function.Name), left.text(call.Function.Arguments)}
		})
	}
	return out
}

// add adds a part if there is room for one.
func (m *inputMessage) add(left *budget, part func() any) {
	if left.spend(overhead) {
		m.Parts = append(m.Parts, part())
	}
}

// parts are those of the content; a text is one.
func (m *openAIMessage) parts() (parts []openAIPart) {
	var text string
	if json.Unmarshal(m.Content, &text) == nil && text != "" {
		return []openAIPart{{Type: "text", Text: text}}
	}
	_ = json.Unmarshal(m.Content, &parts) // what has neither form has no parts
	return parts
}

// text is that of all parts.
func (m *openAIMessage) text() string {
	var all strings.Builder
	for _, part := range m.parts() {
		all.WriteString(part.Text)
	}
	return all.String()
}

// convert keeps texts and addresses; of a picture or a file that is sent along, only
// that there was one.
func (p *openAIPart) convert(left *budget) any {
	switch {
	case p.Type == "text":
		return textPart{"text", left.text(p.Text)}
	case p.Type == "image_url" && !strings.HasPrefix(p.ImageURL.URL, "data:"):
		return uriPart{"uri", "image", left.text(p.ImageURL.URL)}
	default:
		return otherPart{left.text(p.Type)}
	}
}
