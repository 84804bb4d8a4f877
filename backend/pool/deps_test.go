package pool_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

func TestNeedsTheStandardLibraryOnly(t *testing.T) {
	const module = "github.com/edgewise-ai/edgewise"
	const list = "{{if not .Standard}}{{.ImportPath}}{{end}}"
	out, err := exec.Command("go", "list", "-deps", "-f", list, module+"/backend/pool").Output()
	if err != nil {
		t.Fatal(err)
	}
	got, want := strings.Fields(string(out)), []string{module + "/backend", module + "/backend/pool"}
	if slices.Sort(got); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
