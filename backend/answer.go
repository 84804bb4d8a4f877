package backend

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"io"
)

// answer is what all chunks of an answer have in common.
type answer struct {
	ID      string `json:"id"`
	Object  string `json:"object"`
	Created int64  `json:"created"`
	Model   string `json:"model"`
}

func newAnswer(model string, created int64) answer {
	return answer{ID: "chatcmpl-" + rand.Text(), Created: created, Model: model}
}

type messageJSON struct {
	Role    string  `json:"role,omitempty"`
	Content *string `json:"content,omitempty"`
}

// wholeJSON is the message of a whole answer, in which OpenAI leaves nothing out.
type wholeJSON struct {
	messageJSON
	Refusal *string `json:"refusal"`
}

type choiceJSON struct {
	Index        int          `json:"index"`
	Delta        *messageJSON `json:"delta,omitempty"`
	Message      *wholeJSON   `json:"message,omitempty"`
	Logprobs     *struct{}    `json:"logprobs"`
	FinishReason *string      `json:"finish_reason"`
}

type usageJSON struct {
	PromptTokens     int `json:"prompt_tokens"`
	CompletionTokens int `json:"completion_tokens"`
	TotalTokens      int `json:"total_tokens"`
}

// usage is nil unless the completion knows it.
func (c Completion) usage() *usageJSON {
	if !c.Usage.Known {
		return nil
	}
	return &usageJSON{c.Usage.PromptTokens, c.Usage.CompletionTokens, c.Usage.TotalTokens}
}

func (c Completion) finishReason() *string {
	reason := c.FinishReason
	if reason == "" {
		reason = "stop"
	}
	return &reason
}

// whole is the answer as one chat.completion.
func (a answer) whole(text string, c Completion) string {
	a.Object = "chat.completion"
	var buf bytes.Buffer
	encode(&buf, struct {
		answer
		Choices []choiceJSON `json:"choices"`
		Usage   *usageJSON   `json:"usage,omitempty"`
	}{
		answer:  a,
		Choices: []choiceJSON{{Message: &wholeJSON{messageJSON: messageJSON{"assistant", &text}}, FinishReason: c.finishReason()}},
		Usage:   c.usage(),
	})
	return buf.String()
}

// chunkWriter writes an answer as chat.completion.chunk events: the role once, deltas, finish_reason once, usage, [DONE].
type chunkWriter struct {
	answer
	w            io.Writer
	includeUsage bool // the client asked; then every other chunk says "usage":null, as OpenAI's do
	role         bool // said
	buf          bytes.Buffer
}

// delta writes a piece of text. Its error means that nobody reads any more.
func (w *chunkWriter) delta(text string) error {
	if err := w.sayRole(); err != nil {
		return err
	}
	return w.choice(choiceJSON{Delta: &messageJSON{Content: &text}})
}

// finish ends the stream. Errors don't matter here: there is nobody left to tell.
func (w *chunkWriter) finish(c Completion) {
	if w.sayRole() != nil {
		return
	}
	if w.choice(choiceJSON{Delta: &messageJSON{}, FinishReason: c.finishReason()}) != nil {
		return
	}
	if usage := c.usage(); usage != nil && w.chunk([]choiceJSON{}, usage) != nil {
		return
	}
	_, _ = io.WriteString(w.w, "data: [DONE]\n\n")
}

// fail ends the stream in place of finish.
func (w *chunkWriter) fail(e *Error) {
	_, _ = w.w.Write(appendErrorEvent(nil, e))
}

func (w *chunkWriter) sayRole() error {
	if w.role {
		return nil
	}
	w.role = true
	return w.choice(choiceJSON{Delta: &messageJSON{"assistant", new(string)}})
}

func (w *chunkWriter) choice(c choiceJSON) error {
	return w.chunk([]choiceJSON{c}, nil)
}

func (w *chunkWriter) chunk(choices []choiceJSON, usage *usageJSON) error {
	w.Object = "chat.completion.chunk"
	w.buf.Reset()
	w.buf.WriteString("data: ")
	if usage != nil || w.includeUsage {
		encode(&w.buf, struct {
			answer
			Choices []choiceJSON `json:"choices"`
			Usage   *usageJSON   `json:"usage"`
		}{w.answer, choices, usage})
	} else {
		encode(&w.buf, struct {
			answer
			Choices []choiceJSON `json:"choices"`
		}{w.answer, choices})
	}
	w.buf.WriteByte('\n')
	_, err := w.w.Write(w.buf.Bytes())
	return err
}

// encode writes v and a newline. None of the types above can fail to marshal.
func encode(buf *bytes.Buffer, v any) {
	enc := json.NewEncoder(buf)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(v)
}
