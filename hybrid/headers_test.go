package hybrid_test

import (
	"net/http"
	"testing"
)

// Access logs tell by headers what was decided, by which policies, and nothing
// that was not.
func TestDecisionHeaders(t *testing.T) {
	s := open(t)
	const none = `{"hasWebGPU":false,"hasWebGL2":false}`
	for _, test := range []struct {
		name, path, body string
		status           int
		target, reason   string
		asked            bool // policies were asked
	}{
		{"browser", "/browser/route", routeBody(desktop, `"promptLength":5`), 200, "browser", "optimal_for_browser", true},
		{"server", "/browser/route", routeBody(none, `"promptLength":5`), 200, "server", "insufficient_device_capabilities", true},
		{"none", "/browser/route", routeBody(none, `"promptLength":5,"privacy":"local-only"`), 200, "none", "local_only_unavailable", true},
		{"traced", "/browser/route", routeBody(desktop, `"promptLength":5,"trace":true`), 200, "browser", "optimal_for_browser", true},
		{"bad question", "/browser/route", `{}`, 400, "", "", false},
		{"generated", "/generate", `{"prompt":"x"}`, 200, "server", "", true},
		{"generated as a stream", "/generate", `{"prompt":"x","stream":true}`, 200, "server", "", true},
		{"chat", "/chat/completions", chatHello, 200, "server", "", true},
		{"chat as a stream", "/chat/completions", chatHelloStream, 200, "server", "", true},
		{"refused", "/generate", `{"prompt":"x","privacy":"local-only"}`, 403, "", "local_only", true},
		{"refused chat", "/chat/completions", `{"privacy":"local-only",` + chatHello[1:], 403, "", "local_only", true},
		{"failed", "/generate", `{"prompt":"x","model":"gpt-99"}`, 404, "", "", true},
		{"bad request", "/generate", `{}`, 400, "", "", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := s.post(test.path, test.body)
			var revision string
			if test.asked {
				revision = s.snapshot().Revision
			}
			for name, want := range map[string]string{
				"X-Edgewise-Target": test.target, "X-Edgewise-Reason": test.reason, "X-Edgewise-Policy-Revision": revision,
			} {
				if got := a.header.Get(name); got != want {
					t.Errorf("%s is %q, want %q", name, got, want)
				}
			}
			if a.status != test.status {
				t.Errorf("%d: %s", a.status, a.body)
			}
		})
	}
	if got := s.get("/browser/policy").header.Get("X-Edgewise-Policy-Revision"); got != s.snapshot().Revision {
		t.Errorf("the snapshot's is %q", got)
	}
	if got := s.get("/browser/models"); got.status != http.StatusOK || got.header.Get("X-Edgewise-Policy-Revision") != "" {
		t.Errorf("no policy was asked for the list: %v", got.header)
	}
}
