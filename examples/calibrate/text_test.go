package main

import (
	"go/parser"
	"reflect"
	"strings"
	"testing"

	"encoding/json"

	"github.com/edgewise-ai/edgewise/policy"
)

// What is printed to be pasted is Go, and JSON that the policy reads as the same.
func TestPaste(t *testing.T) {
	p := policy.Complexity{
		MaxPromptLength: 1_234_567, MaxOutputTokens: 12, MaxScore: 1_000,
		Tasks: map[string]policy.Level{`a "quoted" task`: policy.Auto, "b": policy.Complex},
	}
	source, err := goSource(p)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.ParseExpr(source); err != nil {
		t.Errorf("%v:\n%s", err, source)
	}
	for _, part := range []string{"MaxPromptLength: 1_234_567,", "MaxOutputTokens: 12,", "MaxScore:        1_000,", `"a \"quoted\" task": policy.Auto,`} {
		if !strings.Contains(source, part) {
			t.Errorf("%s is missing:\n%s", part, source)
		}
	}
	options, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	read, err := policy.FromSpec(policy.Spec{Name: policy.NameComplexity, Options: options})
	if err != nil || !reflect.DeepEqual(read, p) {
		t.Errorf("%s is read as %+v, %v", options, read, err)
	}
}
