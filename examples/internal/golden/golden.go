// Package golden holds what a command-line example prints against files.
package golden

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/edgewise-ai/edgewise/examples/internal/text"
)

var update = flag.Bool("update", false, "write the golden files anew")

// Compare reports a difference between got and the file's content. What people
// read, in a .txt file, must not be wider than [text.Width].
func Compare(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s has something else (go test with -update writes it anew):\n%s", file, got)
	}
	if filepath.Ext(file) != ".txt" {
		return
	}
	for line := range strings.Lines(got) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > text.Width {
			t.Errorf("%s: a line of %d columns: %s", file, n, line)
		}
	}
}
