package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/edgewise-ai/edgewise/backend/backendtest"
)

const key = "sk-demo-0123456789"

func TestBackend(t *testing.T) {
	upstream := backendtest.NewServer(t)
	t.Setenv("DEMO_TEST_KEY", key)
	s := open(t, "-backend", upstream.URL, "-model", backendtest.ModelID, "-key-env", "DEMO_TEST_KEY")

	var got completion
	s.post("/api/v1/chat/completions", `{"model":"auto",`+question+`}`, &got)
	if got.Choices[0].Message.Content != backendtest.Answer || got.Model != backendtest.ModelID {
		t.Errorf("got %+v", got)
	}
	events := s.events("/api/v1/chat/completions", `{`+question+`,"stream":true}`)
	if events[len(events)-1] != "[DONE]" {
		t.Errorf("the stream ends with %q", events[len(events)-1])
	}
	for _, req := range upstream.Requests() {
		if got := req.Header.Get("Authorization"); got != "Bearer "+key {
			t.Errorf("%s has Authorization %q", req.Path, got)
		}
	}
	if page := s.get("/").body; !strings.Contains(page, "On the server answers "+backendtest.ModelID) {
		t.Error("the page does not name the server's model")
	}
}

// The key goes to the server that it is for and nowhere else, whatever that says.
func TestKeyStaysHere(t *testing.T) {
	unauthorized := backendtest.Unauthorized()
	upstream := backendtest.NewServer(t, unauthorized, unauthorized, unauthorized)
	t.Setenv("DEMO_TEST_KEY", key)
	s := open(t, "-backend", upstream.URL, "-model", backendtest.ModelID, "-key-env", "DEMO_TEST_KEY")
	answers := []answer{
		s.do(http.MethodPost, "/api/v1/chat/completions", `{`+question+`}`),
		s.do(http.MethodPost, "/api/v1/chat/completions", `{`+question+`,"stream":true}`),
		s.do(http.MethodPost, "/api/v1/generate", `{"prompt":"Hello!"}`),
	}
	for _, a := range answers {
		if a.status != http.StatusBadGateway {
			t.Errorf("status %d: %s", a.status, a.body)
		}
	}
	for _, path := range []string{"/", "/app.js", "/healthz", "/api/v1/models", "/api/v1/browser/models", "/api/v1/browser/policy"} {
		answers = append(answers, s.get(path))
	}
	for _, a := range answers {
		if strings.Contains(a.body, key) {
			t.Errorf("the key is in %s", a.body)
		}
		for name, values := range a.header {
			if strings.Contains(strings.Join(values, ""), key) {
				t.Errorf("the key is in the header %s", name)
			}
		}
	}
	if log := s.log.String(); strings.Contains(log, key) || log == "" {
		t.Errorf("the log has the key, or nothing: %s", log)
	}
}

func TestBackendDown(t *testing.T) {
	s := open(t, "-backend", "http://127.0.0.1:1/v1", "-model", "any")
	if a := s.get("/healthz"); a.status != http.StatusOK {
		t.Errorf("the demo itself is well, but says %d", a.status)
	}
	if a := s.get("/"); a.status != http.StatusOK {
		t.Errorf("status %d", a.status)
	}
}
