package hybrid_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
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
