package policy_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/edgewise-ai/edgewise/policy"
)

// documentedReasons reads the constants of type Reason off the package's source, so
// that none can be forgotten.
func documentedReasons(t *testing.T) map[policy.Reason]string {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	names := make(map[policy.Reason]string)
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok {
				return true
			}
			if kind, ok := spec.Type.(*ast.Ident); !ok || kind.Name != "Reason" {
				return false
			}
			for i, value := range spec.Values {
				if text, err := strconv.Unquote(value.(*ast.BasicLit).Value); err != nil {
					t.Error(err)
				} else {
					names[policy.Reason(text)] = spec.Names[i].Name
				}
			}
			return false
		})
	}
	return names
}

// Each documented reason ends a decision of some case, and each of theirs is
// documented.
func TestEveryReasonIsReachable(t *testing.T) {
	documented := documentedReasons(t)
	if documented[policy.KeptInPlace] != "KeptInPlace" || documented[policy.PolicyUnreachable] == "" {
		t.Fatalf("the constants were not found: %v", documented)
	}
	unreachable := policy.Named("acme.x", policy.Declared(panics(0), policy.Declaration{WhenUnreachable: policy.ForbidWhenUnreachable}))
	// The one that no snapshot can give, as only an app's own policies fail.
	cases := append(allCases(), by("a policy fails", alone(unreachable), row{"and forbids", policy.Input{}, nowhere(policy.PolicyUnreachable)})...)

	reached := make(map[policy.Reason]bool)
	for _, c := range cases {
		reason := newDeciderOver(t, c.listed(), c.opts).Decide(t.Context(), complete(c.in)).Reason
		if reached[reason] = true; documented[reason] == "" {
			t.Errorf("%s: %s is no documented reason", c.name, reason)
		}
	}
	for reason, name := range documented {
		if !reached[reason] {
			t.Errorf("no case ends with %s (%s)", name, reason)
		}
	}
}

func TestReasonBuiltIn(t *testing.T) {
	for reason := range documentedReasons(t) {
		if !reason.BuiltIn() {
			t.Errorf("%s is not", reason)
		}
	}
	for _, reason := range []policy.Reason{"", "acme.x", "Sticky"} {
		if reason.BuiltIn() {
			t.Errorf("%q is", reason)
		}
	}
}
