package hybrid_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgewise-ai/edgewise/backend"
	"github.com/edgewise-ai/edgewise/hybrid"
	"github.com/edgewise-ai/edgewise/hybrid/ledger"
	"github.com/edgewise-ai/edgewise/policy"
)

type generated struct {
	Done       bool `json:"done"`
	Text       string
	TokensUsed struct{ PromptTokens, CompletionTokens, TotalTokens int64 }
	FinishReason,
	Source,
	Model string
	Latency *int64
}

func TestGenerate(t *testing.T) {
	s := open(t)
	a := s.post("/generate", `{"prompt":"say it loud","maxTokens":2}`)
	var got generated
	a.decode(t, &got)
	if a.status != http.StatusOK || got.Text != "SAY IT " || got.FinishReason != "length" || got.Source != "server" || got.Model != "upper" ||
		got.TokensUsed.PromptTokens != 3 || got.TokensUsed.CompletionTokens != 2 || got.TokensUsed.TotalTokens != 5 || got.Latency == nil || got.Done {
		t.Errorf("%d: %s", a.status, a.body)
	}
	if a.header.Get("X-Edgewise-Target") != "server" || a.header.Get("Cache-Control") != "no-store" {
		t.Errorf("headers: %v", a.header)
	}
	e := s.ledger.Recent(1)[0]
	want := ledger.Entry{
		ID: e.ID, Time: noon, Identity: e.Identity, Tier: "pro", Source: ledger.Server, Model: "upper",
		PromptTokens: 3, CompletionTokens: 2, Success: true, FinishReason: "length", Attempts: 1,
	}
	if diff := cmp.Diff(want, e); diff != "" || e.ID == "" || e.Identity == "" {
		t.Error(diff)
	}
}

func TestGenerateStream(t *testing.T) {
	s := open(t)
	a := s.post("/generate", `{"prompt":"say it loud","stream":true}`)
	if a.status != http.StatusOK || !strings.HasPrefix(a.header.Get("Content-Type"), "text/event-stream") ||
		a.header.Get("X-Accel-Buffering") != "no" || a.header.Get("Cache-Control") != "no-store" || a.header.Get("X-Edgewise-Target") != "server" {
		t.Fatalf("%d, %v: %s", a.status, a.header, a.body)
	}
	events := a.events(t)
	var text strings.Builder
	for _, event := range events[:len(events)-1] {
		var delta struct{ Delta string }
		if err := json.Unmarshal([]byte(event), &delta); err != nil || delta.Delta == "" {
			t.Errorf("event %s: %v", event, err)
		}
		text.WriteString(delta.Delta)
	}
	var done generated
	if err := json.Unmarshal([]byte(events[len(events)-1]), &done); err != nil {
		t.Fatal(err)
	}
	if len(events) != 4 || !done.Done || done.Text != text.String() || done.Text != "SAY IT LOUD" || done.TokensUsed.TotalTokens != 6 ||
		done.FinishReason != "stop" || done.Model != "upper" || done.Source != "server" {
		t.Errorf("got %q", events)
	}
	if e := s.ledger.Recent(1)[0]; !e.Success || e.CompletionTokens != 3 {
		t.Errorf("ledger: %+v", e)
	}
}

func TestGenerateModels(t *testing.T) {
	for _, test := range []struct {
		name, model, def, want string
	}{
		{"absent", ``, "", "upper"},
		{"auto", `,"model":"auto"`, "", "upper"},
		{"named", `,"model":"other"`, "", "other"},
		{"null", `,"model":null`, "", "upper"},
		{"default by option", `,"model":"auto"`, "other", "other"},
		{"absent, default by option", ``, "other", "other"},
		{"named besides the default", `,"model":"upper"`, "other", "upper"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := open(t, func(o *hybrid.Options) { o.DefaultModel = test.def })
			for _, stream := range []string{"false", "true"} {
				s.post("/generate", `{"prompt":"x","stream":`+stream+test.model+`}`)
				if e := s.ledger.Recent(1); len(e) == 0 || e[0].Model != test.want || !e[0].Success {
					t.Errorf("got %+v, want model %s", e, test.want)
				}
			}
			s.post("/chat/completions", `{"messages":[{"role":"user","content":"x"}]`+test.model+`}`)
			if e := s.ledger.Recent(1); e[0].Model != test.want || !e[0].Success {
				t.Errorf("got %+v, want model %s", e, test.want)
			}
		})
	}
}

func TestModelList(t *testing.T) {
	s := open(t, func(o *hybrid.Options) { o.DefaultModel = "other" })
	a := s.get("/models")
	want := `{"object":"list","data":[{"id":"other","object":"model","created":0,"owned_by":"tests"},` +
		`{"id":"upper","object":"model","created":1700000000,"owned_by":"tests"}]}`
	if got := strings.TrimSpace(string(a.body)); got != want {
		t.Errorf("got %s", got)
	}
}

// What can't be read is no answer, and neither is one without it.
func TestGenerateStreamBadEvents(t *testing.T) {
	const ok = `data: {"choices":[{"index":0,"delta":{"content":"one "}}]}` + "\n\n"
	for name, bad := range map[string]string{
		"a raw tab":   "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"lost\tlost\"}}]}\n\n",
		"parts":       `data: {"choices":[{"index":0,"delta":{"content":[{"type":"text","text":"lost"}]}}]}` + "\n\n",
		"odd choices": `data: {"choices":[{"index":"0","delta":7}],"x":1}` + "\n\n" + `data: {"choices":{}}` + "\n\n",
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, (&scripted{body: ok + bad + finishChunk + doneChunk}).serve)
			a := s.post("/generate", `{"prompt":"x","stream":true}`)
			events := a.events(t)
			if len(events) != 2 || events[0] != `{"delta":"one "}` || !strings.Contains(events[1], `"code":"upstream_bad_response"`) {
				t.Errorf("got %q", events)
			}
			if e := s.ledger.Recent(1)[0]; e.Success || e.ErrorCode != "upstream_bad_response" {
				t.Errorf("ledger: %+v", e)
			}
			s = open(t, (&scripted{body: bad + ok + finishChunk + doneChunk}).serve)
			s.post("/generate", `{"prompt":"x","stream":true}`).
				wantError(t, http.StatusBadGateway, "server_error", "upstream_bad_response", "")
		})
	}
}

// Errors name what the caller sent, in a stream too.
func TestGenerateNamesItsOwnFields(t *testing.T) {
	for theirs, own := range map[string]string{
		"messages": "prompt", "messages[0].content": "prompt", "max_tokens": "maxTokens", "max_completion_tokens": "maxTokens",
		"temperature": "temperature", "messages_of_ours": "messages_of_ours",
	} {
		failed := &backend.Error{Code: backend.CodeInvalidRequest, Param: theirs}
		s := open(t, (&scripted{err: failed}).serve)
		for _, stream := range []string{"false", "true"} {
			s.post("/generate", `{"prompt":"x","stream":`+stream+`}`).
				wantError(t, http.StatusBadRequest, "invalid_request_error", "invalid_request", own)
		}
		if failed.Param != theirs {
			t.Error("the backend's error was changed")
		}
		in := `data: {"error":{"message":"no","type":"invalid_request_error","code":null,"odd":1.50,"param":"` + theirs + `"}}` + "\n\n"
		s = open(t, (&scripted{body: helloChunk + in}).serve)
		events := s.post("/generate", `{"prompt":"x","stream":true}`).events(t)
		want := `{"error":{"message":"no","type":"invalid_request_error","code":null,"odd":1.50,"param":"` + own + `"}}`
		if events[len(events)-1] != want {
			t.Errorf("got %s, want %s", events[len(events)-1], want)
		}
	}
}

// What forbids the server holds for the generating endpoints, whatever the page
// decided.
func TestGeneratingIsEnforced(t *testing.T) {
	free := policy.Named("test.tier", policy.PolicyFunc(func(_ context.Context, in *policy.Input) (policy.Verdict, error) {
		if in.Subject.Tier == "free" {
			return policy.Verdict{Forbid: policy.SetOf(policy.Server), Reason: "tier_browser_only"}, nil
		}
		return policy.Verdict{}, nil
	}))
	const (
		plain     = `{"prompt":"secret"}`
		private   = `{"prompt":"secret","privacy":"local-only"}`
		chat      = `{"messages":[{"role":"user","content":"secret"}]}`
		chatLocal = `{"messages":[{"role":"user","content":"secret"}],"stream":true,"privacy":"local-only"}`
	)
	for _, test := range []struct {
		name     string
		policies []policy.Policy
		token    string
		path     string
		body     string
		code     string
	}{
		{"permitted", policy.Defaults(free), "a/pro", "/generate", plain, ""},
		{"permitted chat", policy.Defaults(free), "a/pro", "/chat/completions", chat, ""},
		{"local only", nil, "a/pro", "/generate", private, "local_only"},
		{"local only chat", nil, "a/pro", "/chat/completions", chatLocal, "local_only"},
		{"local only, then null", nil, "a/pro", "/chat/completions", `{"privacy":"local-only","privacy":null,` + chat[1:], "local_only"},
		{"local only, then nothing", nil, "a/pro", "/chat/completions", `{"privacy":"local-only","PRIVACY":"",` + chat[1:], "local_only"},
		{"local only at last", nil, "a/pro", "/generate", `{"Privacy":null,"privacy":"local-only",` + plain[1:], "local_only"},
		{"local only without the policy", []policy.Policy{policy.Enabled{}}, "a/pro", "/generate", private, "local_only"},
		{"local only, and a tier without a server", policy.Defaults(free), "a/free", "/generate", private, "local_only"},
		{"tier", policy.Defaults(free), "a/free", "/generate", plain, "tier_browser_only"},
		{"tier in chat", policy.Defaults(free), "a/free", "/chat/completions", chat, "tier_browser_only"},
		{"tier, and no browser either", policy.Defaults(free, policy.Enabled{Disabled: true}), "a/free", "/generate", plain, "tier_browser_only"},
		{"a claimed tier", policy.Defaults(free), "a/free", "/generate", `{"prompt":"secret","tier":"pro"}`, "tier_browser_only"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := open(t, func(o *hybrid.Options) { o.Policies = test.policies })
			s.token = test.token
			a := s.post(test.path, test.body)
			if test.code == "" {
				if a.status != http.StatusOK {
					t.Errorf("%d: %s", a.status, a.body)
				}
				return
			}
			if got := a.header.Get("X-Edgewise-Reason"); got != test.code {
				t.Errorf("X-Edgewise-Reason is %q", got)
			}
			a.wantError(t, http.StatusForbidden, "permission_error", test.code, "")
			if n := len(s.ledger.Recent(9)); n != 0 {
				t.Errorf("%d entries: the backend was asked", n)
			}
		})
	}
}
