package registry_test

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"github.com/edgewise-ai/edgewise/registry"
)

func TestNewFileRefuses(t *testing.T) {
	t.Run("no file", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "models.json")
		_, err := registry.NewFile(path, registry.FileOptions{})
		if !errors.Is(err, fs.ErrNotExist) {
			t.Fatalf("got %v, want that the file does not exist", err)
		}
		for _, part := range []string{path, `{"models":[…]}`, "GET /browser/models"} {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("the message %q does not say %s", err, part)
			}
		}
	})
	t.Run("negative interval", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "models.json")
		write(t, path, encode(t))
		if _, err := registry.NewFile(path, registry.FileOptions{Interval: -1}); err == nil || !strings.Contains(err.Error(), "Interval") {
			t.Errorf("got %v, want an error about Interval", err)
		}
	})
}

// What an operator reads after a slip: where, in which model, in which field.
func TestFileErrors(t *testing.T) {
	const good = `{"id": "good", "framework": "webllm", "contextWindow": 4096}`
	path := filepath.Join(t.TempDir(), "models.json")
	for _, test := range []struct {
		name, content string
		place         string // line:column
		model, field  string // of the FieldError, if it is one
		says          string
	}{
		{"missing comma", "{\"models\": [\n\t{\"id\": \"m\"\n\t \"name\": \"M\"}]}", "3:3", "", "", `'"'`},
		{"broken off", "{\"models\": [\n", "1:13", "", "", "unexpected end"},
		{"nothing", "", "1:1", "", "", "unexpected end"},
		{"two documents", "{\"models\": []}\n{}", "2:1", "", "", "after top-level value"},
		{"bare list", "[" + good + "]", "1:1", "", "", "array"},
		{"other field", `{"model": []}`, "1:1", "", "", `unknown field "model"`},
		{"no models", `{"revision": "1"}`, "1:1", "", "", "models is missing"},
		{"null for models", `{"models": null}`, "1:1", "", "", "models is missing"},
		{"model that looks like its revision", "{\"revision\": \"{}\",\n \"models\": [{}]}", "2:13", "", "id", "is missing"},
		{"null for a model", "{\"models\": [\n null]}", "2:2", "", "", "want a model, got null"},
		{"list for a model", `{"models": [[1]]}`, "1:13", "", "", "want a model, got [1]"},
		{"unknown field", "{\"models\": [" + good + ",\n  {\"id\": \"m\", \"minRAM\": 2}]}", "2:3", "m", "minRAM", "unknown field"},
		{"unknown field inside", `{"models": [{"id": "m", "requires": {"gpuu": "none"}}]}`, "1:13", "m", "requires", `unknown field "gpuu"`},
		{"field in another case", `{"models": [{"id": "m", "MINRAMGB": -5}]}`, "1:13", "m", "MINRAMGB", `differs in case from "minRAMGB"`},
		{"field in another case inside", `{"models": [{"id": "m", "supports": {"Tools": true}}]}`, "1:13", "m", "supports", `"tools"`},
		{"field twice", `{"models": [{"id": "m", "disabled": true, "disabled": false}]}`, "1:13", "m", "disabled", "stands twice"},
		{"field twice inside", `{"models": [{"id": "m", "requires": {"gpu": "none", "gpu": "webgpu"}}]}`, "1:13", "m", "requires", `"gpu" stands twice`},
		{"source twice", `{"models": [{"id": "m", "source": {"url": "a", "url": "b"}}]}`, "1:13", "m", "source", `"url" stands twice`},
		{"models twice", `{"models": [` + good + `], "models": []}`, "1:1", "", "", `"models" stands twice`},
		{"models in another case", `{"Models": []}`, "1:1", "", "", `differs in case from "models"`},
		{"wrong type", `{"models": [{"id": "m", "contextWindow": "4k"}]}`, "1:13", "m", "contextWindow", "string"},
		{"wrong type of the id", `{"models": [{"id": 5}]}`, "1:13", "", "id", "number"},
		{"fraction", `{"models": [{"id": "m", "sizeBytes": 1.5}]}`, "1:13", "m", "sizeBytes", "1.5"},
		{"unknown tier", `{"models": [{"id": "m", "minDeviceTier": "laptop"}]}`, "1:13", "m", "minDeviceTier", "mobile, desktop or high-end"},
		{"negative memory", `{"models": [{"id": "m", "minRAMGB": -1}]}`, "1:13", "m", "minRAMGB", "-1"},
		{"absurd memory", `{"models": [{"id": "m", "minRAMGB": 5000}]}`, "1:13", "m", "minRAMGB", "4096"},
		{"memory beyond numbers", `{"models": [{"id": "m", "minRAMGB": 1e999}]}`, "1:13", "m", "minRAMGB", "1e999"},
		{"invalid model", "{\"models\": [\n" + good + ",\n{\"id\": \"m\", \"framework\": \"webllm\"}]}", "3:1", "m", "contextWindow", "want 1"},
		{"same id", "{\"models\": [\n" + good + ",\n" + good + "]}", "3:1", "good", "id", "twice"},
		{"revision that is no string", `{"revision": 7, "models": []}`, "1:1", "", "", "number"},
	} {
		t.Run(test.name, func(t *testing.T) {
			write(t, path, test.content)
			_, err := registry.NewFile(path, registry.FileOptions{})
			if err == nil {
				t.Fatal("it was taken")
			}
			text := err.Error()
			if !strings.HasPrefix(text, "registry: "+path+":"+test.place+": ") {
				t.Errorf("the message %q does not begin with the place %s", text, test.place)
			}
			if !strings.Contains(text, test.says) || strings.Count(text, "registry: ") != 1 {
				t.Errorf("the message is %q, want one that says %s", text, test.says)
			}
			var fieldErr *registry.FieldError
			if found := errors.As(err, &fieldErr); found != (test.field != "") {
				t.Fatalf("got %v, want a FieldError: %t", err, test.field != "")
			} else if found && (fieldErr.Model != test.model || fieldErr.Field != test.field) {
				t.Errorf("got %+v, want one about %s of %q", fieldErr, test.field, test.model)
			}
		})
	}
}
