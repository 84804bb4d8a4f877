package release

import (
	"archive/zip"
	"bytes"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"testing"
)

const version = "v0.0.0-release"

// modules are what users import, by folder. The examples are nobody's import.
var modules = map[string]string{
	".": "github.com/edgewise-ai/edgewise",
}

// consumer is a service somewhere else that uses every package a user would.
const consumer = `package main

import (
	"context"
	"fmt"
	"io/fs"
	"net/http"

	"github.com/edgewise-ai/edgewise/backend/openai"
	"github.com/edgewise-ai/edgewise/hybrid"
	"github.com/edgewise-ai/edgewise/jsclient"
	"github.com/edgewise-ai/edgewise/policy"
)

func main() {
	backend, err := openai.New(openai.Options{BaseURL: "http://127.0.0.1:1/v1"})
	check(err)
	router, err := hybrid.New(context.Background(), hybrid.Options{
		Authenticate: hybrid.AllowAnonymous,
		Backend:      backend,
	})
	check(err)
	http.NewServeMux().Handle(router.Handler())
	d, err := router.Route(context.Background(), policy.Input{Request: &policy.Request{PromptLength: 5000}})
	check(err)
	client, err := fs.Glob(jsclient.Files(), "index.js")
	check(err)
	fmt.Println(d.Target, d.Reason, client)
	check(router.Close(context.Background()))
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
`

func TestConsumerBuildsWithoutReplace(t *testing.T) {
	root := strings.TrimSpace(run(t, ".", nil, "git", "rev-parse", "--show-toplevel"))
	proxy := t.TempDir()
	for folder, module := range modules {
		pack(t, filepath.Join(root, folder), module, proxy)
	}

	app := t.TempDir()
	write(t, filepath.Join(app, "main.go"), []byte(consumer))
	write(t, filepath.Join(app, "go.mod"), []byte("module example.com/consumer\n\ngo 1.25\n"))
	// The dependencies of this module are in the module cache already, because
	// this test was built; the cache doubles as a proxy, so no network is needed.
	cache := strings.TrimSpace(run(t, root, nil, "go", "env", "GOMODCACHE"))
	env := []string{
		"GOPROXY=file://" + proxy + ",file://" + filepath.Join(cache, "cache", "download"),
		"GOSUMDB=off", "GOTOOLCHAIN=local", "GOWORK=off",
		"GOMODCACHE=" + filepath.Join(app, "cache"), "GOFLAGS=-mod=mod -modcacherw",
	}
	for _, module := range modules {
		run(t, app, env, "go", "get", module+"@"+version)
	}
	if got, want := run(t, app, env, "go", "run", "."), "server request_too_complex [index.js]\n"; got != want {
		t.Errorf("the consumer printed %q, want %q", got, want)
	}
}

// pack writes one module into a file-based module proxy, with the files that
// git tracks in it and not those of modules nested in it.
func pack(t *testing.T, dir, module, proxy string) {
	t.Helper()
	files := strings.Fields(run(t, dir, nil, "git", "ls-files", "--cached", "--others", "--exclude-standard"))
	var nested []string
	for _, f := range files {
		if path.Base(f) == "go.mod" && f != "go.mod" {
			nested = append(nested, path.Dir(f)+"/")
		}
	}
	var archive bytes.Buffer
	z := zip.NewWriter(&archive)
	for _, f := range files {
		info, err := os.Lstat(filepath.Join(dir, f))
		if err != nil || !info.Mode().IsRegular() || within(f, nested) {
			continue
		}
		data, err := os.ReadFile(filepath.Join(dir, f))
		if err != nil {
			t.Fatal(err)
		}
		w, err := z.Create(module + "@" + version + "/" + f)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(data); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	mod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	at := filepath.Join(proxy, module, "@v")
	write(t, filepath.Join(at, "list"), []byte(version+"\n"))
	write(t, filepath.Join(at, version+".info"), []byte(`{"Version":"`+version+`"}`))
	write(t, filepath.Join(at, version+".mod"), mod)
	write(t, filepath.Join(at, version+".zip"), archive.Bytes())
}

func within(file string, folders []string) bool {
	for _, folder := range folders {
		if strings.HasPrefix(file, folder) {
			return true
		}
	}
	return false
}

func write(t *testing.T, name string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

// run returns what a command printed, and fails the test if it fails.
func run(t *testing.T, dir string, env []string, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), env...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, errs.String())
	}
	return out.String()
}
