package openai_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	goopenai "github.com/sashabaranov/go-openai"

	"github.com/edgewise-ai/edgewise/backend"
	"github.com/edgewise-ai/edgewise/backend/backendtest"
	"github.com/edgewise-ai/edgewise/backend/openai"
)

func TestTyped(t *testing.T) {
	req := goopenai.ChatCompletionRequest{Messages: []goopenai.ChatCompletionMessage{{Role: "user", Content: "hi"}}}

	b, s := open(t, openai.Options{APIKey: key}, backendtest.Overloaded())
	resp, err := b.Chat(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	if got := resp.Choices[0].Message.Content; got != backendtest.Answer {
		t.Errorf("answer is %q", got)
	}
	if got := s.Requests()[1].Header.Get("Authorization"); got != "Bearer "+key {
		t.Errorf("authorization is %q", got)
	}

	stream, err := b.ChatStream(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	var text strings.Builder
	for {
		chunk, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		text.WriteString(chunk.Choices[0].Delta.Content)
	}
	if text.String() != backendtest.Answer {
		t.Errorf("stream is %q", text.String())
	}
}

func TestTypedFailures(t *testing.T) {
	valid := goopenai.ChatCompletionRequest{Messages: []goopenai.ChatCompletionMessage{{Role: "user", Content: "hi"}}}
	never := valid
	never.Model, never.MaxTokens = "o1", 5 //nolint:staticcheck // the deprecated field is what go-openai refuses
	tests := []struct {
		name  string
		req   goopenai.ChatCompletionRequest
		fault backendtest.Fault
		code  backend.Code
	}{
		{"status", valid, backendtest.OutOfQuota(), backend.CodeQuotaExceeded},
		{"not JSON", valid, backendtest.Fault{Body: "<html>"}, backend.CodeBadResponse},
		{"cut", valid, backendtest.Fault{At: backendtest.AtByte(20), Do: backendtest.Cut}, backend.CodeTruncated},
		{"refused by go-openai", never, backendtest.Fault{}, backend.CodeInvalidRequest},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b, _ := open(t, openai.Options{MaxRetries: -1}, test.fault)
			if _, err := b.Chat(t.Context(), test.req); !errors.Is(err, test.code) {
				t.Errorf("error is %v, want %s", err, test.code)
			}
		})
	}
	b, _ := open(t, openai.Options{}, backendtest.OutOfQuota())
	if stream, err := b.ChatStream(t.Context(), valid); stream != nil || !errors.Is(err, backend.CodeQuotaExceeded) {
		t.Errorf("stream is %v, error %v", stream, err)
	}
}

// A stream that is cut never ends with io.EOF, which is what go-openai by itself makes of it.
func TestTypedStreamCut(t *testing.T) {
	for _, end := range []backendtest.Action{backendtest.Cut, backendtest.End} {
		b, s := open(t, openai.Options{}, backendtest.Fault{At: backendtest.AtByte(100), Do: end}, backendtest.Fault{At: backendtest.AtByte(700), Do: end})
		stream, err := b.ChatStream(t.Context(), goopenai.ChatCompletionRequest{
			Messages: []goopenai.ChatCompletionMessage{{Role: "user", Content: "hi"}},
		})
		if err != nil {
			t.Fatal(err)
		}
		defer stream.Close()
		for err == nil {
			_, err = stream.Recv()
		}
		if !errors.Is(err, backend.CodeTruncated) {
			t.Errorf("cut %v: the stream ends with %v", end, err)
		}
		if n := len(s.Requests()); n != 2 {
			t.Errorf("cut %v: %d requests, want one before the answer began and one after", end, n)
		}
	}
}
