package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/edgewise-ai/edgewise/backend"
	"github.com/edgewise-ai/edgewise/examples/mounting/internal/streamtest"
)

const (
	page     = "https://shop.example.com"
	stranger = "https://evil.example.net"
)

// open starts a service and returns the base URL of the API.
func open(t *testing.T, model backend.Backend) string {
	t.Helper()
	handler, err := newService(t.Context(), model, page)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL + "/api/v1"
}

// send sends a request as a browser does for a page.
func send(t *testing.T, req *http.Request, origin string) *http.Response {
	t.Helper()
	req.Header.Set("Origin", origin)
	req.Header.Set("Sec-Fetch-Site", "cross-site")
	resp, _ := streamtest.Send(t, http.DefaultClient, req)
	return resp
}

// readable tells whether a page of that origin can read the header, as Fetch says.
func readable(resp *http.Response, origin, name string) bool {
	if resp.Header.Get("Access-Control-Allow-Origin") != origin || resp.Header.Get("Access-Control-Allow-Credentials") != "true" {
		return false
	}
	for exposed := range strings.SplitSeq(resp.Header.Get("Access-Control-Expose-Headers"), ",") {
		if strings.EqualFold(strings.TrimSpace(exposed), name) {
			return resp.Header.Get(name) != ""
		}
	}
	return false
}

func TestPreflight(t *testing.T) {
	api := open(t, streamtest.NewModel().Backend())
	preflight := func(origin, headers string) (allowed bool) {
		req, err := http.NewRequest(http.MethodOptions, api+"/generate", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Access-Control-Request-Method", http.MethodPost)
		req.Header.Set("Access-Control-Request-Headers", headers)
		h := send(t, req, origin).Header
		return h.Get("Access-Control-Allow-Origin") == origin && h.Get("Access-Control-Allow-Credentials") == "true" &&
			h.Get("Access-Control-Allow-Methods") == http.MethodPost && h.Get("Access-Control-Allow-Headers") == headers
	}
	if !preflight(page, "authorization,content-type,if-none-match,x-edgewise-version") {
		t.Error("the page may not ask")
	}
	if preflight(stranger, "content-type") || preflight("null", "content-type") {
		t.Error("a stranger may ask")
	}
	if preflight(page, "x-anything") {
		t.Error("any header may be sent")
	}
}

func TestStream(t *testing.T) {
	model := streamtest.NewModel()
	req := streamtest.Request(t, open(t, model.Backend()))
	req.Header.Set("Origin", page)
	req.Header.Set("Sec-Fetch-Site", "cross-site")
	model.Say("one")
	s := streamtest.Open(t, http.DefaultClient, req)
	if !readable(s.Response, page, "X-Edgewise-Target") {
		t.Errorf("the page can't read where its answer comes from: %v", s.Header)
	}
	s.Want("one")
	s.Finish(model, "two", "three")
}

// What a page needs when it is refused: how long to wait, and what to tell support.
func TestRefusalIsReadable(t *testing.T) {
	limited := func(context.Context, *backend.Prompt, func(backend.Delta) error) (backend.Completion, error) {
		return backend.Completion{}, &backend.Error{
			Code: backend.CodeRateLimited, RetryAfter: 20 * time.Second,
			Header: http.Header{"X-Request-Id": {"req-1"}, "X-Ratelimit-Remaining-Requests": {"0"}},
		}
	}
	api := open(t, backend.FromGenerator(backend.GeneratorFunc(limited), backend.GeneratorOptions{}))
	resp := send(t, streamtest.Request(t, api), page)
	if resp.StatusCode != http.StatusTooManyRequests {
		t.Error(resp.Status)
	}
	for _, name := range []string{"Retry-After", "X-Request-Id", "X-Ratelimit-Remaining-Requests"} {
		if !readable(resp, page, name) {
			t.Errorf("the page can't read %s: %v", name, resp.Header)
		}
	}
}

func TestRevalidation(t *testing.T) {
	api := open(t, streamtest.NewModel().Backend())
	get := func(etag string) *http.Response {
		return send(t, streamtest.Get(t, api+"/browser/policy", etag), page)
	}
	first := get("")
	// Caches must not show one origin what was meant for another.
	if vary := strings.Join(first.Header["Vary"], ", "); !slices.Contains(strings.Split(vary, ", "), "Origin") || !strings.Contains(vary, "Cookie") {
		t.Errorf("Vary is %q", vary)
	}
	if !readable(first, page, "ETag") {
		t.Fatalf("the page can't read the ETag: %v", first.Header)
	}
	if again := get(first.Header.Get("ETag")); again.StatusCode != http.StatusNotModified || !readable(again, page, "ETag") {
		t.Errorf("%s: %v", again.Status, again.Header)
	}
}

// A stranger's page is not obeyed, even where the browser sends no preflight.
func TestStranger(t *testing.T) {
	resp := send(t, streamtest.Request(t, open(t, streamtest.NewModel().Backend())), stranger)
	if resp.StatusCode != http.StatusForbidden || resp.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("%s: %v", resp.Status, resp.Header)
	}
}

// A list that was forgotten, or is no list of origins, must not let everybody in.
func TestOriginsThatMakeNoSenseAreRefused(t *testing.T) {
	for _, origins := range [][]string{nil, {""}, {page, ""}, {"*"}, {"shop.example.com"}, {page + "/shop"}} {
		if _, err := newService(t.Context(), streamtest.NewModel().Backend(), origins...); err == nil {
			t.Errorf("%q is accepted", origins)
		}
	}
}

// Origins are no patterns, and not alike if they begin or end alike.
func TestOriginsMatchExactly(t *testing.T) {
	handler, err := newService(t.Context(), streamtest.NewModel().Backend(), page, "https://*.example.org")
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	defer server.Close()
	for _, origin := range []string{
		"http://shop.example.com", page + ":8443", page + ".example.net", "https://a" + strings.TrimPrefix(page, "https://"),
		"https://shop.example.org", "https://SHOP.example.com", "null",
	} {
		if h := send(t, streamtest.Get(t, server.URL+"/api/v1/browser/models", ""), origin).Header; h.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s may read: %v", origin, h)
		}
	}
}
