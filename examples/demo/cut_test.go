package main

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

const counting = `{"messages":[{"role":"user","content":"Count from 1 to 60"}],"stream":true}`

// as asks for a path as a tab does, and returns how much of the answer came, and whether
// that was all.
func (s *service) as(tab, method, path, body string) (status int, text string, whole bool) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set(tabHeader, tab)
	resp, err := http.DefaultTransport.RoundTrip(req) // a client would try once more
	if err != nil {
		return 0, "", false
	}
	defer resp.Body.Close()
	read, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(read), err == nil
}

func TestCut(t *testing.T) {
	s := open(t)
	if status, _, _ := s.as("a", http.MethodPost, "/demo/cut", ""); status != http.StatusNoContent {
		t.Fatalf("status %d", status)
	}
	if status, _, whole := s.as("a", http.MethodGet, "/api/v1/browser/policy", ""); status != http.StatusOK || !whole {
		t.Errorf("until a stream breaks the API is there, but says %d", status)
	}
	if _, text, whole := s.as("b", http.MethodPost, "/api/v1/chat/completions", counting); !whole || !strings.Contains(text, "[DONE]") {
		t.Error("another tab's stream broke off")
	}
	_, text, whole := s.as("a", http.MethodPost, "/api/v1/chat/completions", counting)
	if events := strings.Count(text, "\n\n"); whole || events != eventsBeforeCut {
		t.Errorf("%d events came, whole is %t", events, whole)
	}
	for _, path := range []string{"/api/v1/browser/policy", "/api/v1/models"} {
		if status, _, _ := s.as("a", http.MethodGet, path, ""); status != 0 {
			t.Errorf("%s: status %d in the outage", path, status)
		}
		if status, _, _ := s.as("b", http.MethodGet, path, ""); status != http.StatusOK {
			t.Errorf("%s: status %d for another tab", path, status)
		}
	}
	if status, _, _ := s.as("a", http.MethodGet, "/", ""); status != http.StatusOK {
		t.Errorf("the page itself: status %d", status)
	}
}

func TestCutsEnd(t *testing.T) {
	now := time.Unix(0, 0)
	c := newCuts()
	c.now = func() time.Time { return now }
	if c.is("a", false) || !c.begin("a") || !c.is("a", false) {
		t.Fatal("a cut does not wait for a stream")
	}
	now = now.Add(cutWaits)
	if c.is("a", false) {
		t.Error("it waits for ever")
	}
	c.begin("a")
	c.strike("a")
	if !c.is("a", true) || c.is("a", false) {
		t.Error("it is no outage after it has struck")
	}
	now = now.Add(cutLasts)
	if c.is("a", true) {
		t.Error("the outage does not end")
	}
}

func TestCutsAreBounded(t *testing.T) {
	now := time.Unix(0, 0)
	c := newCuts()
	c.now = func() time.Time { return now }
	for i := range maxCuts {
		if !c.begin(strings.Repeat("x", i+1)) {
			t.Fatalf("cut %d was refused", i)
		}
	}
	if c.begin("one more") || !c.begin("x") {
		t.Error("only who has no cut may be refused")
	}
	now = now.Add(cutWaits)
	if !c.begin("one more") || len(c.tabs) != 1 {
		t.Errorf("%d cuts are kept after their end", len(c.tabs))
	}
}

func TestCutIsRefused(t *testing.T) {
	s := open(t)
	for _, tab := range []string{"", strings.Repeat("x", maxTabID+1)} {
		if status, _, _ := s.as(tab, http.MethodPost, "/demo/cut", ""); status != http.StatusBadRequest {
			t.Errorf("a tab of %d bytes: status %d", len(tab), status)
		}
	}
	if !strings.Contains(s.get("/").body, `<button id="cut" type="button">`) {
		t.Error("the page has no button for it")
	}
	// Whoever else can reach a demo can't break it.
	public := open(t, "-addr", ":8080")
	if status, _, _ := public.as("a", http.MethodPost, "/demo/cut", ""); status != http.StatusMethodNotAllowed {
		t.Errorf("status %d", status)
	}
	if !strings.Contains(public.get("/").body, `<button id="cut" type="button" hidden>`) {
		t.Error("the page offers what is not there")
	}
}
