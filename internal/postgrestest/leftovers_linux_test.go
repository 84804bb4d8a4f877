package postgrestest

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestLeftoversAreRemoved(t *testing.T) {
	root := t.TempDir()
	add := func(name string, claimed, aged, closed bool) {
		folder := filepath.Join(root, name)
		if err := os.Mkdir(folder, 0o700); err != nil {
			t.Fatal(err)
		}
		if !claimed {
			return
		}
		f, err := claim(folder)
		if err != nil {
			t.Fatal(err)
		}
		if closed {
			f.Close()
		} else {
			t.Cleanup(func() { f.Close() })
		}
		if old := time.Now().Add(-time.Hour); aged {
			if err := os.Chtimes(f.Name(), old, old); err != nil {
				t.Fatal(err)
			}
		}
	}
	add("server-left", true, true, true)
	add("server-in-use", true, true, false)
	add("server-new", true, false, true)
	add("server-unclaimed", false, false, false)
	add("other-left", true, true, true)
	if err := removeLeftovers(filepath.Join(root, "server-*")); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{
		"server-left": false, "server-in-use": true, "server-new": true, "server-unclaimed": true, "other-left": true,
	} {
		if _, err := os.Stat(filepath.Join(root, name)); (err == nil) != want {
			t.Errorf("%s: %v", name, err)
		}
	}
}
