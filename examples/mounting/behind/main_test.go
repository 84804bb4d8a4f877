package main

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

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
		streamtest.Disconnect(t, model, client, streamtest.Request(t, base))
	})
}

func TestRevalidation(t *testing.T) {
	bothVersions(t, func(t *testing.T, version int) {
		base, client := open(t, version, streamtest.NewModel())
		for _, path := range []string{"/browser/policy", "/browser/models"} {
			first, body := streamtest.Send(t, client, streamtest.Get(t, base+path, ""))
			etag := first.Header.Get("ETag")
			if first.StatusCode != http.StatusOK || etag == "" || len(body) == 0 {
				t.Fatalf("%s: %s, ETag %q", path, first.Status, etag)
			}
			again, body := streamtest.Send(t, client, streamtest.Get(t, base+path, etag))
			if again.StatusCode != http.StatusNotModified || again.Header.Get("ETag") != etag || len(body) > 0 {
				t.Errorf("%s: %s, ETag %q: %s", path, again.Status, again.Header.Get("ETag"), body)
			}
		}
	})
}
