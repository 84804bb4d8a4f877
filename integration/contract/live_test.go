package contract_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/pb33f/libopenapi/orderedmap"

	"github.com/edgewise-ai/edgewise/hybrid"
	"github.com/edgewise-ai/edgewise/policy"
)

// senseless are the statuses of requests that the document, too, should refuse.
var senseless = []int{http.StatusBadRequest, http.StatusUnauthorized, http.StatusUnsupportedMediaType}

// onlyByDefault are the statuses that need no answer of their own in the document:
// the app's authentication or an upstream chose them.
var onlyByDefault = []int{http.StatusTeapot, http.StatusUnprocessableEntity}

func TestEveryAnswerIsAsDocumented(t *testing.T) {
	d := contract(t)
	seen := make(map[string]bool)
	all, ran := probes(), 0
	for _, p := range all {
		t.Run(p.name, func(t *testing.T) {
			ran++
			e := p.ask(serve(t, p.change))
			if e.status != p.status || codeOf(e.answer) != p.code {
				t.Fatalf("status %d, want %d %s: %s", e.status, p.status, p.code, e.answer)
			}
			if problems := d.checkResponse(&e); len(problems) > 0 {
				t.Errorf("response: %s\n%.2000s", strings.Join(problems, "\n"), e.answer)
			}
			refused := slices.Contains(senseless, p.status)
			switch problems := d.checkRequest(&e); {
			case p.silent != "" && refused == (len(problems) > 0):
				t.Errorf("request: the document and the service agree after all; probe.silent says %q", p.silent)
			case p.silent != "":
			case refused && len(problems) == 0:
				t.Errorf("request: the service refuses it (%s), and the document does not: %s", e.answer, e.body)
			case !refused && len(problems) > 0:
				t.Errorf("request: the service takes it, and the document does not: %s", strings.Join(problems, "\n"))
			}
			answer, key := d.answer(e.method, e.endpoint(), e.status)
			if p.code != "" && key != rest && !strings.Contains(answer.Description, "`"+p.code+"`") {
				t.Errorf("the code %s is not described: %s", p.code, answer.Description)
			}
			if key == rest && !slices.Contains(onlyByDefault, e.status) {
				t.Errorf("status %d has no answer of its own in the document", e.status)
			}
			seen[answerKey(e.method+" "+e.endpoint(), key, e.kind())] = true
		})
	}
	if t.Failed() || ran < len(all) { // as with -run
		return
	}
	for _, key := range d.documented() {
		if !seen[key] {
			t.Errorf("the document has an answer that no probe gets: %s", key)
		}
	}
}

// answerKey names a documented answer: "GET /models 200 application/json".
func answerKey(operation, status, kind string) string {
	return strings.TrimSpace(operation + " " + status + " " + kind)
}

// documented are all answers that the document has.
func (d *document) documented() []string {
	var all []string
	for name, op := range d.operations() {
		for status, response := range answersOf(op) {
			if orderedmap.Len(response.Content) == 0 {
				all = append(all, answerKey(name, status, ""))
			}
			for kind := range response.Content.KeysFromOldest() {
				all = append(all, answerKey(name, status, kind))
			}
		}
	}
	slices.Sort(all)
	return all
}

func TestEveryOperationIsMounted(t *testing.T) {
	s := serve(t, nil)
	for name := range contract(t).operations() {
		method, path, _ := strings.Cut(name, " ")
		if e := s.ask(method, path, "{}"); outside(e.status, codeOf(e.answer)) {
			t.Errorf("%s is documented, and answered with %d", name, e.status)
		}
	}
}

func TestOtherPathsAndMethodsAreErrorsToo(t *testing.T) {
	d := contract(t)
	s := serve(t, nil)
	others := []exchange{s.get("/nothing"), s.get("/browser")}
	for name := range d.operations() {
		_, path, _ := strings.Cut(name, " ")
		others = append(others, s.ask(http.MethodDelete, path, ""))
	}
	for _, e := range others {
		if !outside(e.status, codeOf(e.answer)) {
			t.Errorf("%s %s is answered with %d", e.method, e.path, e.status)
		}
		if e.status == http.StatusMethodNotAllowed && e.answerHeader.Get("Allow") == "" {
			t.Errorf("%s %s: no Allow", e.method, e.path)
		}
		if got := e.answerHeader.Get("X-Edgewise-Version"); got != hybrid.WireVersion {
			t.Errorf("%s %s: version %q", e.method, e.path, got)
		}
		values, err := e.values()
		if err != nil {
			t.Fatal(err)
		}
		for _, problem := range d.checkValue(d.errorBody(), values[0]) {
			t.Errorf("%s %s: %s", e.method, e.path, problem)
		}
	}
}

func TestHeadIsAnsweredWhereGetIs(t *testing.T) {
	s := serve(t, nil)
	for name := range contract(t).operations() {
		method, path, _ := strings.Cut(name, " ")
		if method != http.MethodGet {
			continue
		}
		if e := s.ask(http.MethodHead, path, ""); e.status != http.StatusOK || e.answer != "" {
			t.Errorf("HEAD %s is answered with %d %q", path, e.status, e.answer)
		}
	}
}

func TestWithoutABackendNothingGenerates(t *testing.T) {
	s := serve(t, func(o *hybrid.Options) { o.Backend = nil })
	for _, e := range []exchange{s.post("/generate", generate), s.post("/chat/completions", chat), s.get("/models")} {
		if e.status != http.StatusNotFound || codeOf(e.answer) != "not_found" {
			t.Errorf("%s is answered with %d: %s", e.path, e.status, e.answer)
		}
	}
}

// budgetOf says what everybody has left.
func budgetOf(left policy.Balance) func(context.Context, policy.Identity) (hybrid.Facts, error) {
	return func(context.Context, policy.Identity) (hybrid.Facts, error) { return hybrid.Facts{Budget: &left}, nil }
}
