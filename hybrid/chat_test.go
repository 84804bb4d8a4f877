package hybrid_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/edgewise-ai/edgewise/backend"
	"github.com/edgewise-ai/edgewise/hybrid"
)

// The relay passes bytes on as they come, unknown fields and odd numbers too.
func TestChatStreamPassesThrough(t *testing.T) {
	for _, test := range []struct {
		name, body, want string
	}{
		{"usage not asked for", chatHelloStream, roleChunk + helloChunk + finishChunk + doneChunk},
		{"usage asked for", `{"messages":[{"role":"user","content":"hi"}],"stream":true,"stream_options":{"include_usage":true}}`,
			roleChunk + helloChunk + finishChunk + usageChunk + doneChunk},
	} {
		t.Run(test.name, func(t *testing.T) {
			up := &scripted{body: roleChunk + helloChunk + finishChunk + usageChunk + doneChunk}
			s := open(t, up.serve)
			a := s.post("/chat/completions", test.body)
			if a.status != http.StatusOK || string(a.body) != test.want {
				t.Errorf("%d: %s", a.status, a.body)
			}
			if a.header.Get("X-Accel-Buffering") != "no" || a.header.Get("Cache-Control") != "no-store" ||
				!strings.HasPrefix(a.header.Get("Content-Type"), "text/event-stream") || a.header.Get("X-Edgewise-Target") != "server" {
				t.Errorf("headers: %v", a.header)
			}
			e := s.ledger.Recent(1)[0]
			if e.PromptTokens != 5 || e.CompletionTokens != 1 || e.FinishReason != "stop" || !e.Success || e.Estimated || e.Model != "m" {
				t.Errorf("ledger: %+v", e)
			}
		})
	}
}

func TestChatPlainPassesThrough(t *testing.T) {
	const body = `{"id":"1","choices":[{"index":0,"message":{"role":"assistant","content":"hello"},"finish_reason":"stop"}],"odd":1.50,` +
		`"usage":{"prompt_tokens":5,"completion_tokens":1,"total_tokens":6}}`
	up := &scripted{body: body, header: http.Header{
		"X-Request-Id": {"r1"}, "X-Ratelimit-Remaining-Tokens": {"7"}, "Set-Cookie": {"upstream=secret"}, "Content-Length": {"3"},
	}}
	s := open(t, up.serve)
	a := s.post("/chat/completions", `{"messages":[{"role":"user","content":"hi"}],"seed":12345678901234567890,"x":{"y":null}}`)
	if a.status != http.StatusOK || string(a.body) != body || a.header.Get("Content-Type") != "application/json" {
		t.Errorf("%d: %s", a.status, a.body)
	}
	if a.header.Get("X-Request-Id") != "r1" || a.header.Get("X-Ratelimit-Remaining-Tokens") != "7" || a.header.Get("Set-Cookie") != "" {
		t.Errorf("headers: %v", a.header)
	}
	if got := string(up.last().Body); got != `{"messages":[{"role":"user","content":"hi"}],"seed":12345678901234567890,"x":{"y":null}}` {
		t.Errorf("the backend got %s", got)
	}
}

func TestChatMaxOutputTokens(t *testing.T) {
	const open1 = `{"messages":[{"role":"user","content":"hi"}]`
	for _, test := range []struct {
		name, rest, want string
	}{
		{"none", `}`, `,"max_tokens":100}`},
		{"less", `,"max_tokens":7}`, `,"max_tokens":7}`},
		{"more", `,"max_tokens":700}`, `,"max_tokens":100}`},
		{"more by the other name", `,"max_completion_tokens":700}`, `,"max_completion_tokens":100}`},
		{"both", `,"max_tokens":7,"max_completion_tokens":700}`, `,"max_tokens":7,"max_completion_tokens":100}`},
		{"choices", `,"n":4,"max_tokens":700}`, `,"n":4,"max_tokens":25}`},
		{"twice", `,"max_tokens":700,"max_tokens":7}`, `,"max_tokens":7}`},
		{"another spelling", `,"MAX_TOKENS":700,"max_tokens":7}`, `,"max_tokens":7}`},
		{"null after a number", `,"max_tokens":700,"max_tokens":null,"n":3,"n":null}`, `,"max_tokens":100}`},
		{"llama.cpp's own", `,"n_predict":-1}`, `,"max_tokens":100}`},
		{"our own field", `,"privacy":"","max_tokens":7}`, `,"max_tokens":7}`},
		{"our own field, null", `,"privacy":null,"Privacy":"","max_tokens":7}`, `,"max_tokens":7}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			up := &scripted{}
			s := open(t, up.serve, func(o *hybrid.Options) { o.Allowance.MaxOutputTokens = 100 })
			s.post("/chat/completions", open1+test.rest)
			if got := string(up.last().Body); got != open1+test.want {
				t.Errorf("got  %s\nwant %s", got, open1+test.want)
			}
		})
	}
	s := open(t, (&scripted{}).serve, func(o *hybrid.Options) { o.Allowance.MaxOutputTokens = 100 })
	s.post("/chat/completions", open1+`,"n":101}`).wantError(t, http.StatusBadRequest, "invalid_request_error", "invalid_value", "n")
}

func TestGenerateMaxOutputTokens(t *testing.T) {
	for body, want := range map[string]string{
		`{"prompt":"hi"}`:                   `,"max_tokens":100}`,
		`{"prompt":"hi","maxTokens":7}`:     `,"max_tokens":7}`,
		`{"prompt":"hi","maxTokens":700}`:   `,"max_tokens":100}`,
		`{"prompt":"hi","temperature":0.0}`: `,"max_tokens":100,"temperature":0}`,
	} {
		up := &scripted{}
		s := open(t, up.serve, func(o *hybrid.Options) { o.Allowance.MaxOutputTokens = 100 })
		s.post("/generate", body)
		if got := string(up.last().Body); got != `{"model":"m","messages":[{"role":"user","content":"hi"}]`+want {
			t.Errorf("%s: the backend got %s", body, got)
		}
	}
}

// The ladder: a backend's error before the first byte is a status, whatever was
// asked for, and never a stream.
func TestBackendErrors(t *testing.T) {
	wait := http.Header{"Retry-After": {"2"}, "X-Request-Id": {"r1"}, "Set-Cookie": {"a=b"}}
	for _, test := range []struct {
		err        error
		status     int
		kind, code string
		param      string
		retryAfter string
	}{
		{&backend.Error{Code: backend.CodeUpstreamAuth, Status: 401}, 502, "server_error", "upstream_auth", "", ""},
		{&backend.Error{Code: backend.CodeRateLimited, RetryAfter: 1500 * time.Millisecond}, 429, "rate_limit_error", "rate_limit_exceeded", "", "2"},
		{&backend.Error{Code: backend.CodeRateLimited, Header: wait}, 429, "rate_limit_error", "rate_limit_exceeded", "", "2"},
		{&backend.Error{Code: backend.CodeQuotaExceeded}, 429, "insufficient_quota", "insufficient_quota", "", ""},
		{&backend.Error{Code: backend.CodeContextLength, Param: "messages"}, 400, "invalid_request_error", "context_length_exceeded", "messages", ""},
		{&backend.Error{Code: backend.CodeInvalidRequest, Param: "top_p"}, 400, "invalid_request_error", "invalid_request", "top_p", ""},
		{&backend.Error{Code: backend.CodeModelNotFound}, 404, "invalid_request_error", "model_not_found", "", ""},
		{&backend.Error{Code: backend.CodeUnavailable, RetryAfter: time.Minute}, 503, "server_error", "upstream_unavailable", "", "60"},
		{&backend.Error{Code: backend.CodeTimeout}, 504, "server_error", "upstream_timeout", "", ""},
		{&backend.Error{Code: backend.CodeTruncated}, 502, "server_error", "upstream_truncated", "", ""},
		{&backend.Error{Code: backend.CodeBadResponse}, 502, "server_error", "upstream_bad_response", "", ""},
		{&backend.Error{Code: backend.CodeInternal}, 500, "server_error", "internal_error", "", ""},
		{errBroken, 503, "server_error", "upstream_unavailable", "", ""},
	} {
		up := &scripted{err: test.err}
		s := open(t, up.serve)
		for path, body := range map[string]string{
			"/generate": `{"prompt":"hi"}`, "/chat/completions": chatHelloStream,
		} {
			a := s.post(path, body)
			param := test.param
			if path == "/generate" && param == "messages" {
				param = "prompt" // nobody sent it messages
			}
			a.wantError(t, test.status, test.kind, test.code, param)
			if a.header.Get("Retry-After") != test.retryAfter || a.header.Get("Set-Cookie") != "" {
				t.Errorf("%v: headers %v", test.err, a.header)
			}
			if e := s.ledger.Recent(1)[0]; e.Success || e.ErrorCode != test.code {
				t.Errorf("ledger: %+v", e)
			}
		}
	}
}

// A stream that fails before anything was sent is a status too; one that fails
// later says so in-band and has no [DONE].
func TestBrokenStreams(t *testing.T) {
	for _, test := range []struct {
		name   string
		up     *scripted
		status int    // 200: in-band
		code   string // of the error, wherever it is
	}{
		{"keys refused first", &scripted{body: `data: {"error":{"message":"sk-1","code":"invalid_api_key"}}` + "\n\n"}, 502, "upstream_auth"},
		{"nothing", &scripted{}, 502, "upstream_truncated"},
		{"broken at once", &scripted{end: errBroken}, 502, "upstream_truncated"},
		{"no event stream", &scripted{body: "data: <html>\n\n"}, 502, "upstream_bad_response"},
		{"error after text", &scripted{body: helloChunk + errorChunk}, 200, ""},
		{"cut after text", &scripted{body: helloChunk}, 200, "upstream_truncated"},
		{"broken after text", &scripted{body: helloChunk, end: &backend.Error{Code: backend.CodeTimeout}}, 200, "upstream_timeout"},
		{"done without a finish", &scripted{body: helloChunk + doneChunk}, 200, "upstream_truncated"},
		{"keep-alive first", &scripted{body: ": wait\n\n", end: errBroken}, 502, "upstream_truncated"},
		{"keys refused after text", &scripted{body: helloChunk + `data: {"error":{"message":"sk-1","code":"invalid_api_key"}}` + "\n\n"}, 200, "upstream_auth"},
	} {
		for path, body := range map[string]string{
			"/generate": `{"prompt":"hi","stream":true}`, "/chat/completions": chatHelloStream,
		} {
			t.Run(test.name+path, func(t *testing.T) {
				s := open(t, test.up.serve)
				a := s.post(path, body)
				if test.status != http.StatusOK {
					a.wantError(t, test.status, "server_error", test.code, "")
				} else {
					events := a.events(t)
					last := events[len(events)-1]
					if a.status != http.StatusOK || !strings.HasPrefix(last, `{"error":{`) || !strings.Contains(last, test.code) ||
						strings.Contains(string(a.body), "[DONE]") || strings.Contains(string(a.body), `"done"`) {
						t.Errorf("%d: %s", a.status, a.body)
					}
				}
				e := s.ledger.Recent(1)[0]
				if e.Success || e.ErrorCode == "" || strings.Contains(test.name, "after text") && (!e.Estimated || e.CompletionTokens == 0) {
					t.Errorf("ledger: %+v", e)
				}
			})
		}
	}
}

// Usage that came early counts for what was delivered by then, not for the rest.
func TestEarlyUsage(t *testing.T) {
	early := strings.Replace(roleChunk, `"choices"`, `"usage":{"prompt_tokens":9,"completion_tokens":1,"total_tokens":10},"choices"`, 1)
	s := open(t, (&scripted{body: early + strings.Repeat(helloChunk, 100)}).serve)
	s.post("/chat/completions", chatHelloStream)
	if e := s.ledger.Recent(1)[0]; e.CompletionTokens < 100 || !e.Estimated || e.PromptTokens != 9 {
		t.Errorf("after 100 words: %+v", e)
	}
}

// An app that ends requests itself must not make half an answer look whole.
func TestCanceledByTheApp(t *testing.T) {
	up := &scripted{body: roleChunk + helloChunk, end: &backend.Error{Code: backend.CodeCanceled}}
	for path, body := range map[string]string{
		"/generate": `{"prompt":"hi","stream":true}`, "/chat/completions": chatHelloStream,
	} {
		a := open(t, up.serve).post(path, body)
		if events := a.events(t); !strings.Contains(events[len(events)-1], `"code":"canceled"`) {
			t.Errorf("%s: %s", path, a.body)
		}
	}
}

// What the upstream says of a failure reaches the client as it is.
func TestUpstreamErrorPasses(t *testing.T) {
	const said = `{"message":"out of memory","type":"cuda_error","code":null,"param":null,"metadata":{"gpu":[1.50]}}`
	for _, up := range []*scripted{
		{body: `data: {"error":` + said + `}` + "\n\n"},
		{err: &backend.Error{Code: backend.CodeUnavailable, Status: http.StatusServiceUnavailable, Body: json.RawMessage(said)}},
	} {
		for path, body := range map[string]string{
			"/generate": `{"prompt":"hi","stream":true}`, "/chat/completions": chatHelloStream,
		} {
			a := open(t, up.serve).post(path, body)
			if a.status != http.StatusServiceUnavailable || string(a.body) != `{"error":`+said+"}\n" {
				t.Errorf("%s: %d: %s", path, a.status, a.body)
			}
		}
	}
}

func TestBrokenAnswers(t *testing.T) {
	for _, test := range []struct {
		name string
		up   *scripted
		code string
	}{
		{"HTML", &scripted{body: "<html>"}, "upstream_bad_response"},
		{"nothing", &scripted{}, "upstream_bad_response"},
		{"no choices", &scripted{body: `{"id":"1"}`}, "upstream_bad_response"},
		{"cut", &scripted{body: `{"choices":[{"message":{"content":"a`}, "upstream_bad_response"},
		{"broken", &scripted{body: `{"choices":[`, end: errBroken}, "upstream_truncated"},
	} {
		for path, body := range map[string]string{"/generate": `{"prompt":"hi"}`, "/chat/completions": chatHello} {
			t.Run(test.name+path, func(t *testing.T) {
				open(t, test.up.serve).post(path, body).wantError(t, http.StatusBadGateway, "server_error", test.code, "")
			})
		}
	}
}

// endless is a body without an end.
type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

func TestAnswersAreBounded(t *testing.T) {
	up := backendFunc(func(context.Context, *backend.Request) (*backend.Response, error) {
		return &backend.Response{Body: io.NopCloser(endless{})}, nil
	})
	s := open(t, func(o *hybrid.Options) { o.Backend, o.DefaultModel = up, "m" })
	for path, body := range map[string]string{"/generate": `{"prompt":"hi"}`, "/chat/completions": chatHello} {
		a := s.post(path, body)
		a.wantError(t, http.StatusBadGateway, "server_error", "upstream_bad_response", "")
		if !strings.Contains(string(a.body), "too long") {
			t.Errorf("%s: %s", path, a.body)
		}
	}
}

// A backend that can't list its models still answers for the default.
func TestUnlistedBackend(t *testing.T) {
	up := &scripted{modelsErr: &backend.Error{Code: backend.CodeUnavailable}, body: helloChunk + finishChunk + doneChunk}
	s := open(t, up.serve, func(o *hybrid.Options) { o.DefaultModel = "m" })
	if a := s.post("/chat/completions", chatHelloStream); a.status != http.StatusOK {
		t.Errorf("%d: %s", a.status, a.body)
	}
	s.post("/chat/completions", `{"model":"other",`+chatHello[1:]).wantError(t, http.StatusServiceUnavailable, "server_error", "upstream_unavailable", "")
	s.get("/models").wantError(t, http.StatusServiceUnavailable, "server_error", "upstream_unavailable", "")
}

// The backend's list is fetched once, not once a request.
func TestModelsAreRemembered(t *testing.T) {
	up := &scripted{body: helloChunk + finishChunk + doneChunk}
	s := open(t, up.serve)
	for range 5 {
		s.post("/chat/completions", chatHelloStream)
		s.get("/models")
	}
	if up.lists() != 1 {
		t.Errorf("listed %d times", up.lists())
	}
}
