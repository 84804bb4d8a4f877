package main

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// keptBy reads what the service worker of a demo keeps, from the first line of its script.
func keptBy(t *testing.T, s *service) shell {
	t.Helper()
	a := s.get("/sw.js")
	line, rest, _ := strings.Cut(a.body, "\n")
	listed, found := strings.CutPrefix(line, "self.SHELL = ")
	if a.status != http.StatusOK || !found || !strings.Contains(rest, "addEventListener('fetch'") {
		t.Fatalf("status %d: %q", a.status, line)
	}
	if got := a.header.Get("Cache-Control"); got != "no-cache" {
		t.Errorf("Cache-Control of the worker is %q: it would stay as it was", got)
	}
	var kept shell
	if err := json.Unmarshal([]byte(listed), &kept); err != nil {
		t.Fatal(err)
	}
	return kept
}

// withEngine makes a folder of packages with the engine's files in it.
func withEngine(t *testing.T, script string) string {
	t.Helper()
	modules := t.TempDir()
	for name := range engineFiles {
		file := enginePath(modules, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(script), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return modules
}

func TestShell(t *testing.T) {
	s := open(t, "-modules", withEngine(t, "export {}"))
	kept := keptBy(t, s)
	for _, path := range []string{
		"/", "/app.js", "/style.css", "/icon.svg", "/client/index.js", "/client/local.js", "/client/transformers.js",
		"/client/transformers-worker-module.js", "/engine/transformers.min.js",
	} {
		if !slices.Contains(kept.Files, path) {
			t.Errorf("%s is not kept", path)
		}
	}
	for _, path := range kept.Files {
		if a := s.get(path); a.status != http.StatusOK {
			t.Errorf("%s: status %d", path, a.status)
		}
		// The API's answers are one user's, and what takes a yes is the engine's to keep.
		for _, other := range []string{"/api/", "/models/", "/engine/ort", "/sw.js", "/index.html"} {
			if strings.HasPrefix(path, other) {
				t.Errorf("%s is kept", path)
			}
		}
	}
	if got := s.get("/").header.Get("Demo-Shell"); got != kept.Version || got == "" {
		t.Errorf("the page is of version %q, its worker of %q", got, kept.Version)
	}
	if got := s.get("/app.js").header.Get("Demo-Shell"); got != "" {
		t.Errorf("app.js names a version: %q", got)
	}
}

// A version is told by all that is in it, and the same files are the same version.
func TestShellVersion(t *testing.T) {
	one := withEngine(t, "export {}")
	versions := map[string]string{}
	for name, args := range map[string][]string{
		"a demo":            {"-modules", one},
		"another engine":    {"-modules", withEngine(t, "export { }")},
		"no engine":         {"-modules", t.TempDir()},
		"another page":      {"-modules", one, "-backend", "http://127.0.0.1:1"},
		"a page for others": {"-modules", one, "-addr", "0.0.0.0:0"},
	} {
		version := keptBy(t, open(t, args...)).Version
		if other, known := versions[version]; known {
			t.Errorf("%s is of the same version as %s", name, other)
		}
		versions[version] = name
		if again := keptBy(t, open(t, args...)).Version; again != version {
			t.Errorf("%s, started again, is of another version", name)
		}
	}
	for _, path := range keptBy(t, open(t, "-modules", t.TempDir())).Files {
		if strings.HasPrefix(path, "/engine/") {
			t.Errorf("%s is kept, and not there", path)
		}
	}
}
