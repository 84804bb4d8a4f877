package hybrid_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/edgewise-ai/edgewise/hybrid"
	"github.com/edgewise-ai/edgewise/hybrid/ledger"
	"github.com/edgewise-ai/edgewise/policy"
)

// record sends a request through a handler without a network.
func record(h http.Handler, method, path, body string) *httptest.ResponseRecorder {
	req := httptest.NewRequest(method, path, strings.NewReader(body))
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer fuzz")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, req)
	return w
}

// fuzz sends whatever comes to one endpoint: nothing may panic, be blamed on the
// server, or be an error of another shape.
func fuzz(f *testing.F, path string) {
	s := open(f)
	_, h := s.router.Handler()
	for _, seed := range []string{"", "{}", "null", "[]", `"x"`, "{", `{"a":1}{}`, strings.Repeat(`{"a":`, 20_000)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		w := record(h, http.MethodPost, "/api/v1"+path, body)
		if w.Code >= http.StatusInternalServerError {
			t.Fatalf("%d: %s", w.Code, w.Body)
		}
		if w.Code >= http.StatusBadRequest {
			if err := checkError(w.Body.Bytes()); err != nil {
				t.Fatalf("%d: %v in %s", w.Code, err, w.Body)
			}
		}
	})
}

func FuzzRoute(f *testing.F) {
	f.Add(routeBody(desktop, `"promptLength":5`))
	f.Add(`{"capabilities":{"gpu":{"limits":{"maxBufferSize":1e400}}},"promptLength":9007199254740992,"state":{"models":{"a":{"status":7}}}}`)
	f.Add(`{"capabilities":{},"promptLength":1,"features":{"codePoints":1,"cjk":2},"needs":{"n":-1},"inToolLoop":"moon","lastTarget":"none","trace":true}`)
	fuzz(f, "/browser/route")
}

func FuzzGenerate(f *testing.F) {
	f.Add(`{"prompt":"hello world","maxTokens":1,"temperature":0.5}`)
	f.Add(`{"prompt":"hello world","stream":true,"model":"auto","privacy":""}`)
	f.Add(`{"prompt":"\ud800","temperature":1e308,"maxTokens":-1}`)
	fuzz(f, "/generate")
}

func FuzzChat(f *testing.F) {
	f.Add(`{"messages":[{"role":"user","content":"hello world"}]}`)
	f.Add(`{"messages":[{"role":"user","content":"a"}],"stream":true,"stream_options":{"include_usage":true},"max_tokens":1}`)
	f.Add(`{"messages":[{"role":"user","content":"a"}],"edgewise":{"reason":"A b","fallback":1,"decisionId":null}}`)
	f.Add(`{"messages":[],"Messages":[{}],"n":0,"privacy":"local-only","model":null}`)
	fuzz(f, "/chat/completions")
}

func FuzzAnalytics(f *testing.F) {
	s := open(f)
	g := s.grant()
	f.Add(`{"grant":"` + g.Token + `","id":"` + g.ID + `.1","modelId":"m"}`)
	f.Add(`{"grant":"` + g.Token + `","reports":[{"id":"` + g.ID + `.1","modelId":"m","latencyMs":-1}]}`)
	f.Add(`{"grant":"a.b","reports":null}`)
	fuzz(f, "/browser/analytics")
}

// FuzzReports sends whatever comes with a grant that is good: what gets into the ledger
// is codes and counts within their bounds, under the grant's name, and worth money only
// if it could be true.
func FuzzReports(f *testing.F) {
	s := open(f, func(o *hybrid.Options) {
		o.Prices = map[string]policy.Prices{"": {PromptMicroUSDPerMTok: policy.MaxPrice, CompletionMicroUSDPerMTok: policy.MaxPrice}}
	})
	_, h := s.router.Handler()
	g := s.grant()
	f.Add(reportJSON(g, 1))
	f.Add(reportJSON(g, 2) + "," + strings.Replace(reportJSON(g, 2), `"promptTokens":12`, `"promptTokens":9007199254740991`, 1))
	f.Add(`{"id":"` + g.ID + `.3","modelId":"big-3b","completionTokens":9007199254740991,"latencyMs":9007199254740991,"success":true,"decisionId":"x"}`)
	f.Add(`{"id":"` + g.ID + `.4","modelId":"m","errorCode":"Dear diary","success":false}`)
	f.Fuzz(func(t *testing.T, reports string) {
		w := record(h, http.MethodPost, "/api/v1/browser/analytics", `{"grant":"`+g.Token+`","reports":[`+reports+`]}`)
		if w.Code >= http.StatusInternalServerError {
			t.Fatalf("%d: %s", w.Code, w.Body)
		}
		for _, e := range s.ledger.Recent(50) {
			if err := plausible(&e, g.ID); err != nil {
				t.Fatalf("%v: %+v", err, e)
			}
		}
	})
}

var codes = regexp.MustCompile(`^[A-Za-z0-9_.:/@+-]{0,200}$`)

// plausible checks an entry that a page reported.
func plausible(e *ledger.Entry, grant string) error {
	for _, code := range []string{e.Model, e.Framework, e.Reason, e.ErrorCode, e.Suspect, e.FinishReason, e.DecidedBy} {
		if !codes.MatchString(code) {
			return fmt.Errorf("%q is no code", code)
		}
	}
	for _, count := range []int64{e.PromptTokens, e.CompletionTokens, e.LatencyMs, e.TTFTMs, e.AvoidedMicroUSD} {
		if count < 0 || count > 1<<53 {
			return fmt.Errorf("%d is out of bounds", count)
		}
	}
	switch {
	case !strings.HasPrefix(e.ID, grant+"."):
		return errors.New("it has another's ID")
	case e.Source != ledger.Browser || e.CostMicroUSD != 0:
		return errors.New("it is the server's")
	case e.AvoidedMicroUSD != 0 && (e.Suspect != "" || !e.Success):
		return errors.New("it saved nothing")
	case e.Time.After(noon) || e.Time.Before(noon.Add(-48*time.Hour)):
		return errors.New("it was at another time")
	}
	return nil
}

// FuzzSavings asks for whatever period comes.
func FuzzSavings(f *testing.F) {
	s := open(f)
	_, h := s.router.Handler()
	for _, seed := range []string{"", "scope=own", "scope=all", "from=2026-11-01&until=2026-12-01", "from=2026-11-01T00:00:00%2B14:00", "%", "from=9999-99-99"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, query string) {
		req := httptest.NewRequest(http.MethodGet, "/api/v1/browser/savings", nil)
		req.URL.RawQuery = query
		req.Header.Set("Authorization", "Bearer fuzz")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, req)
		if w.Code >= http.StatusInternalServerError || !json.Valid(w.Body.Bytes()) {
			t.Fatalf("%d: %s", w.Code, w.Body)
		}
	})
}
