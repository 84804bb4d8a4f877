package hybrid

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/edgewise-ai/edgewise/backend"
)

// simpleStream answers POST /generate as it comes: `data: {"delta":"…"}` for each
// piece of text and, last, `data: {"done":true,…}` with the whole answer.
func (g *generation) simpleStream(req *http.Request, a *answerWriter) error {
	s := simpleWriter{to: a}
	return g.generate(req, a, func(resp *backend.Response) (backend.Outcome, error) {
		a.header = resp.Header
		out, err := backend.Relay(&s, a.flush, resp.Body, g.relayOptions())
		if s.fault != nil {
			a.fail(s.fault)
		}
		if err == nil {
			answer := g.simple(s.text.String(), &out)
			answer.Done = true
			if err = a.event(answer); err == nil {
				err = a.flush()
			}
			if err != nil {
				err = &backend.Error{Code: backend.CodeCanceled, Err: err}
			}
		}
		return out, err
	})
}

// simpleWriter takes chat-completion chunks, whole events as [backend.Relay]
// writes them, and passes on their text in the simple form. Errors pass as they
// are, comments too; [DONE] and chunks without text don't.
type simpleWriter struct {
	to    *answerWriter
	text  strings.Builder
	data  []byte         // of an event that has several lines of it
	fault *backend.Error // why the stream can't go on
}

// Write implements [io.Writer].
func (s *simpleWriter) Write(events []byte) (int, error) {
	for line := range bytes.Lines(events) {
		line = bytes.TrimRight(line, "\r\n")
		var err error
		switch data, ok := bytes.CutPrefix(line, []byte("data:")); {
		case ok && len(s.data) > 0:
			s.data = append(append(s.data, '\n'), data...)
		case ok:
			s.data = append(s.data, data...)
		case len(line) == 0:
			err = s.dispatch(bytes.TrimSpace(s.data))
			s.data = s.data[:0]
		case line[0] == ':':
			_, err = s.to.Write(append(line[:len(line):len(line)], "\n\n"...))
		}
		if err != nil {
			return 0, err
		}
	}
	return len(events), nil
}

func (s *simpleWriter) dispatch(data []byte) error {
	if len(data) == 0 || string(data) == "[DONE]" {
		return nil
	}
	var chunk struct {
		Choices []struct {
			Delta struct {
				Content *string `json:"content"`
			} `json:"delta"`
		} `json:"choices"`
		Error json.RawMessage `json:"error"`
	}
	err := json.Unmarshal(data, &chunk)
	switch {
	case len(chunk.Error) > 0 && string(chunk.Error) != "null":
		return s.passError(data, chunk.Error)
	case err != nil: // the relay does not look as closely
		s.fault = &backend.Error{Code: backend.CodeBadResponse, Message: "the model server sent an event that can't be read"}
		return s.fault
	}
	if len(chunk.Choices) == 0 || chunk.Choices[0].Delta.Content == nil || *chunk.Choices[0].Delta.Content == "" {
		return nil
	}
	text := *chunk.Choices[0].Delta.Content
	if s.text.Len()+len(text) > backend.MaxAnswerBytes {
		s.fault = &backend.Error{Code: backend.CodeBadResponse, Message: "the answer is too long"}
		return s.fault
	}
	s.text.WriteString(text)
	return s.to.event(struct {
		Delta string `json:"delta"`
	}{text})
}

// passError passes on an error event's error.
func (s *simpleWriter) passError(event []byte, raw json.RawMessage) error {
	var said struct {
		Param string `json:"param"`
	}
	switch {
	case raw[0] != '{': // some servers send a bare string
		raw, _ = json.Marshal(backend.ParseError(0, event))
	case json.Unmarshal(raw, &said) == nil && simpleParam(said.Param) != said.Param:
		param, _ := json.Marshal(simpleParam(said.Param))
		if own, err := backend.SetMembers(raw, backend.Member{Name: "param", Value: param}); err == nil {
			raw = own
		}
	}
	return s.to.event(errorBody{raw})
}
