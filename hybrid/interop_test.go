package hybrid_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	goopenai "github.com/sashabaranov/go-openai"

	"github.com/edgewise-ai/edgewise/backend/backendtest"
	"github.com/edgewise-ai/edgewise/backend/openai"
	"github.com/edgewise-ai/edgewise/hybrid"
)

// upstream serves a scripted OpenAI-compatible API through the adapter: the
// whole stack.
func upstream(t *testing.T, faults ...backendtest.Fault) (*backendtest.Server, func(*hybrid.Options)) {
	t.Helper()
	up := backendtest.NewServer(t, faults...)
	b, err := openai.New(openai.Options{BaseURL: up.URL, APIKey: "sk-secret", DefaultModel: backendtest.ModelID, MaxRetries: -1})
	if err != nil {
		t.Fatal(err)
	}
	return up, func(o *hybrid.Options) { o.Backend, o.DefaultModel = b, backendtest.ModelID }
}

func client(s *service) *goopenai.Client {
	config := goopenai.DefaultConfig(s.token)
	config.BaseURL = s.url
	return goopenai.NewClientWithConfig(config)
}

var hello = []goopenai.ChatCompletionMessage{{Role: "user", Content: "hello"}}

// go-openai is the client that Go programs use; what it understands is OpenAI's.
func TestInteropPlain(t *testing.T) {
	_, serve := upstream(t)
	s := open(t, serve)
	resp, err := client(s).CreateChatCompletion(t.Context(), goopenai.ChatCompletionRequest{Model: "auto", Messages: hello})
	if err != nil {
		t.Fatal(err)
	}
	if resp.Choices[0].Message.Content != backendtest.Answer || resp.Usage.TotalTokens != backendtest.PromptTokens+backendtest.CompletionTokens {
		t.Errorf("got %+v", resp)
	}
	if resp.Header().Get("X-Request-Id") != "req-1" || resp.Header().Get("Set-Cookie") != "" {
		t.Errorf("headers: %v", resp.Header())
	}
}

func TestInteropStream(t *testing.T) {
	for _, asked := range []bool{false, true} {
		_, serve := upstream(t)
		s := open(t, serve)
		req := goopenai.ChatCompletionRequest{Model: "auto", Messages: hello}
		if asked {
			req.StreamOptions = &goopenai.StreamOptions{IncludeUsage: true}
		}
		stream, err := client(s).CreateChatCompletionStream(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		defer stream.Close()
		var text strings.Builder
		usage := 0
		for {
			chunk, err := stream.Recv()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if chunk.Usage != nil {
				usage = chunk.Usage.TotalTokens
			}
			if len(chunk.Choices) == 0 && !asked {
				t.Error("a chunk without choices")
			}
			for _, c := range chunk.Choices {
				text.WriteString(c.Delta.Content)
			}
		}
		if text.String() != backendtest.Answer || asked != (usage == backendtest.PromptTokens+backendtest.CompletionTokens) {
			t.Errorf("asked %v: usage %d, %q", asked, usage, text.String())
		}
		// The client has its [DONE] before the handler is through.
		eventually(t, func() bool { return len(s.ledger.Recent(1)) == 1 })
		if e := s.ledger.Recent(1)[0]; e.PromptTokens != backendtest.PromptTokens || e.CompletionTokens != backendtest.CompletionTokens || e.Estimated {
			t.Errorf("ledger: %+v", e)
		}
	}
}

func TestInteropModels(t *testing.T) {
	_, serve := upstream(t)
	list, err := client(open(t, serve)).ListModels(t.Context())
	if err != nil || len(list.Models) != 1 || list.Models[0].ID != backendtest.ModelID {
		t.Errorf("%+v, %v", list, err)
	}
}

func TestInteropErrors(t *testing.T) {
	for _, test := range []struct {
		name   string
		fault  backendtest.Fault
		status int
		code   string // the upstream's own; go-openai reads null as 0
	}{
		{"rate limit", backendtest.RateLimited(9 * time.Second), http.StatusTooManyRequests, "rate_limit_exceeded"},
		{"quota", backendtest.OutOfQuota(), http.StatusTooManyRequests, "insufficient_quota"},
		{"overload", backendtest.Overloaded(), http.StatusServiceUnavailable, "0"},
		{"a status of the upstream's", backendtest.Failed(http.StatusUnprocessableEntity), http.StatusUnprocessableEntity, "0"},
		{"our credentials", backendtest.Unauthorized(), http.StatusBadGateway, "upstream_auth"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, serve := upstream(t, test.fault)
			s := open(t, serve)
			_, err := client(s).CreateChatCompletion(t.Context(), goopenai.ChatCompletionRequest{Model: "auto", Messages: hello})
			var api *goopenai.APIError
			if !errors.As(err, &api) || api.HTTPStatusCode != test.status || fmt.Sprint(api.Code) != test.code || strings.Contains(api.Message, "sk-") {
				t.Errorf("got %+v", err)
			}
		})
	}
}

// A cut in mid-stream is an error to the client, not the end of an answer.
func TestInteropCutStream(t *testing.T) {
	for _, end := range []backendtest.Action{backendtest.Cut, backendtest.End} {
		_, serve := upstream(t, backendtest.Fault{At: backendtest.AtByte(700), Do: end})
		stream, err := client(open(t, serve)).CreateChatCompletionStream(t.Context(), goopenai.ChatCompletionRequest{Model: "auto", Messages: hello})
		if err != nil {
			t.Fatal(err)
		}
		defer stream.Close()
		for err == nil {
			_, err = stream.Recv()
		}
		if errors.Is(err, io.EOF) {
			t.Errorf("cut %v: it looks like a whole answer", end)
		}
	}
}

// A client that leaves closes the connection upstream.
func TestInteropDisconnect(t *testing.T) {
	up, serve := upstream(t, backendtest.Fault{At: backendtest.AfterEvents(3), Do: backendtest.Stall})
	s := open(t, serve)
	resp := s.start("/chat/completions", chatHelloStream)
	if _, err := resp.Body.Read(make([]byte, 16)); err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	select {
	case <-up.Left():
	case <-time.After(10 * time.Second):
		t.Fatal("the upstream goes on")
	}
}
