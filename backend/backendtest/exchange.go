package backendtest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/edgewise-ai/edgewise/backend"
)

// prompt is what is asked. Small real models answer it too.
const prompt = `{"messages":[{"role":"system","content":"Answer briefly."},{"role":"user","content":"Say hello."}],"max_tokens":32}`

// ask makes a request of prompt.
func ask(stream bool) *backend.Request {
	return &backend.Request{Body: []byte(prompt), Stream: stream}
}

// answer is what came of a request, as far as it came.
type answer struct {
	backend.Outcome
	stage    string // that it came to
	begun    bool
	header   http.Header
	attempts int
	text     string // that was generated
	events   []byte // of a stream
}

// generate sends a request and reads the answer to its end, as a service does.
func (k kit) generate(ctx context.Context, req *backend.Request) (answer, error) {
	stage := call(req)
	resp, err := k.Generate(ctx, req)
	if err != nil {
		return answer{stage: stage}, err
	}
	defer resp.Body.Close()
	a := answer{stage: "the answer to " + stage, begun: true, header: resp.Header, attempts: resp.Attempts}
	if err := checkHeader(resp.Header, req.Stream); err != nil {
		return a, err
	}
	if req.Stream {
		return a, a.relay(resp.Body, req.IncludeUsage)
	}
	return a, a.read(resp.Body)
}

// read reads an answer that isn't streamed.
func (a *answer) read(body io.Reader) error {
	text, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	if a.Outcome, err = backend.ReadAnswer(text); err != nil {
		return err
	}
	var whole struct {
		Choices []struct{ Message struct{ Content string } }
	}
	if err := json.Unmarshal(text, &whole); err != nil || len(whole.Choices) == 0 {
		return fmt.Errorf("it is no chat.completion: %s", text)
	}
	a.text = whole.Choices[0].Message.Content
	return nil
}

// relay reads a stream.
func (a *answer) relay(body io.Reader, includeUsage bool) error {
	var events bytes.Buffer
	var err error
	a.Outcome, err = backend.Relay(&events, nil, body, backend.RelayOptions{IncludeUsage: includeUsage})
	a.events = events.Bytes()
	if err != nil {
		return err
	}
	all, err := a.chunks()
	for _, c := range all {
		for _, choice := range c.Choices {
			a.text += choice.Delta.Content
		}
	}
	return err
}

// check says what a whole answer lacks.
func (a *answer) check() error {
	if !a.Done || a.FinishReason == "" || a.Model == "" || a.Deltas == 0 || a.Chars == 0 {
		return fmt.Errorf("%s has %+v, want an end, a finish reason, a model and text", a.stage, a.Outcome)
	}
	return nil
}

// chunk is as much of a chat.completion.chunk as is looked at.
type chunk struct {
	ID, Object string
	Created    int64
	Choices    []struct {
		Delta        struct{ Role, Content string }
		FinishReason *string `json:"finish_reason"`
	}
	Usage *struct {
		CompletionTokens int `json:"completion_tokens"`
	}
}

// chunks decodes a stream's events but for comments and [DONE].
func (a *answer) chunks() ([]chunk, error) {
	var all []chunk
	for line := range strings.Lines(string(a.events)) {
		data, is := strings.CutPrefix(line, "data: {")
		if !is {
			continue
		}
		var c chunk
		if err := json.Unmarshal([]byte("{"+data), &c); err != nil {
			return nil, fmt.Errorf("chunk %q: %w", line, err)
		}
		all = append(all, c)
	}
	if len(all) == 0 {
		return nil, errors.New("there are no chunks")
	}
	return all, nil
}

// checkHeader looks for the right type, and for what a page must not see.
func checkHeader(h http.Header, stream bool) error {
	want := "application/json"
	if stream {
		want = "text/event-stream"
	}
	if kind, _, _ := mime.ParseMediaType(h.Get("Content-Type")); kind != want {
		return fmt.Errorf("its Content-Type is %q, want %q", kind, want)
	}
	return checkPublic(h)
}

// checkPublic refuses headers that no page may see.
func checkPublic(h http.Header) error {
	public := backend.PublicHeader(h)
	for name := range h {
		if _, ok := public[name]; !ok {
			return fmt.Errorf("its header %s must not reach a page: backend.PublicHeader returns those that may", name)
		}
	}
	return nil
}
