package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/edgewise-ai/edgewise/examples/mounting/internal/streamtest"
)

// open starts the service and a proxy in front of it that speaks HTTP of that major
// version, and returns where the page finds the API.
func open(t *testing.T, version int, model *streamtest.Model) (base string, client *http.Client) {
	t.Helper()
	service, err := newService(t.Context(), model.Backend())
	if err != nil {
		t.Fatal(err)
	}
	inner := httptest.NewServer(service)
	t.Cleanup(inner.Close)
	target, err := url.Parse(inner.URL)
	if err != nil {
		t.Fatal(err)
	}
	outer := httptest.NewUnstartedServer(newProxy("/shop", target))
	outer.EnableHTTP2 = version == 2
	outer.StartTLS()
	t.Cleanup(outer.Close)
	return outer.URL + "/shop/api/v1", outer.Client()
}

func bothVersions(t *testing.T, test func(t *testing.T, version int)) {
	for name, version := range map[string]int{"HTTP/1": 1, "HTTP/2": 2} {
		t.Run(name, func(t *testing.T) { test(t, version) })
	}
}

func TestStream(t *testing.T) {
	bothVersions(t, func(t *testing.T, version int) {
		model := streamtest.NewModel()
		base, client := open(t, version, model)
		req := streamtest.Request(t, base)
		req.Header.Set("Origin", "https://"+req.URL.Host) // the service's own page, in a browser
		model.Say("one")
		s := streamtest.Open(t, client, req)
		if s.ProtoMajor != version {
			t.Errorf("this is %s", s.Proto)
		}
		s.Want("one")
		s.Finish(model, "two", "three")
	})
}

// A client that leaves the proxy stops the model behind it.
func TestDisconnect(t *testing.T) {
	bothVersions(t, func(t *testing.T, version int) {
		model := streamtest.NewModel()
		base, client := open(t, version, model)
		model.Say("one")
		s := streamtest.Open(t, client, streamtest.Request(t, base))
		s.Want("one")
		s.Body.Close()
		select {
		case <-model.Stopped():
		case <-time.After(10 * time.Second):
			t.Error("the model goes on")
		}
	})
}

func TestRevalidation(t *testing.T) {
	bothVersions(t, func(t *testing.T, version int) {
		base, client := open(t, version, streamtest.NewModel())
		for _, path := range []string{"/browser/policy", "/browser/models"} {
			first, body := get(t, client, base+path, "")
			etag := first.Header.Get("ETag")
			if first.StatusCode != http.StatusOK || etag == "" || len(body) == 0 {
				t.Fatalf("%s: %s, ETag %q", path, first.Status, etag)
			}
			again, body := get(t, client, base+path, etag)
			if again.StatusCode != http.StatusNotModified || again.Header.Get("ETag") != etag || len(body) > 0 {
				t.Errorf("%s: %s, ETag %q: %s", path, again.Status, again.Header.Get("ETag"), body)
			}
		}
	})
}

func get(t *testing.T, client *http.Client, url, etag string) (*http.Response, []byte) {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("If-None-Match", etag)
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, body
}
