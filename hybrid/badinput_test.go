package hybrid_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/edgewise-ai/edgewise/hybrid"
)

func TestBadInput(t *testing.T) {
	s := open(t)
	g := s.grant()
	report := func(rest string) string {
		return `{"grant":"` + g.Token + `","reports":[{"id":"` + g.ID + `.1","modelId":"m"},{"id":"` + g.ID + `.2","modelId":"m",` + rest + `}]}`
	}
	const route, generate, chat, analytics = "/browser/route", "/generate", "/chat/completions", "/browser/analytics"
	const messages = `"messages":[{"role":"user","content":"x"}]`
	for _, test := range []struct {
		name, path, body string
		code, param      string
	}{
		{"empty", route, "", "invalid_json", ""},
		{"white space", route, " \n", "invalid_json", ""},
		{"malformed", route, `{"capabilities":{`, "invalid_json", ""},
		{"trailing garbage", route, routeBody(desktop, `"promptLength":5`) + "x", "invalid_json", ""},
		{"two objects", route, routeBody(desktop, `"promptLength":5`) + "{}", "invalid_json", ""},
		{"deep nesting", route, strings.Repeat(`{"capabilities":`, 8000), "invalid_json", ""},
		{"deep nesting in an unknown field", route, `{"x":` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + `}`, "invalid_json", ""},
		{"array", route, `[]`, "invalid_type", ""},
		{"null", route, `null`, "invalid_type", ""},
		{"string", route, `"{}"`, "invalid_type", ""},
		{"no promptLength", route, `{"capabilities":{}}`, "missing_field", "promptLength"},
		{"capabilities of wrong type", route, `{"capabilities":[],"promptLength":5}`, "invalid_type", "capabilities"},
		{"claim of wrong type", route, `{"capabilities":{"hasWebGPU":"yes"},"promptLength":5}`, "invalid_type", "capabilities.hasWebGPU"},
		{"memory of wrong type", route, `{"capabilities":{"deviceMemoryGB":"8"},"promptLength":5}`, "invalid_type", "capabilities.deviceMemoryGB"},
		{"tier of wrong type", route, `{"capabilities":{"gpuTier":3},"promptLength":5}`, "invalid_type", "capabilities.gpuTier"},
		{"limit of wrong type", route, `{"capabilities":{"gpu":{"limits":{"maxBufferSize":{}}}},"promptLength":5}`, "invalid_type", "capabilities.gpu.limits.maxBufferSize"},
		{"promptLength of wrong type", route, routeBody(`{}`, `"promptLength":"5"`), "invalid_type", "promptLength"},
		{"promptLength with a fraction", route, routeBody(`{}`, `"promptLength":5.5`), "invalid_type", "promptLength"},
		{"huge promptLength", route, routeBody(`{}`, `"promptLength":1e400`), "invalid_type", "promptLength"},
		{"promptLength above 2^53-1", route, routeBody(`{}`, `"promptLength":9007199254740992`), "invalid_value", "promptLength"},
		{"negative promptLength", route, routeBody(`{}`, `"promptLength":-1`), "invalid_value", "promptLength"},
		{"negative maxTokens", route, routeBody(`{}`, `"promptLength":1,"maxTokens":-1`), "invalid_value", "maxTokens"},
		{"maxTokens of wrong type", route, routeBody(`{}`, `"promptLength":1,"maxTokens":true`), "invalid_type", "maxTokens"},
		{"negative feature", route, routeBody(`{}`, `"promptLength":1,"features":{"codePoints":-4}`), "invalid_value", "features.codePoints"},
		{"feature of wrong type", route, routeBody(`{}`, `"promptLength":1,"features":{"digits":"4"}`), "invalid_type", "features.digits"},
		{"negative n", route, routeBody(`{}`, `"promptLength":1,"needs":{"n":-4}`), "invalid_value", "needs.n"},
		{"engine for a list", route, routeBody(`{}`, `"promptLength":1,"engines":"webllm"`), "invalid_type", "engines"},
		{"engine of wrong type", route, routeBody(`{}`, `"promptLength":1,"engines":[1]`), "invalid_type", "engines"},
		{"null for an engine", route, routeBody(`{}`, `"promptLength":1,"engines":["webllm",null]`), "invalid_value", "engines"},
		{"long engine", route, routeBody(`{}`, `"promptLength":1,"engines":["`+strings.Repeat("x", 65)+`"]`), "invalid_value", "engines"},
		{"many engines", route, routeBody(`{}`, `"promptLength":1,"engines":["x"`+strings.Repeat(`,"x"`, 16)+`]`), "invalid_value", "engines"},
		{"unknown complexity", route, routeBody(`{}`, `"promptLength":1,"complexity":"hard"`), "invalid_value", "complexity"},
		{"unknown privacy", route, routeBody(`{}`, `"promptLength":1,"privacy":"Local-Only"`), "invalid_value", "privacy"},
		{"unknown preference", route, routeBody(`{}`, `"promptLength":1,"preference":"sometimes"`), "invalid_value", "preference"},
		{"unknown loop", route, routeBody(`{}`, `"promptLength":1,"inToolLoop":"moon"`), "invalid_value", "inToolLoop"},
		{"loop that is nowhere", route, routeBody(`{}`, `"promptLength":1,"inToolLoop":"none"`), "invalid_value", "inToolLoop"},
		{"loop of wrong type", route, routeBody(`{}`, `"promptLength":1,"inToolLoop":1`), "invalid_type", "inToolLoop"},
		{"unknown last target", route, routeBody(`{}`, `"promptLength":1,"lastTarget":"Server"`), "invalid_value", "lastTarget"},
		{"last target that is nowhere", route, routeBody(`{}`, `"promptLength":1,"lastTarget":"none"`), "invalid_value", "lastTarget"},
		{"last target of wrong type", route, routeBody(`{}`, `"promptLength":1,"lastTarget":{}`), "invalid_type", "lastTarget"},
		{"long task", route, routeBody(`{}`, `"promptLength":1,"task":"`+strings.Repeat("x", 201)+`"`), "invalid_value", "task"},
		{"state of wrong type", route, routeBody(`{}`, `"promptLength":1,"state":{"models":[]}`), "invalid_type", "state.models"},
		{"trace of wrong type", route, routeBody(`{}`, `"promptLength":1,"trace":"yes"`), "invalid_type", "trace"},

		{"no prompt", generate, `{}`, "missing_field", "prompt"},
		{"empty prompt", generate, `{"prompt":""}`, "invalid_value", "prompt"},
		{"prompt of wrong type", generate, `{"prompt":["x"]}`, "invalid_type", "prompt"},
		{"negative maxTokens", generate, `{"prompt":"x","maxTokens":-1}`, "invalid_value", "maxTokens"},
		{"unknown privacy", generate, `{"prompt":"x","privacy":"secret"}`, "invalid_value", "privacy"},
		{"privacy of wrong type", generate, `{"prompt":"x","privacy":{}}`, "invalid_type", "privacy"},
		{"temperature of wrong type", generate, `{"prompt":"x","temperature":"hot"}`, "invalid_type", "temperature"},
		{"temperature out of range", generate, `{"prompt":"x","temperature":9}`, "invalid_request", "temperature"},
		{"stream of wrong type", generate, `{"prompt":"x","stream":"yes"}`, "invalid_type", "stream"},

		{"no messages", chat, `{}`, "missing_field", "messages"},
		{"null messages", chat, `{"messages":null}`, "missing_field", "messages"},
		{"empty messages", chat, `{"messages":[ ]}`, "invalid_value", "messages"},
		{"messages of wrong type", chat, `{"messages":"hello"}`, "invalid_type", "messages"},
		{"model of wrong type", chat, `{` + messages + `,"model":1}`, "invalid_type", "model"},
		{"stream of wrong type", chat, `{` + messages + `,"stream":1}`, "invalid_type", "stream"},
		{"usage of wrong type", chat, `{` + messages + `,"stream_options":{"include_usage":1}}`, "invalid_type", "stream_options.include_usage"},
		{"no choices", chat, `{` + messages + `,"n":0}`, "invalid_value", "n"},
		{"unlimited tokens", chat, `{` + messages + `,"max_tokens":-1}`, "invalid_value", "max_tokens"},
		{"unlimited tokens by the other name", chat, `{` + messages + `,"max_completion_tokens":-1}`, "invalid_value", "max_completion_tokens"},
		{"privacy of wrong type", chat, `{` + messages + `,"privacy":true}`, "invalid_type", "privacy"},
		{"unknown privacy, taken back", chat, `{` + messages + `,"privacy":"yes","privacy":null}`, "invalid_value", "privacy"},
		{"unknown privacy", chat, `{` + messages + `,"privacy":"yes"}`, "invalid_value", "privacy"},
		{"what the backend refuses", chat, `{"messages":[{"role":"wizard","content":"x"}]}`, "unsupported_parameter", "messages[0].role"},
		{"what the backend can't do", chat, `{` + messages + `,"logprobs":true}`, "unsupported_parameter", "logprobs"},

		{"malformed", analytics, `{`, "invalid_json", ""},
		{"number for a report", analytics, `{"grant":"` + g.Token + `","reports":[{"id":"` + g.ID + `.1"},7]}`, "invalid_type", "reports[1]"},
		{"reports of wrong type", analytics, `{"grant":"` + g.Token + `","reports":{}}`, "invalid_type", "reports"},
		{"grant of wrong type", analytics, `{"grant":1}`, "invalid_type", "grant"},
		{"negative tokens", analytics, report(`"completionTokens":-1`), "invalid_value", "reports[1].completionTokens"},
		{"negative tokens alone", analytics, `{"grant":"` + g.Token + `","id":"` + g.ID + `.1","modelId":"m","promptTokens":-1}`, "invalid_value", "promptTokens"},
		{"tokens of wrong type", analytics, report(`"promptTokens":"7"`), "invalid_type", "reports[1].promptTokens"},
		{"tokens of wrong type alone", analytics, `{"grant":"` + g.Token + `","id":"` + g.ID + `.1","promptTokens":[]}`, "invalid_type", "promptTokens"},
		{"another grant's id", analytics, `{"grant":"` + g.Token + `","id":"zzz.1","modelId":"m"}`, "invalid_value", "id"},
		{"no id", analytics, `{"grant":"` + g.Token + `","modelId":"m"}`, "invalid_value", "id"},
		{"id with a second name", analytics, `{"grant":"` + g.Token + `","id":"` + g.ID + `.01","modelId":"m"}`, "invalid_value", "id"},
		{"no model", analytics, `{"grant":"` + g.Token + `","id":"` + g.ID + `.1"}`, "invalid_value", "modelId"},
		{"server's report", analytics, report(`"target":"server"`), "invalid_value", "reports[1].target"},
		{"text for a code", analytics, report(`"errorCode":"my secret prompt"`), "invalid_value", "reports[1].errorCode"},
		{"text for a model", analytics, report(`"modelId":"m` + strings.Repeat("世", 60) + `"`), "invalid_value", "reports[1].modelId"},
		{"text for a reason", analytics, report(`"reason":"my secret prompt"`), "invalid_value", "reports[1].reason"},
		{"unknown decider", analytics, report(`"decidedBy":"oracle"`), "invalid_value", "reports[1].decidedBy"},
	} {
		t.Run(strings.Trim(test.path, "/")+" "+test.name, func(t *testing.T) {
			s.t = t
			s.post(test.path, test.body).wantError(t, http.StatusBadRequest, "invalid_request_error", test.code, test.param)
		})
	}
	s.t = t
	if n := len(s.ledger.Recent(99)); n != 3 { // what reached the backend
		t.Errorf("%d entries in the ledger, want the 3 that the backend refused", n)
	}
}

func TestBadRequests(t *testing.T) {
	s := open(t)
	g := s.grant()
	big := `{"prompt":"` + strings.Repeat("x", 10<<20) + `"}`
	const invalid = "invalid_request_error"
	for _, test := range []struct {
		name   string
		answer func() answer
		status int
		kind   string
		code   string
		param  string
	}{
		{"10 MB to route", func() answer { return s.post("/browser/route", big) }, 413, invalid, "body_too_large", ""},
		{"10 MB to generate", func() answer { return s.post("/generate", big) }, 413, invalid, "body_too_large", ""},
		{"10 MB to chat", func() answer { return s.post("/chat/completions", big) }, 413, invalid, "body_too_large", ""},
		{"10 MB to analytics", func() answer { return s.post("/browser/analytics", big) }, 413, invalid, "body_too_large", ""},
		{"form", func() answer {
			return s.post("/browser/route", "a=1", "Content-Type", "application/x-www-form-urlencoded")
		}, 415, invalid, "unsupported_media_type", ""},
		{"text", func() answer { return s.post("/generate", "{}", "Content-Type", "text/plain") }, 415, invalid, "unsupported_media_type", ""},
		{"no type", func() answer { return s.post("/chat/completions", "{}", "Content-Type", "") }, 415, invalid, "unsupported_media_type", ""},
		{"broken type", func() answer { return s.post("/chat/completions", "{}", "Content-Type", ";;") }, 415, invalid, "unsupported_media_type", ""},
		{"no credentials for route", func() answer { return s.post("/browser/route", "{}", "Authorization", "") }, 401, "authentication_error", "unauthorized", ""},
		{"no credentials for policy", func() answer { return s.get("/browser/policy", "Authorization", "") }, 401, "authentication_error", "unauthorized", ""},
		{"no credentials for models", func() answer { return s.get("/browser/models", "Authorization", "") }, 401, "authentication_error", "unauthorized", ""},
		{"no credentials for generate", func() answer { return s.post("/generate", "{}", "Authorization", "") }, 401, "authentication_error", "unauthorized", ""},
		{"no credentials for chat", func() answer { return s.post("/chat/completions", "{}", "Authorization", "") }, 401, "authentication_error", "unauthorized", ""},
		{"no credentials for the list", func() answer { return s.get("/models", "Authorization", "") }, 401, "authentication_error", "unauthorized", ""},
		{"no grant", func() answer { return s.post("/browser/analytics", `{"reports":[]}`) }, 401, "authentication_error", "unauthorized", "grant"},
		{"forged grant", func() answer { return s.post("/browser/analytics", `{"grant":"e30.AAAA","reports":[]}`) }, 401, "authentication_error", "invalid_grant", "grant"},
		{"broken grant", func() answer { return s.post("/browser/analytics", `{"grant":"`+g.Token[1:]+`"}`) }, 401, "authentication_error", "invalid_grant", "grant"},
		{"unknown path", func() answer { return s.get("/browser/secrets") }, 404, invalid, "not_found", ""},
		{"slash at the end", func() answer { return s.get("/models/") }, 404, invalid, "not_found", ""},
		{"the prefix itself", func() answer { return s.get("/") }, 404, invalid, "not_found", ""},
		{"unknown model", func() answer { return s.post("/generate", `{"prompt":"x","model":"gpt-99"}`) }, 404, invalid, "model_not_found", "model"},
		{"unknown model in chat", func() answer {
			return s.post("/chat/completions", `{"model":"gpt-99","stream":true,"messages":[{"role":"user","content":"x"}]}`)
		}, 404, invalid, "model_not_found", "model"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s.t = t
			test.answer().wantError(t, test.status, test.kind, test.code, test.param)
		})
	}
}

func TestWrongMethod(t *testing.T) {
	s := open(t)
	for path, allow := range map[string]string{
		"/browser/route": "POST", "/browser/analytics": "POST", "/generate": "POST", "/chat/completions": "POST",
		"/browser/models": "GET, HEAD", "/browser/policy": "GET, HEAD", "/models": "GET, HEAD",
	} {
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "POS"} {
			if strings.Contains(allow, method) && method != "POS" {
				continue
			}
			a := s.do(method, path, "{}")
			if a.header.Get("Allow") != allow {
				t.Errorf("%s %s: Allow is %q", method, path, a.header.Get("Allow"))
			}
			if method == "HEAD" {
				if a.status != http.StatusMethodNotAllowed || len(a.body) != 0 {
					t.Errorf("HEAD %s: %d", path, a.status)
				}
				continue
			}
			a.wantError(t, http.StatusMethodNotAllowed, "invalid_request_error", "method_not_allowed", "")
		}
	}
}

// Without a backend the app has generating endpoints of its own.
func TestWithoutBackend(t *testing.T) {
	s := open(t, func(o *hybrid.Options) { o.Backend = nil })
	s.post("/generate", `{"prompt":"x"}`).wantError(t, http.StatusNotFound, "invalid_request_error", "not_found", "")
	s.get("/models").wantError(t, http.StatusNotFound, "invalid_request_error", "not_found", "")
	if a := s.post("/browser/route", routeBody(desktop, `"promptLength":1`)); a.status != http.StatusOK {
		t.Errorf("status %d", a.status)
	}
}
