package hybrid_test

import (
	"net/http"
	"testing"

	"github.com/edgewise-ai/edgewise/hybrid"
)

// Every answer says its version, and only another major version is refused.
func TestVersion(t *testing.T) {
	s := open(t)
	for asked, want := range map[string]int{
		"": 200, hybrid.WireVersion: 200, "1.0": 200, "1.99": 200,
		"2.0": 400, "0.9": 400, "1": 400, "1.x": 400, "1.-1": 400, "one": 400, "11.0": 400,
	} {
		a := s.get("/browser/models", "X-Edgewise-Version", asked)
		if a.status != want || a.header.Get("X-Edgewise-Version") != hybrid.WireVersion {
			t.Errorf("%q: got %d, version %q; want %d", asked, a.status, a.header.Get("X-Edgewise-Version"), want)
		}
		if want == http.StatusBadRequest {
			a.wantError(t, want, "invalid_request_error", "unsupported_version", "")
		}
	}
	if a := s.get("/nothing"); a.header.Get("X-Edgewise-Version") != hybrid.WireVersion {
		t.Errorf("an error says %q", a.header.Get("X-Edgewise-Version"))
	}
}

// The description of the API is for everybody.
func TestOpenAPI(t *testing.T) {
	s := open(t)
	a := s.get("/openapi.yaml", "Authorization", "")
	if a.status != http.StatusOK || a.header.Get("Content-Type") != "application/yaml" || len(a.body) == 0 {
		t.Fatalf("got %d, %s, %d bytes", a.status, a.header.Get("Content-Type"), len(a.body))
	}
	if again := s.get("/openapi.yaml", "If-None-Match", a.header.Get("ETag")); again.status != http.StatusNotModified || len(again.body) != 0 {
		t.Errorf("again: %d, %d bytes", again.status, len(again.body))
	}
}
