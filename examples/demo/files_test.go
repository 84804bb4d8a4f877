package main

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/edgewise-ai/edgewise/examples/tinymodel"
)

func TestHealthz(t *testing.T) {
	if a := open(t).get("/healthz"); a.status != http.StatusOK || a.body != "ok\n" {
		t.Errorf("status %d: %q", a.status, a.body)
	}
}

func TestFiles(t *testing.T) {
	modules := t.TempDir()
	for _, name := range engineFiles {
		file := filepath.Join(modules, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte("content of "+name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s := open(t, "-modules", modules)
	for path, kind := range map[string]string{
		"/":                                     "text/html",
		"/style.css":                            "text/css",
		"/app.js":                               "text/javascript",
		"/icon.svg":                             "image/svg+xml",
		"/client/index.js":                      "text/javascript",
		"/client/transformers.js":               "text/javascript",
		"/client/transformers-worker-module.js": "text/javascript",
		"/engine/transformers.min.js":           "text/javascript",
		"/engine/ort-wasm-simd-threaded.mjs":    "text/javascript",
		"/engine/ort-wasm-simd-threaded.wasm":   "application/wasm",
		"/models/edgewise-tiny-v1/config.json":  "application/json",
		"/models/edgewise-tiny-v1/onnx/model_quantized.onnx": "application/octet-stream",
		"/api/v1/browser/models":                             "application/json",
		"/api/v1/browser/policy":                             "application/json",
		"/api/v1/models":                                     "application/json",
	} {
		a := s.get(path)
		if got, _, _ := strings.Cut(a.header.Get("Content-Type"), ";"); a.status != http.StatusOK || got != kind || a.body == "" {
			t.Errorf("%s: status %d, type %q, %d bytes; want %s", path, a.status, got, len(a.body), kind)
		}
	}
	for _, path := range []string{"/nothing", "/engine/package.json", "/engine/..%2fgo.mod", "/client/nothing.js", "/models/nothing"} {
		if a := s.get(path); a.status != http.StatusNotFound {
			t.Errorf("%s: status %d", path, a.status)
		}
	}
	if a := s.do(http.MethodPost, "/", "{}"); a.status != http.StatusMethodNotAllowed {
		t.Errorf("POST /: status %d", a.status)
	}
}

// Everything that the page names must be there, and it names no other host.
func TestPageIsWhole(t *testing.T) {
	s := open(t)
	page := s.get("/")
	names := regexp.MustCompile(`(?:src|href)="([^"]+)"|"(/client/[^"]+)"`)
	found := names.FindAllStringSubmatch(page.body, -1)
	if len(found) < 5 {
		t.Fatalf("the page names %d files", len(found))
	}
	for _, m := range found {
		path := "/" + strings.TrimPrefix(m[1]+m[2], "/")
		if a := s.get(path); a.status != http.StatusOK {
			t.Errorf("%s: status %d", path, a.status)
		}
	}
	files, err := web.ReadDir("web")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if a := s.get("/" + file.Name()); strings.Contains(a.body, "//cdn") || strings.Contains(a.body, "https://") {
			t.Errorf("%s names another host", file.Name())
		}
	}
}

func TestChips(t *testing.T) {
	reference, err := tinymodel.ReadReference()
	if err != nil {
		t.Fatal(err)
	}
	page := open(t).get("/").body
	for _, chip := range reference.Chips {
		// html/template escapes + and ', which are both in some chips.
		text := strings.NewReplacer("+", "&#43;", "'", "&#39;").Replace(chip)
		if !strings.Contains(page, `<button type="button">`+text+`</button>`) {
			t.Errorf("no chip %q", chip)
		}
	}
	if !strings.Contains(page, "1M-parameter toy") {
		t.Error("the page does not say what its model is")
	}
}

func TestEngineNotInstalled(t *testing.T) {
	a := open(t, "-modules", t.TempDir()).get("/engine/transformers.min.js")
	if a.status != http.StatusNotFound || !strings.Contains(a.body, "make demo") {
		t.Errorf("status %d: %s", a.status, a.body)
	}
}
