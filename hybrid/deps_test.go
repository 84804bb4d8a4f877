package hybrid_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// The core adds no dependency that the app did not ask for: an app with its own
// backend must not link an API client.
func TestDependencies(t *testing.T) {
	const module = "github.com/edgewise-ai/edgewise"
	// For each package that is not in the standard library, its path.
	out, err := exec.Command("go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", module+"/hybrid").Output()
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		module + "/backend", module + "/capability", module + "/hybrid", module + "/hybrid/ledger", module + "/hybrid/limit",
		module + "/internal/lately", module + "/internal/strictjson", module + "/policy", module + "/registry",
	}
	got := strings.Fields(string(out))
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
