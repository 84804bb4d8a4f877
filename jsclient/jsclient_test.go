package jsclient_test

import (
	"encoding/json"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"

	"github.com/edgewise-ai/edgewise/jsclient"
)

// exports reads the built file of every entry from package.json.
func exports(t *testing.T) []string {
	t.Helper()
	data, err := os.ReadFile("package.json")
	if err != nil {
		t.Fatal(err)
	}
	var manifest struct {
		Exports map[string]json.RawMessage `json:"exports"`
	}
	if err := json.Unmarshal(data, &manifest); err != nil {
		t.Fatal(err)
	}
	var files []string
	for subpath, raw := range manifest.Exports {
		var target struct {
			Default string `json:"default"`
		}
		if json.Unmarshal(raw, &target) != nil {
			continue // a plain file, such as package.json itself
		}
		if target.Default == "" {
			t.Errorf("export %s has no default", subpath)
		}
		files = append(files, path.Base(target.Default))
	}
	if len(files) == 0 {
		t.Fatal("package.json exports nothing")
	}
	return files
}

func TestFilesHoldEveryExport(t *testing.T) {
	for _, name := range exports(t) {
		info, err := fs.Stat(jsclient.Files(), name)
		if err != nil {
			t.Errorf("%v: run npm run build in jsclient", err)
		} else if info.Size() == 0 {
			t.Errorf("%s is empty", name)
		}
	}
}

// Every module that a file imports must be embedded too, or the page gets a 404.
func TestImportsAreEmbedded(t *testing.T) {
	imports := regexp.MustCompile(`(?:from|import)\s*\(?"\./([^"]+)"`)
	names, err := fs.Glob(jsclient.Files(), "*.js")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		content, err := fs.ReadFile(jsclient.Files(), name)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range imports.FindAllSubmatch(content, -1) {
			if _, err := fs.Stat(jsclient.Files(), string(match[1])); err != nil {
				t.Errorf("%s imports %s: %v", name, match[1], err)
			}
		}
	}
}

func request(t *testing.T, method, target string, header http.Header) *http.Response {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, target, nil)
	for key, values := range header {
		r.Header[key] = values
	}
	w := httptest.NewRecorder()
	http.StripPrefix("/edgewise", jsclient.Handler()).ServeHTTP(w, r)
	return w.Result()
}

func TestHandler(t *testing.T) {
	first := request(t, "GET", "/edgewise/index.js", nil)
	if first.StatusCode != http.StatusOK {
		t.Fatalf("status %d, want 200", first.StatusCode)
	}
	for key, want := range map[string]string{
		"Content-Type":           "text/javascript; charset=utf-8",
		"Cache-Control":          "no-cache",
		"X-Content-Type-Options": "nosniff",
	} {
		if got := first.Header.Get(key); got != want {
			t.Errorf("%s is %q, want %q", key, got, want)
		}
	}
	etag := first.Header.Get("ETag")
	if !strings.HasPrefix(etag, `"`) || len(etag) < 10 {
		t.Fatalf("ETag is %q", etag)
	}

	cases := []struct {
		name, method, target string
		header               http.Header
		want                 int
	}{
		{"unchanged", "GET", "/edgewise/index.js", http.Header{"If-None-Match": {etag}}, http.StatusNotModified},
		{"changed", "GET", "/edgewise/index.js", http.Header{"If-None-Match": {`"other"`}}, http.StatusOK},
		{"head", "HEAD", "/edgewise/index.js", nil, http.StatusOK},
		{"unknown", "GET", "/edgewise/nothing.js", nil, http.StatusNotFound},
		{"directory", "GET", "/edgewise/", nil, http.StatusNotFound},
		{"outside", "GET", "/edgewise/../package.json", nil, http.StatusNotFound},
		{"post", "POST", "/edgewise/index.js", nil, http.StatusMethodNotAllowed},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			res := request(t, c.method, c.target, c.header)
			if res.StatusCode != c.want {
				t.Errorf("status %d, want %d", res.StatusCode, c.want)
			}
			if c.want == http.StatusMethodNotAllowed && res.Header.Get("Allow") == "" {
				t.Error("405 without Allow")
			}
		})
	}
}
