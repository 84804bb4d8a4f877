//go:build linux

package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	goopenai "github.com/sashabaranov/go-openai"
)

// events is what a client makes of a stream.
type events struct {
	text   string
	finish string
	usage  *goopenai.Usage // nil if none came
	bare   int             // chunks without choices
	failed *wireError      // nil if the stream told of no error
	done   bool            // [DONE] came
}

// readEvents reads a stream to its end, as strictly as a client might: our events are
// one data line each, comments keep the connection open in between, and nothing follows
// an error or [DONE]. It calls first once, when
// the first text is there, unless it is nil.
func readEvents(r io.Reader, first func()) (*events, error) {
	var e events
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		if lines.Text() == "" || lines.Text()[0] == ':' {
			continue
		}
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		switch {
		case !ok:
			return nil, fmt.Errorf("line %.200q is no data", lines.Text())
		case e.done, e.failed != nil:
			return nil, fmt.Errorf("event %.200q follows the last one", data)
		case data == "[DONE]":
			e.done = true
			continue
		}
		if err := e.add([]byte(data)); err != nil {
			return nil, fmt.Errorf("event %.200q: %w", data, err)
		}
		if first != nil && e.text != "" {
			first()
			first = nil
		}
	}
	return &e, lines.Err()
}

func (e *events) add(data []byte) error {
	var chunk struct {
		Choices []struct {
			Delta        struct{ Content string }
			FinishReason string `json:"finish_reason"`
		}
		Usage *goopenai.Usage
		Error *wireError
	}
	if err := json.Unmarshal(data, &chunk); err != nil {
		return err
	}
	if chunk.Usage != nil {
		e.usage = chunk.Usage
	}
	switch {
	case chunk.Error != nil:
		e.failed = chunk.Error
	case len(chunk.Choices) == 0:
		e.bare++
	case len(chunk.Choices) > 1:
		return errors.New("more than one choice")
	default:
		e.text += chunk.Choices[0].Delta.Content
		if reason := chunk.Choices[0].FinishReason; reason != "" {
			e.finish = reason
		}
	}
	return nil
}
