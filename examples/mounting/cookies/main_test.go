package main

import (
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/edgewise-ai/edgewise/examples/mounting/internal/streamtest"
)

// open starts the service over TLS, as the cookie asks for, and signs a browser in.
func open(t *testing.T, model *streamtest.Model) (origin string, browser *http.Client) {
	t.Helper()
	return openWith(t, model, newSessions(time.Hour, time.Now))
}

func openWith(t *testing.T, model *streamtest.Model, sessions *sessions) (origin string, browser *http.Client) {
	t.Helper()
	handler, err := newService(t.Context(), model.Backend(), sessions)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewTLSServer(handler)
	t.Cleanup(server.Close)
	browser = server.Client()
	if browser.Jar, err = cookiejar.New(nil); err != nil {
		t.Fatal(err)
	}
	if c := post(t, browser, server.URL+"/login"); c.MaxAge != 3600 || !c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" {
		t.Errorf("the cookie is %v", c)
	}
	return server.URL, browser
}

// post returns the cookie that it is answered with.
func post(t *testing.T, browser *http.Client, url string) *http.Cookie {
	t.Helper()
	resp, err := browser.Post(url, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if len(resp.Cookies()) != 1 {
		t.Fatalf("%s, cookies %v", resp.Status, resp.Cookies())
	}
	return resp.Cookies()[0]
}

func wantSignedOut(t *testing.T, browser *http.Client, req *http.Request) {
	t.Helper()
	if resp, _ := streamtest.Send(t, browser, req); resp.StatusCode != http.StatusUnauthorized {
		t.Error(resp.Status)
	}
}

func TestOwnPage(t *testing.T) {
	model := streamtest.NewModel()
	origin, browser := open(t, model)
	for name, header := range map[string]http.Header{
		"a browser of today":    {"Sec-Fetch-Site": {"same-origin"}, "Origin": {origin}},
		"a browser before 2023": {"Origin": {origin}},
		"no browser":            {},
	} {
		t.Run(name, func(t *testing.T) {
			req := streamtest.Request(t, origin+"/api/v1")
			maps.Copy(req.Header, header)
			streamtest.PieceByPiece(t, model, browser, req)
		})
	}
}

// Other pages' requests carry the cookie too, and are refused all the same.
func TestOtherPages(t *testing.T) {
	origin, browser := open(t, streamtest.NewModel())
	for name, header := range map[string]http.Header{
		"another site":          {"Sec-Fetch-Site": {"cross-site"}, "Origin": {"https://evil.example.net"}},
		"the same site":         {"Sec-Fetch-Site": {"same-site"}, "Origin": {"https://blog.example.com"}},
		"a browser before 2023": {"Origin": {"https://evil.example.net"}},
		"a hidden origin":       {"Origin": {"null"}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, path := range []string{"/api/v1/chat/completions", "/login", "/logout"} {
				req := streamtest.Request(t, origin+"/api/v1")
				req.URL.Path = path
				maps.Copy(req.Header, header)
				resp, _ := streamtest.Send(t, browser, req)
				if resp.StatusCode != http.StatusForbidden {
					t.Errorf("%s: %s", path, resp.Status)
				}
			}
		})
	}
}

func TestStrangers(t *testing.T) {
	origin, browser := open(t, streamtest.NewModel())
	for name, cookie := range map[string]*http.Cookie{
		"no cookie": {Name: "other", Value: "1"}, "a guess": {Name: cookieName, Value: "guess"},
	} {
		t.Run(name, func(t *testing.T) {
			browser := &http.Client{Transport: browser.Transport}
			req := streamtest.Request(t, origin+"/api/v1")
			req.AddCookie(cookie)
			wantSignedOut(t, browser, req)
		})
	}
}

// A session that was ended opens nothing, to a copy of the cookie neither.
func TestSignedOut(t *testing.T) {
	origin, browser := open(t, streamtest.NewModel())
	cookie := post(t, browser, origin+"/login")
	if c := post(t, browser, origin+"/logout"); c.Value != "" || c.MaxAge >= 0 {
		t.Errorf("the browser keeps %v", c)
	}
	wantSignedOut(t, browser, streamtest.Request(t, origin+"/api/v1"))
	copied := streamtest.Request(t, origin+"/api/v1")
	copied.AddCookie(cookie)
	wantSignedOut(t, browser, copied)
}

// A session ends by itself, whatever the browser keeps; signing in again goes on.
func TestExpiry(t *testing.T) {
	var elapsed atomic.Int64 // nanoseconds
	sessions := newSessions(time.Hour, func() time.Time { return time.Unix(0, elapsed.Load()) })
	model := streamtest.NewModel()
	origin, browser := openWith(t, model, sessions)
	streamtest.PieceByPiece(t, model, browser, streamtest.Request(t, origin+"/api/v1"))
	elapsed.Add(int64(time.Hour))
	wantSignedOut(t, browser, streamtest.Request(t, origin+"/api/v1"))
	post(t, browser, origin+"/login")
	streamtest.PieceByPiece(t, model, browser, streamtest.Request(t, origin+"/api/v1"))
	if n := len(sessions.records); n != 1 {
		t.Errorf("%d sessions are kept: the old one is of no use", n)
	}
}
