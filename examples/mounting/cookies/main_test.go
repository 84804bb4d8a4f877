package main

import (
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"testing"

	"github.com/edgewise-ai/edgewise/examples/mounting/internal/streamtest"
)

// open starts the service over TLS, as the cookie asks for, and signs a browser in.
func open(t *testing.T, model *streamtest.Model) (origin string, browser *http.Client) {
	t.Helper()
	handler, err := newService(t.Context(), model.Backend())
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewTLSServer(handler)
	t.Cleanup(server.Close)
	browser = server.Client()
	if browser.Jar, err = cookiejar.New(nil); err != nil {
		t.Fatal(err)
	}
	resp, err := browser.Post(server.URL+"/login", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if len(resp.Cookies()) != 1 {
		t.Fatalf("%s, cookies %v", resp.Status, resp.Cookies())
	}
	if c := resp.Cookies()[0]; !c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" {
		t.Errorf("the cookie is %v", c)
	}
	return server.URL, browser
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
			for _, path := range []string{"/api/v1/chat/completions", "/login"} {
				req := streamtest.Request(t, origin+"/api/v1")
				req.URL.Path = path
				maps.Copy(req.Header, header)
				resp, err := browser.Do(req)
				if err != nil {
					t.Fatal(err)
				}
				resp.Body.Close()
				if resp.StatusCode != http.StatusForbidden {
					t.Errorf("%s: %s", path, resp.Status)
				}
			}
		})
	}
}

func TestSignedOut(t *testing.T) {
	origin, browser := open(t, streamtest.NewModel())
	for name, cookie := range map[string]*http.Cookie{
		"no cookie": {Name: "other", Value: "1"}, "a guess": {Name: cookieName, Value: "guess"},
	} {
		t.Run(name, func(t *testing.T) {
			browser := &http.Client{Transport: browser.Transport}
			req := streamtest.Request(t, origin+"/api/v1")
			req.AddCookie(cookie)
			resp, err := browser.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if resp.StatusCode != http.StatusUnauthorized {
				t.Error(resp.Status)
			}
		})
	}
}
