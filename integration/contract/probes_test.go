package contract_test

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/edgewise-ai/edgewise/backend"
	"github.com/edgewise-ai/edgewise/hybrid"
	"github.com/edgewise-ai/edgewise/policy"
)

// probe is a request, and what must come of it.
type probe struct {
	name   string
	change func(*hybrid.Options) // of the service; nil for none
	ask    func(*service) exchange

	status int
	code   string // of the error

	// silent is why the document takes a request that the service refuses as
	// senseless, or the reverse. Empty means that they agree.
	silent string
}

// Requests that differ in little.
const (
	route    = `{"capabilities":{},"promptLength":40}`
	generate = `{"prompt":"hello world"}`
	chat     = `{"messages":[{"role":"user","content":"hello world"}]}`
)

// Why the document can't say what the service checks.
const (
	inBody    = "the credential is in the body"
	byContent = "it depends on other members, or on what there is"
)

// probes provoke every documented answer.
func probes() []probe {
	all := []probe{
		{name: "route", status: 200, ask: posts("/browser/route", route)},
		{name: "route with everything", status: 200, ask: posts("/browser/route", `{"capabilities":{"hasWebGPU":true,"gpuTier":"high","gpu":{"features":["shader-f16"],`+
			`"limits":{"maxBufferSize":2147483648}},"deviceMemoryGB":0.25,"estimatedAvailableRAMGB":4.5,"hardwareConcurrency":8,"engines":["webllm"]},`+
			`"state":{"models":{"m":{"status":"cached","loadMs":1}},"battery":{"levelPermille":1000,"charging":true},"network":{"offline":false},"mode":"never"},`+
			`"promptLength":40,"promptTokens":9007199254740991,"features":{"codePoints":40},"needs":{"n":1},"privacy":"","inToolLoop":"server","trace":true}`)},
		{name: "route with what is unknown", status: 200, ask: posts("/browser/route", `{"capabilities":{"hasTPU":true},"promptLength":40,"mood":"good"}`)},
		{name: "route to nowhere", status: 200, ask: posts("/browser/route", `{"capabilities":{"hasWebGPU":false,"hasWebGL2":false},"promptLength":40,"privacy":"local-only"}`)},
		{name: "route without a version", status: 200, ask: posts("/browser/route", route, "X-Edgewise-Version", "")},
		{name: "route of a later minor version", status: 200, ask: posts("/browser/route", route, "X-Edgewise-Version", "1.99")},
		{name: "route as JSON of another name", status: 200, ask: posts("/browser/route", route, "Content-Type", "application/vnd.acme+json"), silent: "a document can't list all types that end in +json"},
		{name: "route cut short", status: 400, code: "invalid_json", ask: posts("/browser/route", `{"capab`)},
		{name: "route without a length", status: 400, code: "missing_field", ask: posts("/browser/route", `{"capabilities":{}}`)},
		{name: "route of a wrong type", status: 400, code: "invalid_type", ask: posts("/browser/route", `{"capabilities":{"hasWebGPU":"yes"},"promptLength":40}`)},
		{name: "route of a fraction", status: 400, code: "invalid_type", ask: posts("/browser/route", `{"capabilities":{},"promptLength":1.5}`)},
		{name: "route of a negative count", status: 400, code: "invalid_value", ask: posts("/browser/route", `{"capabilities":{},"promptLength":-1}`)},
		{name: "route of a huge count", status: 400, code: "invalid_value", ask: posts("/browser/route", `{"capabilities":{},"promptLength":9007199254740992}`)},
		{name: "route of an unknown complexity", status: 400, code: "invalid_value", ask: posts("/browser/route", `{"capabilities":{},"promptLength":1,"complexity":"hard"}`)},
		{name: "route of an unknown privacy", status: 400, code: "invalid_value", ask: posts("/browser/route", `{"capabilities":{},"promptLength":1,"privacy":"some"}`)},
		{name: "route of an unknown target", status: 400, code: "invalid_value", ask: posts("/browser/route", `{"capabilities":{},"promptLength":1,"lastTarget":"none"}`)},
		{name: "route of a long task", status: 400, code: "invalid_value", ask: posts("/browser/route", `{"capabilities":{},"promptLength":1,"task":"`+strings.Repeat("t", 201)+`"}`)},
		{name: "route of another major version", status: 400, code: "unsupported_version", ask: posts("/browser/route", route, "X-Edgewise-Version", "2.0")},
		{name: "route of no version", status: 400, code: "unsupported_version", ask: posts("/browser/route", route, "X-Edgewise-Version", "latest")},
		{name: "route of a form", status: 415, code: "unsupported_media_type", ask: posts("/browser/route", route, "Content-Type", "application/x-www-form-urlencoded")},
		{name: "route of 40 KB", status: 413, code: "body_too_large", ask: posts("/browser/route", `{"promptLength":1,"capabilities":{"browserName":"`+strings.Repeat("n", 40<<10)+`"}}`)},

		{name: "analytics", status: 202, ask: reports("alice/pro", batch, 1)},
		{name: "analytics, twice the same", status: 202, ask: reports("alice/pro", batch, 1, 1)},
		{name: "analytics, one alone", status: 202, ask: reports("alice/pro", alone, 1)},
		{name: "analytics by beacon", status: 202, ask: func(s *service) exchange {
			return s.post("/browser/analytics", batch(s.grant("alice/pro"), 1), "Content-Type", "text/plain;charset=UTF-8", "Authorization", "", "X-Edgewise-Version", "")
		}},
		{name: "analytics of nothing", status: 400, code: "invalid_json", ask: posts("/browser/analytics", "")},
		{name: "analytics of a bad reason", status: 400, code: "invalid_value", ask: func(s *service) exchange {
			return s.post("/browser/analytics", strings.Replace(batch(s.grant("alice/pro"), 1), "optimal_for_browser", "Because!", 1))
		}},
		{name: "analytics of a message for a code", status: 400, code: "invalid_value", ask: func(s *service) exchange {
			return s.post("/browser/analytics", strings.Replace(batch(s.grant("alice/pro"), 1), `"success":true`, `"success":false,"errorCode":"out of memory"`, 1))
		}},
		{name: "analytics of another's id", status: 400, code: "invalid_value", silent: byContent, ask: func(s *service) exchange {
			g := s.grant("alice/pro")
			g.ID = "somebodys"
			return s.post("/browser/analytics", batch(g, 1))
		}},
		{name: "analytics without a grant", status: 401, code: "unauthorized", ask: posts("/browser/analytics", `{"reports":[]}`)},
		{name: "analytics with a forged grant", status: 401, code: "invalid_grant", silent: inBody, ask: posts("/browser/analytics", `{"grant":"e30.AAAA","reports":[]}`)},
		{name: "analytics with an old grant", status: 401, code: "grant_expired", silent: inBody, ask: func(s *service) exchange {
			before := serve(s.t, func(o *hybrid.Options) { o.Now = func() time.Time { return noon.AddDate(0, 0, -9) } })
			return s.post("/browser/analytics", batch(before.grant("alice/pro"), 1))
		}},
		{name: "analytics beyond the grant", status: 403, code: "grant_exhausted", ask: reports("alice/pro", batch, 1_000_000)},
		{name: "analytics of 70 KB", status: 413, code: "body_too_large", ask: posts("/browser/analytics", `{"grant":"`+strings.Repeat("g", 70<<10)+`","reports":[]}`)},
		{name: "analytics of too many", status: 429, code: "rate_limit_exceeded", ask: func(s *service) exchange {
			g := s.grant("bob/quiet")
			s.post("/browser/analytics", batch(g, upTo(50)...))
			return s.post("/browser/analytics", batch(g, 51))
		}},
		{name: "analytics without a limit store", change: noLimits, status: 503, code: "limits_unavailable", ask: reports("bob/quiet", batch, 1)},
		{name: "analytics of another major version", status: 400, code: "unsupported_version", ask: posts("/browser/analytics", `{"grant":"g","reports":[]}`, "X-Edgewise-Version", "0.9")},

		{name: "savings", status: 200, ask: func(s *service) exchange {
			s.post("/generate", generate)
			s.post("/browser/analytics", batch(s.grant("alice/pro"), 1))
			return s.get("/browser/savings")
		}},
		{name: "savings of a month", status: 200, ask: gets("/browser/savings?scope=own&from=2026-11-01&until=2026-12-01T00:00:00Z")},
		{name: "savings of all", status: 200, ask: gets("/browser/savings?scope=all", as("carol/auditor")...)},
		{name: "savings of a strange scope", status: 400, code: "invalid_value", ask: gets("/browser/savings?scope=mine")},
		{name: "savings from whenever", status: 400, code: "invalid_value", ask: gets("/browser/savings?from=yesterday")},
		{name: "savings of all for anyone", status: 403, code: "forbidden", ask: gets("/browser/savings?scope=all")},
		{name: "savings of nobody", status: 403, code: "forbidden", ask: gets("/browser/savings", as("anonymous")...)},
		{name: "savings of a ledger that can't", change: writeOnly, status: 501, code: "savings_unavailable", ask: gets("/browser/savings")},
		{name: "savings of a ledger that fails", change: unreadable, status: 503, code: "ledger_unavailable", ask: gets("/browser/savings")},

		{name: "generate at length", status: 200, ask: posts("/generate", `{"prompt":"hello","maxTokens":16,"temperature":0.5,"stream":false,"model":"other","privacy":"",`+
			`"edgewise":{"decisionId":"x","reason":"low_battery","fallback":true}}`)},
		{name: "generate without a prompt", status: 400, code: "missing_field", ask: posts("/generate", `{"maxTokens":1}`)},
		{name: "generate of an empty prompt", status: 400, code: "invalid_value", ask: posts("/generate", `{"prompt":""}`)},
		{name: "generate of a negative count", status: 400, code: "invalid_value", ask: posts("/generate", `{"prompt":"p","maxTokens":-1}`)},
		{name: "chat at length", status: 200, ask: posts("/chat/completions", `{"model":"auto","messages":[{"role":"user","content":[{"type":"text","text":"hi"}]}],"n":1,"max_tokens":5,`+
			`"stream":null,"user":"u","logprobs":null,"conversationId":"c","privacy":"","edgewise":{"reason":"low_battery"},"top_k":4}`)},
		{name: "chat with its usage", status: 200, ask: posts("/chat/completions", strings.Replace(chat, "{", `{"stream":true,"stream_options":{"include_usage":true},`, 1))},
		{name: "chat without messages", status: 400, code: "missing_field", ask: posts("/chat/completions", `{"model":"auto"}`)},
		{name: "chat of no message", status: 400, code: "invalid_value", ask: posts("/chat/completions", `{"messages":[]}`)},
		{name: "chat of no choice", status: 400, code: "invalid_value", ask: posts("/chat/completions", strings.Replace(chat, "{", `{"n":0,`, 1))},
		{name: "chat of a wish that can't be met", status: 400, code: "unsupported_parameter", silent: byContent, ask: posts("/chat/completions", strings.Replace(chat, "{", `{"n":2,`, 1))},

		{name: "models for some", status: 200, ask: gets("/models", as("dave/narrow")...)},
		{name: "models of a backend that is down", change: fails(backend.Error{Code: backend.CodeUnavailable}), status: 503, code: "upstream_unavailable", ask: gets("/models")},
		{name: "models of a backend that refuses us", change: fails(backend.Error{Code: backend.CodeUpstreamAuth, Status: 401}), status: 502, code: "upstream_auth", ask: gets("/models")},
		{name: "models of a silent backend", change: fails(backend.Error{Code: backend.CodeTimeout}), status: 504, code: "upstream_timeout", ask: gets("/models")},

		{name: "the document", status: 200, ask: gets("/openapi.yaml", "Authorization", "")},
	}
	for _, path := range []string{"/browser/models", "/browser/policy", "/models", "/openapi.yaml"} {
		all = append(all,
			probe{name: path + " again", status: 304, ask: func(s *service) exchange { return s.again(path) }},
			probe{name: path, status: 200, ask: gets(path)},
		)
	}
	for _, path := range []string{"/browser/models", "/browser/policy", "/browser/savings", "/models", "/openapi.yaml"} {
		all = append(all, probe{name: path + " of another major version", status: 400, code: "unsupported_version", ask: gets(path, "X-Edgewise-Version", "3.0")})
	}
	for path, ask := range map[string]func(...string) func(*service) exchange{
		"/browser/route":    func(h ...string) func(*service) exchange { return posts("/browser/route", route, h...) },
		"/browser/models":   func(h ...string) func(*service) exchange { return gets("/browser/models", h...) },
		"/browser/policy":   func(h ...string) func(*service) exchange { return gets("/browser/policy", h...) },
		"/browser/savings":  func(h ...string) func(*service) exchange { return gets("/browser/savings", h...) },
		"/generate":         func(h ...string) func(*service) exchange { return posts("/generate", generate, h...) },
		"/chat/completions": func(h ...string) func(*service) exchange { return posts("/chat/completions", chat, h...) },
		"/models":           func(h ...string) func(*service) exchange { return gets("/models", h...) },
	} {
		all = append(all,
			probe{name: path + " of a stranger", status: 401, code: "unauthorized", ask: ask("Authorization", "")},
			probe{name: path + " of who knows whom", status: 503, code: "authentication_unavailable", ask: ask(as("slow")...)},
			probe{name: path + " of someone else's refusal", status: http.StatusTeapot, code: "refused", ask: ask(as("teapot")...)},
		)
	}
	all = append(all, generating("/generate", generate, "prompt")...)
	return append(all, generating("/chat/completions", chat, "messages")...)
}

// generating probes what the generating endpoints have in common. with adds members to
// a good body.
func generating(path, good, prompt string) []probe {
	with := func(members string) string { return strings.Replace(good, "{", "{"+members+",", 1) }
	ask := func(header ...string) func(*service) exchange { return posts(path, good, header...) }
	numbered := backend.Error{
		Code: backend.CodeInvalidRequest, Status: http.StatusUnprocessableEntity,
		Body: []byte(`{"message":"no","code":422}`), Header: http.Header{"X-Request-Id": {"r1"}},
	}
	return []probe{
		{name: path, status: 200, ask: ask()},
		{name: path + " streamed", status: 200, ask: posts(path, with(`"stream":true`))},
		{name: path + " broken off", change: breaksOff, status: 200, ask: posts(path, with(`"stream":true`))},
		{name: path + " cut short", status: 400, code: "invalid_json", ask: posts(path, good[:5])},
		{name: path + " of another major version", status: 400, code: "unsupported_version", ask: ask("X-Edgewise-Version", "2.0")},
		{name: path + " for a bad reason", status: 400, code: "invalid_value", ask: posts(path, with(`"edgewise":{"reason":"Because!"}`))},
		{name: path + " too long for its model", change: fails(backend.Error{Code: backend.CodeContextLength, Param: prompt}), silent: byContent,
			status: 400, code: "context_length_exceeded", ask: ask()},
		{name: path + " of a private prompt", status: 403, code: "local_only", ask: posts(path, with(`"privacy":"local-only"`))},
		{name: path + " of the wrong tier", status: 403, code: "tier_browser_only", ask: ask(as("erin/browser")...)},
		{name: path + " of an unknown model", status: 404, code: "model_not_found", ask: posts(path, with(`"model":"gpt-99"`))},
		{name: path + " of a model for others", status: 404, code: "model_not_found", ask: posts(path, with(`"model":"other"`), as("dave/narrow")...)},
		{name: path + " of a long prompt", status: 413, code: "prompt_too_long", ask: ask(as("frank/short")...)},
		{name: path + " of 40 KB", status: 413, code: "body_too_large", ask: posts(path, with(`"model":"`+strings.Repeat("m", 40<<10)+`"`))},
		{name: path + " of plain text", status: 415, code: "unsupported_media_type", ask: ask("Content-Type", "text/plain")},
		{name: path + " too often", status: 429, code: "rate_limit_exceeded", ask: func(s *service) exchange {
			s.post(path, good, as("grace/single")...)
			return s.post(path, good, as("grace/single")...)
		}},
		{name: path + " of the poor", status: 429, code: "budget_exhausted", ask: func(s *service) exchange {
			s.post(path, good, as("heidi/poor")...)
			return s.post(path, good, as("heidi/poor")...)
		}},
		{name: path + " of a spent budget", change: spent, status: 429, code: "budget_exhausted", ask: ask()},
		{name: path + " of a busy backend", change: fails(backend.Error{Code: backend.CodeRateLimited, Status: 429, RetryAfter: 1500 * time.Millisecond}),
			status: 429, code: "rate_limit_exceeded", ask: ask()},
		{name: path + " of a backend out of credit", change: fails(backend.Error{Code: backend.CodeQuotaExceeded}), status: 429, code: "insufficient_quota", ask: ask()},
		{name: path + " of a model that failed", change: fails(backend.Error{Code: backend.CodeInternal}), status: 500, code: "internal_error", ask: ask()},
		{name: path + " of a backend that refuses us", change: fails(backend.Error{Code: backend.CodeUpstreamAuth, Status: 401}), status: 502, code: "upstream_auth", ask: ask()},
		{name: path + " of nonsense", change: fails(backend.Error{Code: backend.CodeBadResponse}), status: 502, code: "upstream_bad_response", ask: ask()},
		{name: path + " of a backend that is down", change: fails(backend.Error{Code: backend.CodeUnavailable, RetryAfter: time.Second}),
			status: 503, code: "upstream_unavailable", ask: ask()},
		{name: path + " without a limit store", change: noLimits, status: 503, code: "limits_unavailable", ask: ask(as("grace/single")...)},
		{name: path + " of a silent backend", change: fails(backend.Error{Code: backend.CodeTimeout}), status: 504, code: "upstream_timeout", ask: ask()},
		{name: path + " of a status of its own", change: fails(numbered), status: 422, code: "422", ask: ask()},
	}
}

// spent has the app say that everybody's budget is.
func spent(o *hybrid.Options) {
	o.Facts = budgetOf(policy.Balance{Hard: true})
}

func posts(path, body string, header ...string) func(*service) exchange {
	return func(s *service) exchange { return s.post(path, body, header...) }
}

func gets(path string, header ...string) func(*service) exchange {
	return func(s *service) exchange { return s.get(path, header...) }
}

// reports sends reports of these numbers, in a form.
func reports(who string, form func(policy.Grant, ...int) string, numbers ...int) func(*service) exchange {
	return func(s *service) exchange { return s.post("/browser/analytics", form(s.grant(who), numbers...)) }
}

// members are those of a report.
func members(g policy.Grant, number int) string {
	return fmt.Sprintf(`"id":"%s.%d","target":"browser","modelId":"m","framework":"webllm","reason":"optimal_for_browser","promptTokens":12,`+
		`"completionTokens":40,"latencyMs":2100,"success":true,"decidedBy":"page","startedAt":%d`, g.ID, number, noon.UnixMilli())
}

// batch is a batch of reports.
func batch(g policy.Grant, numbers ...int) string {
	list := make([]string, len(numbers))
	for i, n := range numbers {
		list[i] = "{" + members(g, n) + "}"
	}
	return fmt.Sprintf(`{"grant":%q,"reports":[%s]}`, g.Token, strings.Join(list, ","))
}

// alone is a report with its grant beside it.
func alone(g policy.Grant, numbers ...int) string {
	return fmt.Sprintf(`{"grant":%q,%s}`, g.Token, members(g, numbers[0]))
}

func upTo(n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = i + 1
	}
	return list
}
