package hybrid_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-retryablehttp"
	goopenai "github.com/sashabaranov/go-openai"

	"github.com/edgewise-ai/edgewise/backend"
	"github.com/edgewise-ai/edgewise/backend/backendtest"
	"github.com/edgewise-ai/edgewise/backend/openai"
	"github.com/edgewise-ai/edgewise/hybrid"
)

// upstream serves a scripted OpenAI-compatible API through the adapter: the
// whole stack.
func upstream(t *testing.T, faults ...backendtest.Fault) (*backendtest.Server, func(*hybrid.Options)) {
	t.Helper()
	up := backendtest.NewServer(t, faults...)
	return up, adapted(t, openai.Options{BaseURL: up.URL})
}

// adapted serves an upstream that may be asked once for each request.
func adapted(t *testing.T, opts openai.Options) func(*hybrid.Options) {
	t.Helper()
	opts.APIKey, opts.DefaultModel, opts.MaxRetries = "sk-secret", backendtest.ModelID, -1
	b, err := openai.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	return func(o *hybrid.Options) { o.Backend, o.DefaultModel = b, backendtest.ModelID }
}

func client(s *service) *goopenai.Client { return clientOver(http.DefaultClient, s) }

func clientOver(requests goopenai.HTTPDoer, s *service) *goopenai.Client {
	config := goopenai.DefaultConfig(s.token)
	config.BaseURL, config.HTTPClient = s.url, requests
	return goopenai.NewClientWithConfig(config)
}

var hello = []goopenai.ChatCompletionMessage{{Role: "user", Content: "hello"}}

// begin asks for a stream, which is closed when the test ends.
func begin(ctx context.Context, t *testing.T, c *goopenai.Client) *goopenai.ChatCompletionStream {
	t.Helper()
	stream, err := c.CreateChatCompletionStream(ctx, goopenai.ChatCompletionRequest{Model: "auto", Messages: hello})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stream.Close() })
	return stream
}

// rest reads a stream on. Without an error it looks like a whole answer's.
func rest(stream *goopenai.ChatCompletionStream) (string, error) {
	var text strings.Builder
	for {
		chunk, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return text.String(), nil
		}
		if err != nil {
			return text.String(), err
		}
		for _, c := range chunk.Choices {
			text.WriteString(c.Delta.Content)
		}
	}
}

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
		if text, err := rest(begin(t.Context(), t, client(open(t, serve)))); err == nil {
			t.Errorf("cut %v: %q looks like a whole answer", end, text)
		}
	}
}

// What fails after the first words is told in the upstream's own.
func TestInteropErrorEvent(t *testing.T) {
	_, serve := upstream(t, backendtest.ErrorEvent(backendtest.AfterEvents(3), "engine_error", "engine_dead", "The engine died"))
	text, err := rest(begin(t.Context(), t, client(open(t, serve))))
	var api *goopenai.APIError
	if !errors.As(err, &api) || api.Type != "engine_error" || api.Code != "engine_dead" || api.Message != "The engine died" {
		t.Errorf("got %+v", err)
	}
	if text != "The quick " {
		t.Errorf("before it came %q", text)
	}
}

// A client that leaves closes the connection upstream.
func TestInteropLeaving(t *testing.T) {
	for name, leave := range map[string]func(context.CancelFunc, *goopenai.ChatCompletionStream){
		"cancel": func(cancel context.CancelFunc, _ *goopenai.ChatCompletionStream) { cancel() },
		"close":  func(_ context.CancelFunc, stream *goopenai.ChatCompletionStream) { stream.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			up, serve := upstream(t, backendtest.Fault{At: backendtest.AfterEvents(3), Do: backendtest.Stall})
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			stream := begin(ctx, t, client(open(t, serve)))
			if _, err := stream.Recv(); err != nil {
				t.Fatal(err)
			}
			leave(cancel, stream)
			select {
			case <-up.Left():
			case <-time.After(10 * time.Second):
				t.Fatal("the upstream goes on")
			}
			if text, err := rest(stream); err == nil {
				t.Errorf("%q looks like the rest of the answer", text)
			}
		})
	}
}

// A client that honours Retry-After waits as long as the upstream asks.
func TestInteropRetryAfter(t *testing.T) {
	_, serve := upstream(t, backendtest.RateLimited(time.Second))
	var asked []string
	var failed, again time.Time
	retrying := retryablehttp.NewClient()
	retrying.Logger = nil
	retrying.RetryWaitMin, retrying.RetryWaitMax = time.Millisecond, time.Millisecond // where nobody asks for more
	retrying.RequestLogHook = func(retryablehttp.Logger, *http.Request, int) { again = time.Now() }
	retrying.ResponseLogHook = func(_ retryablehttp.Logger, resp *http.Response) {
		if asked = append(asked, resp.Header.Get("Retry-After")); len(asked) == 1 {
			failed = time.Now()
		}
	}
	c := clientOver(retrying.StandardClient(), open(t, serve))
	resp, err := c.CreateChatCompletion(t.Context(), goopenai.ChatCompletionRequest{Model: "auto", Messages: hello})
	if err != nil {
		t.Fatal(err)
	}
	if resp.Choices[0].Message.Content != backendtest.Answer || !slices.Equal(asked, []string{"1", ""}) {
		t.Errorf("got %+v after being asked to wait for %q", resp, asked)
	}
	if waited := again.Sub(failed); waited < time.Second {
		t.Errorf("waited %s", waited)
	}
}

// The upstream is not asked for what it doesn't serve.
func TestInteropUnknownModel(t *testing.T) {
	up, serve := upstream(t)
	_, err := client(open(t, serve)).CreateChatCompletion(t.Context(), goopenai.ChatCompletionRequest{Model: "gpt-9", Messages: hello})
	var api *goopenai.APIError
	if !errors.As(err, &api) || api.HTTPStatusCode != http.StatusNotFound || api.Code != "model_not_found" || api.Param == nil || *api.Param != "model" {
		t.Errorf("got %+v", err)
	}
	for _, req := range up.Requests() {
		if strings.HasSuffix(req.Path, "/chat/completions") {
			t.Errorf("the upstream got %s", req.Body)
		}
	}
}

// withMembers adds to requests what go-openai has no field for.
type withMembers []backend.Member

func (m withMembers) Do(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	if err == nil {
		body, err = backend.SetMembers(body, m...)
	}
	if err != nil {
		return nil, err
	}
	more, err := http.NewRequestWithContext(req.Context(), req.Method, req.URL.String(), strings.NewReader(string(body)))
	if err != nil {
		return nil, err
	}
	more.Header = req.Header
	return http.DefaultClient.Do(more)
}

// An answer that began elsewhere is carried on: only its rest comes.
func TestInteropContinue(t *testing.T) {
	up := backendtest.NewServer(t)
	up.Prefill = backendtest.PrefillFinalMessage
	s := open(t, adapted(t, openai.Options{BaseURL: up.URL, Continuation: openai.ContinueFinalMessage}))
	c := clientOver(withMembers{
		{Name: "continue_final_message", Value: json.RawMessage("true")},
		{Name: "add_generation_prompt", Value: json.RawMessage("false")},
	}, s)
	const begun = "The quick brown "
	resp, err := c.CreateChatCompletion(t.Context(), goopenai.ChatCompletionRequest{
		Model: "auto", Messages: append(slices.Clone(hello), goopenai.ChatCompletionMessage{Role: "assistant", Content: begun}),
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := begun + resp.Choices[0].Message.Content; got != backendtest.Answer {
		t.Errorf("got %q", got)
	}
}
