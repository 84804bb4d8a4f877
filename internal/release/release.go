package release

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"testing"
)

const version = "v0.0.0-release"

// Run packs modules into a file-based module proxy, each from its folder under the
// root of the repository, lets a program require them all without replace, and returns
// what it prints.
//
// What the modules require must be in the module cache, which doubles as a proxy, so
// that no network is needed: call Run from a test of the module that requires the most.
func Run(t *testing.T, modules map[string]string, program string) string {
	t.Helper()
	root := strings.TrimSpace(run(t, ".", nil, "git", "rev-parse", "--show-toplevel"))
	proxy, app := t.TempDir(), t.TempDir()
	write(t, filepath.Join(app, "main.go"), []byte(program))
	write(t, filepath.Join(app, "go.mod"), []byte("module example.com/consumer\n\ngo 1.25.0\n"))
	for folder, module := range modules {
		dir := filepath.Join(root, folder)
		pack(t, dir, module, proxy)
		// All that it requires too, so that no go.mod is asked for which building the
		// module itself has no need of.
		for _, required := range append(requirements(t, dir), module+"@"+version) {
			run(t, app, nil, "go", "mod", "edit", "-require="+required)
		}
	}
	cache := strings.TrimSpace(run(t, root, nil, "go", "env", "GOMODCACHE"))
	env := []string{
		"GOPROXY=file://" + proxy + ",file://" + filepath.Join(cache, "cache", "download"),
		"GOSUMDB=off", "GOTOOLCHAIN=local", "GOWORK=off",
		"GOMODCACHE=" + filepath.Join(app, "cache"), "GOFLAGS=-mod=mod -modcacherw",
	}
	return run(t, app, env, "go", "run", ".")
}

// requirements are what the module in a folder requires, but for this repository's own.
func requirements(t *testing.T, dir string) (required []string) {
	t.Helper()
	var mod struct {
		Require []struct{ Path, Version string }
	}
	if err := json.Unmarshal([]byte(run(t, dir, nil, "go", "mod", "edit", "-json")), &mod); err != nil {
		t.Fatal(err)
	}
	for _, r := range mod.Require {
		if !strings.HasPrefix(r.Path, "github.com/edgewise-ai/edgewise") {
			required = append(required, r.Path+"@"+r.Version)
		}
	}
	return required
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
		data := read(t, filepath.Join(dir, f))
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
	at := filepath.Join(proxy, module, "@v")
	write(t, filepath.Join(at, "list"), []byte(version+"\n"))
	write(t, filepath.Join(at, version+".info"), []byte(`{"Version":"`+version+`"}`))
	write(t, filepath.Join(at, version+".mod"), read(t, filepath.Join(dir, "go.mod")))
	write(t, filepath.Join(at, version+".zip"), archive.Bytes())
}

// read reads a file. A go.mod requires this repository's modules in the version that is
// released with it, as RELEASING.md says.
func read(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if filepath.Base(name) == "go.mod" {
		data = bytes.ReplaceAll(data, []byte("edgewise v0.0.0\n"), []byte("edgewise "+version+"\n"))
	}
	return data
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
