//go:build unix

package registry_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
)

// A pipe that nobody writes to hangs its reader, as a network mount may. If calls
// did not honour their context, this test would not end.
func TestFileLeavesAReadThatHangs(t *testing.T) {
	file, path, _ := openFile(t, validModel("a"))
	pipe, regular := filepath.Join(t.TempDir(), "pipe"), filepath.Join(t.TempDir(), "regular")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Skipf("no pipes here: %v", err)
	}
	write(t, regular, encode(t, validModel("c")))
	replace := func(with string) {
		t.Helper()
		if err := os.Rename(with, path); err != nil {
			t.Fatal(err)
		}
	}

	replace(pipe)
	begin := func(call func(context.Context) error) (end func() error) {
		ctx, cancel := context.WithCancel(t.Context())
		result := make(chan error, 1)
		go func() { result <- call(ctx) }()
		return func() error { cancel(); return <-result }
	}
	end := begin(func(ctx context.Context) error { _, err := file.ListAll(ctx); return err })
	writer, err := os.OpenFile(path, os.O_WRONLY, 0) // waits for the reader
	if err != nil {
		t.Fatal(err)
	}
	if err := end(); !errors.Is(err, context.Canceled) {
		t.Errorf("the call whose read hangs: %v, want the context's error", err)
	}
	if _, err := file.GetModel(t.Context(), "a"); err != nil {
		t.Errorf("a model of the last listing, while a read hangs: %v", err)
	}
	end = begin(func(ctx context.Context) error { _, err := file.ListAll(ctx); return err })
	if err := end(); !errors.Is(err, context.Canceled) {
		t.Errorf("the call that waits for its turn: %v, want the context's error", err)
	}

	// Once the read ends, what it found counts only until the next one.
	replace(regular)
	if _, err := writer.WriteString(encode(t, validModel("b"))); err != nil {
		t.Fatal(err)
	}
	writer.Close()
	if got := idsOf(t, file); !slices.Equal(got, []string{"c"}) {
		t.Errorf("it lists %q, want what the file holds now", got)
	}
}
