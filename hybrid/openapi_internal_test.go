package hybrid

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgewise-ai/edgewise/backend"
)

// Whether the answers are as documented is for the module integration to say, which
// has a validator. It can't see an endpoint that nobody documented.
func TestOpenAPIListsWhatIsMounted(t *testing.T) {
	router, err := New(t.Context(), Options{Authenticate: AllowAnonymous, Backend: backend.FromGenerator(nil, backend.GeneratorOptions{})})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = router.Close(context.Background()) })
	_, handler := router.Handler()
	mounted := make(map[string]string)
	for path, e := range handler.(*mux).endpoints {
		mounted[path] = e.method
	}

	documented := make(map[string]string)
	_, paths, _ := strings.Cut(string(openAPI), "\npaths:\n")
	paths, _, _ = strings.Cut(paths, "\ncomponents:\n")
	var path string
	for line := range strings.Lines(paths) {
		name, isKey := strings.CutSuffix(strings.TrimSpace(line), ":")
		switch indent := len(line) - len(strings.TrimLeft(line, " ")); {
		case indent == 2 && isKey:
			path = name
		case indent == 4 && isKey && name != "parameters":
			documented[path] = strings.ToUpper(name)
		}
	}
	if diff := cmp.Diff(mounted, documented); diff != "" {
		t.Errorf("mounted (-) and documented (+):\n%s", diff)
	}
}
