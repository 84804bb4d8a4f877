package postgrestest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestPrograms(t *testing.T) {
	t.Setenv("PATH", "")
	root := t.TempDir()
	install := func(folder string, names ...string) string {
		folder = filepath.Join(root, folder)
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if err := os.WriteFile(filepath.Join(folder, name), nil, 0o755); err != nil {
				t.Fatal(err)
			}
		}
		return folder
	}
	pattern := filepath.Join(root, "*", "bin")
	if _, err := programs(pattern); err == nil || !strings.Contains(err.Error(), "install postgresql") {
		t.Errorf("with none installed: %v", err)
	}

	install("9.6/bin", "postgres")
	newest := install("17/bin", "postgres")
	install("18/bin", "psql") // a client alone
	if folder, err := programs(pattern); err != nil || folder != newest {
		t.Errorf("got %q, %v, want the newest server", folder, err)
	}

	inPath := install("local", "postgres")
	t.Setenv("PATH", inPath)
	if folder, err := programs(pattern); err != nil || folder != inPath {
		t.Errorf("got %q, %v, want the server in PATH", folder, err)
	}
}
