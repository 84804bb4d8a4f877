package registry_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgewise-ai/edgewise/registry"
)

// encode returns the models as a registry file holds them.
func encode(t testing.TB, models ...registry.Model) string {
	t.Helper()
	content, err := json.MarshalIndent(registry.Listing{Models: append([]registry.Model{}, models...)}, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func write(t testing.TB, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// complaints collects what OnError is told.
type complaints struct {
	mu   sync.Mutex
	told []error
}

func (c *complaints) hear(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.told = append(c.told, err)
}

// take returns what was told since the last call.
func (c *complaints) take() []error {
	c.mu.Lock()
	defer c.mu.Unlock()
	told := c.told
	c.told = nil
	return told
}

// openFile returns a registry of a new file with the given models.
func openFile(t testing.TB, models ...registry.Model) (*registry.File, string, *complaints) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "models.json")
	write(t, path, encode(t, models...))
	heard := new(complaints)
	file, err := registry.NewFile(path, registry.FileOptions{OnError: heard.hear})
	if err != nil {
		t.Fatal(err)
	}
	return file, path, heard
}

func idsOf(t testing.TB, r registry.ModelRegistry) (ids []string) {
	t.Helper()
	for _, m := range list(t, r).Models {
		ids = append(ids, m.ID)
	}
	return ids
}

func TestFileListsLikeMemory(t *testing.T) {
	models := registry.Catalogue()
	models[0].Requires.GPU = "" // left to be filled in
	file, _, _ := openFile(t, models...)
	if diff := cmp.Diff(list(t, newMemory(t, models...)), list(t, file)); diff != "" {
		t.Errorf("the listings differ (-memory +file):\n%s", diff)
	}
}

func TestFileShowsChangesAtOnce(t *testing.T) {
	file, path, heard := openFile(t, validModel("a"))
	first := list(t, file)

	write(t, path, encode(t, validModel("b"), validModel("c")))
	if got := idsOf(t, file); !slices.Equal(got, []string{"b", "c"}) {
		t.Errorf("after a change it lists %q", got)
	}
	if _, err := file.GetModel(t.Context(), "a"); !errors.Is(err, registry.ErrNotFound) {
		t.Errorf("a model that was taken out: %v, want ErrNotFound", err)
	}
	write(t, path, encode(t))
	if got := list(t, file); len(got.Models) != 0 || got.Models == nil {
		t.Errorf("without models it lists %v, want an empty list", got.Models)
	}
	again := strings.Replace(encode(t, validModel("a")), `"revision": ""`, `"revision": "of another"`, 1)
	write(t, path, strings.ReplaceAll(again, "\n", "\n\n"))
	if got := list(t, file); got.Revision != first.Revision {
		t.Errorf("the first models again, formatted otherwise and with a revision in the file: revision %s, not %s", got.Revision, first.Revision)
	}
	if told := heard.take(); told != nil {
		t.Errorf("OnError was told %v", told)
	}
}

// A kubelet changes a mounted config map by swapping the link ..data, so the file
// that the app opens keeps its name and never changes.
func TestFileFollowsSwappedLinks(t *testing.T) {
	dir := t.TempDir()
	mount := func(version, content string) {
		t.Helper()
		if err := os.Mkdir(filepath.Join(dir, version), 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, version, "models.json"), content)
		if err := os.Symlink(version, filepath.Join(dir, "..data_tmp")); err != nil {
			t.Skipf("no symbolic links here: %v", err)
		}
		if err := os.Rename(filepath.Join(dir, "..data_tmp"), filepath.Join(dir, "..data")); err != nil {
			t.Fatal(err)
		}
	}
	mount("..2026_01", encode(t, validModel("a")))
	path := filepath.Join(dir, "models.json")
	if err := os.Symlink(filepath.Join("..data", "models.json"), path); err != nil {
		t.Fatal(err)
	}
	file, err := registry.NewFile(path, registry.FileOptions{})
	if err != nil {
		t.Fatal(err)
	}
	mount("..2026_02", encode(t, validModel("b")))
	if got := idsOf(t, file); !slices.Equal(got, []string{"b"}) {
		t.Errorf("after the swap it lists %q", got)
	}
}

func TestFileKeepsTheLastGoodListing(t *testing.T) {
	good := encode(t, validModel("a"))
	file, path, heard := openFile(t, validModel("a"))
	want := list(t, file)
	stays := func(what string) {
		t.Helper()
		for range 3 {
			if diff := cmp.Diff(want, list(t, file)); diff != "" {
				t.Errorf("%s: the listing changed (-was +is):\n%s", what, diff)
			}
		}
		if told := heard.take(); len(told) != 1 {
			t.Errorf("%s: OnError was told %d times, want once: %v", what, len(told), told)
		}
	}

	write(t, path, good[:len(good)/2])
	stays("half a file")
	write(t, path, "")
	stays("an empty file")
	write(t, path, good[:len(good)/2])
	stays("half a file once more")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	stays("no file")
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	stays("a folder")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}

	write(t, path, encode(t, validModel("b")))
	if got := idsOf(t, file); !slices.Equal(got, []string{"b"}) {
		t.Errorf("a good file again: it lists %q", got)
	}
	if told := heard.take(); told != nil {
		t.Errorf("a good file again: OnError was told %v", told)
	}
}

func TestFileAnswersForModelsFromTheLastListing(t *testing.T) {
	file, path, heard := openFile(t, validModel("a"))
	write(t, path, encode(t, validModel("b")))
	if _, err := file.GetModel(t.Context(), "a"); err != nil {
		t.Errorf("before anybody lists: %v", err)
	}
	list(t, file)
	if _, err := file.GetModel(t.Context(), "b"); err != nil {
		t.Errorf("after a listing: %v", err)
	}
	if told := heard.take(); told != nil {
		t.Errorf("OnError was told %v", told)
	}
}

func TestFileContainsAPanicInOnError(t *testing.T) {
	path := filepath.Join(t.TempDir(), "models.json")
	write(t, path, encode(t, validModel("a")))
	told := 0
	file, err := registry.NewFile(path, registry.FileOptions{OnError: func(error) { told++; panic("in OnError") }})
	if err != nil {
		t.Fatal(err)
	}
	write(t, path, "{")
	for range 2 {
		if got := idsOf(t, file); !slices.Equal(got, []string{"a"}) {
			t.Errorf("it lists %q, want the last good listing", got)
		}
	}
	if told != 1 {
		t.Errorf("OnError was told %d times, want once", told)
	}
}

func TestFileIsBounded(t *testing.T) {
	file, path, heard := openFile(t, validModel("a"))
	if err := os.Truncate(path, registry.MaxFileBytes+1); err != nil {
		t.Fatal(err)
	}
	if got := idsOf(t, file); !slices.Equal(got, []string{"a"}) {
		t.Errorf("it lists %q, want the last good listing", got)
	}
	if told := heard.take(); len(told) != 1 || !strings.Contains(told[0].Error(), "too large: want a readable file of at most 64 MiB") {
		t.Errorf("OnError was told %v, want the bound", told)
	}
}
