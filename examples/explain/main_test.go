package main

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/edgewise-ai/edgewise/examples/internal/golden"
)

// revision is a hash over policies and models, which golden files leave out.
var revision = regexp.MustCompile(`\b[0-9a-f]{16}\b`)

const noGPU = `{"promptLength":40,"privacy":"local-only","capabilities":{"hasWebGPU":false,"hasWebGL2":false},"state":{"network":{"offline":true}}}`

func TestGolden(t *testing.T) {
	snapshot := writeSnapshot(t)
	for name, test := range map[string]struct {
		args  []string
		stdin string
	}{
		"example.txt":  {args: []string{"request.json"}},
		"nowhere.json": {args: []string{"-json", "-bucket", "9999", "-tier", "free"}, stdin: noGPU},
		"nowhere.txt":  {args: []string{"-"}, stdin: noGPU},
		"broke.txt":    {args: []string{"-budget", "0"}, stdin: `{"promptLength":40,"state":{"models":{"acme-7b":{"status":"loaded"}}}}`},
		"opaque.txt":   {args: []string{"-snapshot", snapshot, "-bucket", "42"}, stdin: `{"promptLength":40}`},
		"free.txt":     {args: []string{"-snapshot", snapshot, "-bucket", "42", "-tier", "free"}, stdin: `{"promptLength":40}`},
	} {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			if err := run(test.args, strings.NewReader(test.stdin), &out); err != nil {
				t.Fatal(err)
			}
			golden.Compare(t, filepath.Join("testdata", name), revision.ReplaceAllString(out.String(), "0123456789abcdef"))
		})
	}
}

func TestHelp(t *testing.T) {
	var out strings.Builder
	if err := run([]string{"-h"}, nil, &out); err != nil {
		t.Fatal(err)
	}
	golden.Compare(t, "testdata/help.txt", out.String())
}

func TestBadFlags(t *testing.T) {
	for want, args := range map[string][]string{
		`what is "b.json"?`:              {"a.json", "b.json"},
		"flag provided but not defined":  {"-subject", "x"},
		"want 0 to 9999":                 {"-bucket", "10000"},
		`"x" for flag -bucket`:           {"-bucket", "x"},
		"0 or less is spent":             {"-budget", "1.5"},
		"open no-such.json":              {"no-such.json"},
		"open no-such-snapshot.json":     {"-snapshot", "no-such-snapshot.json"},
		"request.json is not what GET /": {"-snapshot", "request.json"},
	} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			var out strings.Builder
			err := run(args, strings.NewReader(`{"promptLength":5}`), &out)
			if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v", err)
			}
			if out.Len() > 0 {
				t.Errorf("printed %s", &out)
			}
		})
	}
}
