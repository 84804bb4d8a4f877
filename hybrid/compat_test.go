package hybrid_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/edgewise-ai/edgewise/hybrid"
	"github.com/edgewise-ai/edgewise/policy"
)

// Version 1.0 is served for as long as the major version is 1: whatever it asked is
// accepted, and whatever it was answered is answered, with more beside it at most.
func TestVersion10(t *testing.T) {
	files, err := filepath.Glob("testdata/compat/1.0/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("nothing is frozen: %v", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		t.Run(name, func(t *testing.T) {
			was := readExchange(t, file)
			s := open(t, func(o *hybrid.Options) { o.Facts = factsOf10 })
			a := s.do(was.Method, was.Path, withGrantOf10(t, was), headersOf10[name]...)
			if a.status != was.Status {
				t.Fatalf("status %d, was %d: %s", a.status, was.Status, a.body)
			}
			for _, lost := range lostSince(t, was, a) {
				t.Error(lost)
			}
			for _, e := range s.ledger.Recent(9) {
				if e.Suspect != "" {
					t.Errorf("it is suspected of %s", e.Suspect)
				}
			}
		})
	}
}

// What a page of a later minor version says beyond what is known here means nothing.
func TestLaterMinorVersion(t *testing.T) {
	s := open(t)
	g := s.grant()
	for _, asked := range []struct{ path, body string }{
		{"/browser/route", routeBody(`{"hasWebGPU":true,"hasNPU":true}`, `"promptLength":40,"urgency":{"level":3},"state":{"thermal":["hot"]}`)},
		{"/browser/analytics", batchJSON(g, `{"energyMilliJoule":7,`+reportJSON(g, 1)[1:])},
		{"/generate", `{"prompt":"hello","style":["brief"],"edgewise":{"reason":"offline","waitedMs":3}}`},
		{"/chat/completions", `{"messages":[{"role":"user","content":"hello"}],"edgewise":{"reason":"offline","waitedMs":3}}`},
	} {
		if a := s.post(asked.path, asked.body, "X-Edgewise-Version", "1.9"); a.status >= 300 {
			t.Errorf("%s: status %d: %s", asked.path, a.status, a.body)
		}
	}
}

// Who asked, where it was not alice, and what else the frozen files don't hold.
var headersOf10 = map[string][]string{
	"route.everything":             {"Authorization", "Bearer carol/pro"},
	"policy":                       {"Authorization", "Bearer carol/pro"},
	"error.unauthorized":           {"Authorization", ""},
	"error.budget-exhausted":       {"Authorization", "Bearer dave/free"},
	"error.unsupported-media-type": {"Content-Type", "text/plain"},
}

func factsOf10(_ context.Context, who policy.Identity) (hybrid.Facts, error) {
	switch who.Subject {
	case "carol":
		return hybrid.Facts{
			Budget: &policy.Balance{RemainingMicroUSD: 1_500_000, Hard: true},
			Prices: &policy.Prices{PromptMicroUSDPerMTok: 150_000, CompletionMicroUSDPerMTok: 600_000, EgressMicroUSDPerGB: 90_000},
		}, nil
	case "dave":
		return hybrid.Facts{Budget: spentHard}, nil
	default:
		return hybrid.Facts{}, nil
	}
}

func readExchange(t *testing.T, file string) exchange {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var e exchange
	if err := json.Unmarshal(data, &e); err != nil {
		t.Fatal(err)
	}
	return e
}

// withGrantOf10 puts a grant into reports that were accepted and hold none: one that
// version 1.0 signed, for pages keep theirs while the service is upgraded.
func withGrantOf10(t *testing.T, was exchange) string {
	t.Helper()
	if was.Path != "/browser/analytics" || was.Status >= 400 {
		return string(was.Request)
	}
	var signed struct {
		Grant   string
		Reports []struct{ ID string }
	}
	request := readExchange(t, "testdata/compat/1.0/client.analytics.json").Request
	if err := json.Unmarshal(request, &signed); err != nil {
		t.Fatal(err)
	}
	id, _, _ := strings.Cut(signed.Reports[0].ID, ".")
	return strings.NewReplacer("e30.AAAA", signed.Grant, "AAAAAAAAAAAAAAAAAAAAAA", id).Replace(string(was.Request))
}

// lostSince says what an answer of version 1.0 had and this one has not.
func lostSince(t *testing.T, was exchange, now answer) []string {
	t.Helper()
	read := func(data json.RawMessage) (v any) {
		if err := json.Unmarshal(data, &v); err != nil {
			t.Fatalf("%v in %s", err, data)
		}
		return v
	}
	if was.Events == nil {
		return lost("response", read(was.Response), read(now.body))
	}
	var before, after []any
	for _, event := range was.Events {
		before = append(before, read(event))
	}
	said := now.events(t)
	if said[len(said)-1] == "[DONE]" {
		said = said[:len(said)-1]
	} else if was.Path == "/chat/completions" {
		t.Error("the stream has no [DONE]")
	}
	for _, event := range said {
		after = append(after, read(json.RawMessage(event)))
	}
	return lost("events", before, after)
}

// words are members by whose values a page tells what to do. Of all others it knows
// the type alone.
var words = strings.Fields(`schema target useBrowser reason fallback preload continuation step by said
	name framework opaque status code type object role delta content finish_reason finishReason done source dropped`)

// lost returns the paths of what was there and is not, or is something else. Null
// stood for what was not known, and may be known now. Of a list each item must have
// its like somewhere.
func lost(path string, was, is any) (paths []string) {
	switch was := was.(type) {
	case nil:
	case map[string]any:
		is, ok := is.(map[string]any)
		if !ok {
			return []string{path + " is no object"}
		}
		for _, name := range slices.Sorted(maps.Keys(was)) {
			at := path + "." + name
			value, there := is[name]
			if !there {
				paths = append(paths, at+" is gone")
				continue
			}
			paths = append(paths, lost(at, was[name], value)...)
			if slices.Contains(words, name) && isWord(was[name]) && was[name] != value {
				paths = append(paths, fmt.Sprintf("%s is %v, was %v", at, value, was[name]))
			}
		}
	case []any:
		is, ok := is.([]any)
		if !ok {
			return []string{path + " is no list"}
		}
		for _, item := range was {
			if !slices.ContainsFunc(is, func(other any) bool { return len(lost("", item, other)) == 0 }) {
				text, _ := json.Marshal(item)
				paths = append(paths, path+" has nothing like "+string(text))
			}
		}
	default:
		if reflect.TypeOf(was) != reflect.TypeOf(is) {
			return []string{path + " is of another type"}
		}
	}
	return paths
}

func isWord(v any) bool {
	switch v.(type) {
	case string, bool, float64:
		return true
	}
	return false
}
