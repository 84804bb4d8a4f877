package backendtest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"testing"

	"github.com/edgewise-ai/edgewise/backend"
)

// plain asks for an answer in one piece.
func plain(ctx context.Context, b backend.Backend) (backend.Outcome, error) {
	resp, err := b.Generate(ctx, &backend.Request{Body: []byte(prompt)})
	if err != nil {
		return backend.Outcome{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return backend.Outcome{}, err
	}
	if kind := mediaType(resp); kind != "application/json" || !json.Valid(body) {
		return backend.Outcome{}, fmt.Errorf("the answer is %s, or not JSON: %s", kind, body)
	}
	return backend.ReadAnswer(body)
}

func mediaType(resp *backend.Response) string {
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	return kind
}

// stream asks for a stream and relays it.
func stream(ctx context.Context, b backend.Backend, includeUsage bool) (backend.Outcome, []byte, error) {
	options := fmt.Sprintf(`{"include_usage":%t}`, includeUsage)
	body, err := backend.SetMembers([]byte(prompt), backend.Member{Name: "stream_options", Value: json.RawMessage(options)})
	if err != nil {
		return backend.Outcome{}, nil, err
	}
	resp, err := b.Generate(ctx, &backend.Request{Body: body, Stream: true, IncludeUsage: includeUsage})
	if err != nil {
		return backend.Outcome{}, nil, err
	}
	defer resp.Body.Close()
	if kind := mediaType(resp); kind != "text/event-stream" {
		return backend.Outcome{}, nil, fmt.Errorf("the answer is %s, not an event stream", kind)
	}
	var text bytes.Buffer
	out, err := backend.Relay(&text, nil, resp.Body, backend.RelayOptions{IncludeUsage: includeUsage})
	return out, text.Bytes(), err
}

func checkOutcome(t *testing.T, out backend.Outcome) {
	t.Helper()
	if !out.Done || out.FinishReason == "" || out.Model == "" || out.Deltas == 0 || out.Chars == 0 {
		t.Errorf("answer lacks an end, a finish reason, a model or text: %+v", out)
	}
}

func wantCode(t *testing.T, err error, code backend.Code) {
	t.Helper()
	var e *backend.Error
	if !errors.As(err, &e) || e.Code != code {
		t.Errorf("error is %v, want an *Error of code %s", err, code)
	}
}

// chunk is as much of a chat.completion.chunk as Run looks at.
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

// chunks decodes a stream's events but for [DONE].
func chunks(t *testing.T, text []byte) []chunk {
	t.Helper()
	var all []chunk
	for event := range bytes.SplitSeq(text, []byte("\n\n")) {
		data, is := bytes.CutPrefix(event, []byte("data: {"))
		if !is {
			continue
		}
		var c chunk
		if err := json.Unmarshal(append([]byte("{"), data...), &c); err != nil {
			t.Fatalf("chunk %q: %v", event, err)
		}
		all = append(all, c)
	}
	if len(all) == 0 {
		t.Fatal("no chunks")
	}
	return all
}
