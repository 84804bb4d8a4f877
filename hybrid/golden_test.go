package hybrid_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgewise-ai/edgewise/hybrid"
	"github.com/edgewise-ai/edgewise/hybrid/limit"
	"github.com/edgewise-ai/edgewise/policy"
)

var update = flag.Bool("update", false, "write testdata/golden anew")

// exchange is one golden file: a request and its answer, as the wire has them.
// The TypeScript tests read the same files.
type exchange struct {
	Method   string            `json:"method"`
	Path     string            `json:"path"`
	Request  json.RawMessage   `json:"request,omitempty"`
	Status   int               `json:"status"`
	Response json.RawMessage   `json:"response,omitempty"`
	Events   []json.RawMessage `json:"events,omitempty"` // of a stream, without its [DONE]
}

// What is random in an answer becomes a constant.
var random = []struct {
	find    *regexp.Regexp
	replace string
}{
	{regexp.MustCompile(`"decisionId":"[\w-]{33}"`), `"decisionId":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"`},
	{regexp.MustCompile(`"grant":\{"id":"[\w-]{22}","token":"[\w-]+\.[\w-]+"`), `"grant":{"id":"AAAAAAAAAAAAAAAAAAAAAA","token":"e30.AAAA"`},
	{regexp.MustCompile(`"id":"chatcmpl-\w+"`), `"id":"chatcmpl-A"`},
}

func TestGolden(t *testing.T) {
	const carol, dave = "carol/pro", "dave/free"
	s := open(t, func(o *hybrid.Options) {
		o.Auditor = func(who policy.Identity) bool { return who.Subject == "alice" }
		o.Prices = map[string]policy.Prices{"": {PromptMicroUSDPerMTok: 150_000, CompletionMicroUSDPerMTok: 600_000}}
		o.Tiers = map[string]hybrid.Allowance{"trial": {MaxPromptTokens: 1, Requests: limit.Rate{Amount: 1}}}
		o.Facts = factsOf10
	})
	g := s.grant()
	const (
		get  = http.MethodGet
		post = http.MethodPost
		say  = `"messages":[{"role":"user","content":"hello world"}]`
	)
	phone := `{"hasWebGPU":true,"gpuTier":"medium","isMobile":true,"estimatedAvailableRAMGB":3,"browserName":"chrome","browserVersion":"140"}`
	everything := `{"hasWebGPU":true,"hasWebGL2":true,"hasWebNN":false,"gpuTier":"high","gpu":{"vendor":"nvidia","architecture":"ampere",` +
		`"description":"","isFallbackAdapter":false,"features":["shader-f16"],"limits":{"maxBufferSize":2147483648,"maxStorageBufferBindingSize":2147483644,` +
		`"maxStorageBuffersPerShaderStage":10,"maxComputeWorkgroupStorageSize":32768}},"deviceMemoryGB":8,"estimatedAvailableRAMGB":4.5,"isMobile":false,` +
		`"isTablet":false,"isDesktop":true,"browserName":"chrome","browserVersion":"140","storageQuotaMB":20000,"hardwareConcurrency":16,` +
		`"connectionType":"4g","crossOriginIsolated":true,"engines":["webllm","transformers.js"]}`
	state := `{"models":{"big-3b":{"status":"cached","loadMs":1800,"tokensPerSecondMilli":31000,"ttftMs":420,"failures":0,"predictedTokensPerSecondMilli":29000},"small-360m":{"status":"absent"}},` +
		`"battery":{"levelPermille":830,"charging":false},"network":{"offline":false,"saveData":false,"metered":false},"mode":"auto"}`
	for _, test := range []struct {
		name, method, path, body string
		header                   []string
	}{
		{"route.browser", post, "/browser/route", routeBody(desktop, `"promptLength":40,"maxTokens":100,"complexity":"auto"`), nil},
		{"route.everything", post, "/browser/route", routeBody(everything, `"state":`+state+`,"promptLength":40,"promptTokens":11,"maxTokens":100,`+
			`"complexity":"simple","task":"chat","privacy":"","preference":"auto","features":{"codePoints":40,"messages":1,"codeFences":0,"digits":2,"operators":0,`+
			`"questionWords":1,"reasoningVerbs":0,"cjk":0},"needs":{"tools":false,"jsonSchema":false,"images":false,"logprobs":false,"n":1},`+
			`"engines":["webllm","transformers.js"],"conversationId":"c1","inToolLoop":"browser","lastTarget":"server","trace":true`), []string{"Authorization", "Bearer " + carol}},
		{"route.phone", post, "/browser/route", routeBody(phone, `"promptLength":40`), nil},
		{"route.no-gpu", post, "/browser/route", routeBody(`{"hasWebGPU":false,"hasWebGL2":false}`, `"promptLength":40`), nil},
		{"route.too-complex", post, "/browser/route", routeBody(desktop, `"promptLength":5000,"complexity":"auto"`), nil},
		{"route.local-only", post, "/browser/route", routeBody(desktop, `"promptLength":40,"privacy":"local-only"`), nil},
		{"route.none", post, "/browser/route", routeBody(`{"hasWebGPU":false,"hasWebGL2":false}`, `"promptLength":40,"privacy":"local-only"`), nil},
		{"browser-models", get, "/browser/models", "", nil},
		{"policy", get, "/browser/policy", "", []string{"Authorization", "Bearer " + carol}},
		{"analytics.single", post, "/browser/analytics", single(g, reportJSON(g, 1)), nil},
		{"analytics.batch", post, "/browser/analytics", batchJSON(g, reportJSON(g, 1), reportJSON(g, 2)), nil},
		{"generate", post, "/generate", `{"prompt":"hello world","maxTokens":16,"temperature":0.5,"stream":false,"model":"auto","privacy":""}`, nil},
		{"generate.stream", post, "/generate", `{"prompt":"hello world","stream":true}`, nil},
		{"chat", post, "/chat/completions", `{"model":"auto",` + say + `}`, nil},
		{"chat.stream", post, "/chat/completions", `{"model":"auto",` + say + `,"stream":true,"stream_options":{"include_usage":true}}`, nil},
		{"models", get, "/models", "", nil},
		{"savings", get, "/browser/savings?from=2026-11-01&until=2026-12-01T00:00:00Z", "", nil},
		{"savings.all", get, "/browser/savings?scope=all", "", nil},
		{"error.invalid-json", post, "/browser/route", "", nil},
		{"error.invalid-type", post, "/browser/route", `{"capabilities":{"hasWebGPU":"yes"},"promptLength":40}`, nil},
		{"error.invalid-value", post, "/browser/route", routeBody(`{}`, `"promptLength":-1`), nil},
		{"error.missing-field", post, "/browser/route", `{"maxTokens":1}`, nil},
		{"error.unauthorized", get, "/browser/policy", "", []string{"Authorization", ""}},
		{"error.invalid-grant", post, "/browser/analytics", `{"grant":"e30.AAAA","reports":[]}`, nil},
		{"error.not-found", get, "/nothing", "", nil},
		{"error.method-not-allowed", get, "/browser/route", "", nil},
		{"error.unsupported-media-type", post, "/browser/route", `{}`, []string{"Content-Type", "text/plain"}},
		{"error.model-not-found", post, "/chat/completions", `{"model":"gpt-99",` + say + `}`, nil},
		{"error.budget-exhausted", post, "/generate", `{"prompt":"hello world"}`, []string{"Authorization", "Bearer " + dave}},
		{"error.prompt-too-long", post, "/generate", `{"prompt":"hello world"}`, []string{"Authorization", "Bearer erin/trial"}},
		{"error.version", get, "/browser/policy", "", []string{"X-Edgewise-Version", "2.0"}},
		{"error.forbidden", get, "/browser/savings?scope=all", "", []string{"Authorization", "Bearer " + carol}},
		{"error.local-only", post, "/generate", `{"prompt":"hello world","privacy":"local-only"}`, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			s.t = t
			a := s.do(test.method, test.path, test.body, test.header...)
			got := exchange{Method: test.method, Path: test.path, Request: json.RawMessage(test.body), Status: a.status}
			if strings.HasPrefix(a.header.Get("Content-Type"), "text/event-stream") {
				for _, event := range a.events(t) {
					if event != "[DONE]" {
						got.Events = append(got.Events, steady([]byte(event), g.ID, g.Token))
					}
				}
			} else {
				got.Response = steady(a.body, g.ID, g.Token)
			}
			got.Request = steady(got.Request, g.ID, g.Token)
			compareGolden(t, test.name, got)
		})
	}
}

// steady replaces what is random.
func steady(body []byte, grantID, token string) []byte {
	body = bytes.TrimSpace(body)
	for _, r := range random {
		body = r.find.ReplaceAll(body, []byte(r.replace))
	}
	body = bytes.ReplaceAll(body, []byte(token), []byte("e30.AAAA"))
	return bytes.ReplaceAll(body, []byte(grantID), []byte("AAAAAAAAAAAAAAAAAAAAAA"))
}

func compareGolden(t *testing.T, name string, e exchange) {
	t.Helper()
	var got bytes.Buffer
	enc := json.NewEncoder(&got)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	if err := enc.Encode(e); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join("testdata", "golden", name+".json")
	if *update {
		if err := os.WriteFile(file, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("%s (go test ./hybrid -update writes it anew):\n%s", file, diff)
	}
}
