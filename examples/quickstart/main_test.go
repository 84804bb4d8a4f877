package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/edgewise-ai/edgewise/backend/backendtest"
)

func TestService(t *testing.T) {
	upstream := backendtest.NewServer(t)
	t.Setenv("OPENAI_BASE_URL", upstream.URL)
	t.Setenv("OPENAI_API_KEY", "")
	mux, err := newMux(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(mux)
	defer server.Close()

	session := login(t, server)
	do := func(signedIn bool, method, path, body string) (int, string) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, server.URL+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		if signedIn {
			req.AddCookie(session)
		}
		req.Header.Set("Content-Type", "application/json")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		read, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(read)
	}

	if status, body := do(false, "GET", "/hello", ""); status != http.StatusOK || body != "this service was here before\n" {
		t.Errorf("/hello: status %d: %s", status, body)
	}
	if status, body := do(false, "GET", "/api/v1/browser/models", ""); status != http.StatusUnauthorized || !strings.Contains(body, "authentication_error") {
		t.Errorf("models for a stranger: status %d: %s", status, body)
	}
	status, body := do(true, "GET", "/api/v1/browser/models", "")
	var list struct {
		Revision string
		Models   []struct{ ID string }
	}
	if err := json.Unmarshal([]byte(body), &list); err != nil || status != http.StatusOK || len(list.Models) == 0 || list.Revision == "" {
		t.Errorf("models for a guest: status %d, %v: %s", status, err, body)
	}

	for _, test := range []struct{ request, target, reason string }{
		{`{"capabilities":{},"promptLength":3000}`, "browser", "optimal_for_browser"},
		{`{"capabilities":{},"promptLength":4001}`, "server", "request_too_complex"},
		{`{"capabilities":{},"promptLength":10,"task":"checkout"}`, "server", "shop_checkout"},
	} {
		_, body := do(true, "POST", "/api/v1/browser/route", test.request)
		var got struct{ Target, Reason string }
		if err := json.Unmarshal([]byte(body), &got); err != nil || got.Target != test.target || got.Reason != test.reason {
			t.Errorf("%s: %v: %s", test.request, err, body)
		}
	}
	request := `{"model":"` + backendtest.ModelID + `","messages":[{"role":"user","content":"Hi"}]}`
	if status, body := do(true, "POST", "/api/v1/chat/completions", request); status != http.StatusOK || !strings.Contains(body, backendtest.Answer) {
		t.Errorf("chat: status %d: %s", status, body)
	}
}

func TestWithoutServer(t *testing.T) {
	t.Setenv("OPENAI_BASE_URL", "")
	if _, err := newMux(t.Context()); err == nil {
		t.Error("a service without a server to generate on starts without a word")
	}
}

// login signs in and returns the cookie.
func login(t *testing.T, server *httptest.Server) *http.Cookie {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/login", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if len(resp.Cookies()) != 1 {
		t.Fatalf("status %d, cookies %v", resp.StatusCode, resp.Cookies())
	}
	return resp.Cookies()[0]
}
