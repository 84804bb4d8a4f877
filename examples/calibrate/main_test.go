package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/edgewise-ai/edgewise/examples/internal/golden"
)

func TestGolden(t *testing.T) {
	for name, test := range map[string]struct {
		args  []string
		stdin string
	}{
		"example.txt":  {args: []string{"-log", "example.jsonl", "-server-share", "0.3"}},
		"example.json": {args: []string{"-log", "example.jsonl", "-server-share", "0.3", "-json"}},
		"priors.txt":   {args: []string{"-log", "example.jsonl", "-server-share", "0.25", "-tasks", "legal=complex,classification=simple"}},
		"few.txt":      {args: []string{"-log", "-", "-server-share", "0.5"}, stdin: lengths(10, 20, 30, 40)},
		"alike.txt":    {args: []string{"-log", "-", "-server-share", "0.5"}, stdin: strings.Repeat(lengths(10, 10, 10, 20, 30), 30)},
		"complex.txt":  {args: []string{"-log", "-", "-server-share", "0.1"}, stdin: `{"promptLength":1,"complexity":"complex"}` + "\n" + lengths(5, 6)},
		"simple.txt":   {args: []string{"-log", "-", "-server-share", "1"}, stdin: `{"promptLength":1,"task":"chat","complexity":"simple"}`},
		"tasks.txt":    {args: []string{"-log", "-", "-server-share", "0"}, stdin: tasks(30)},
	} {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			if err := run(test.args, strings.NewReader(test.stdin), &out); err != nil {
				t.Fatal(err)
			}
			golden.Compare(t, filepath.Join("testdata", name), out.String())
		})
	}
}

// lengths is a log of prompts of these lengths.
func lengths(lengths ...int) string {
	var b strings.Builder
	for _, n := range lengths {
		fmt.Fprintf(&b, `{"promptLength":%d}`+"\n", n)
	}
	return b.String()
}

// tasks is a log of so many tasks, one of which is nothing to print as it is.
func tasks(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `{"promptLength":%d,"task":"task %02d"}`+"\n", i, i)
	}
	return b.String() + `{"promptLength":9,"task":"\u001b[31m\t` + strings.Repeat("é", 40) + `"}`
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
		"-log is missing":                      {"-server-share", "0.3"},
		"-server-share is missing":             {"-log", "x"},
		`"30" for flag -server-share: want`:    {"-log", "x", "-server-share", "30"},
		`"-0.1" for flag -server-share: want`:  {"-log", "x", "-server-share", "-0.1"},
		`"NaN" for flag -server-share: want`:   {"-log", "x", "-server-share", "NaN"},
		`"third" for flag -server-share: want`: {"-log", "x", "-server-share", "third"},
		"open no-such.jsonl":                   {"-log", "no-such.jsonl", "-server-share", "0.3"},
		`no argument "x"`:                      {"-log", "x", "-server-share", "0.3", "x"},
		"flag provided but not defined":        {"-share", "0.3"},
		`Tasks["a"] is "hard": want`:           {"-tasks", "a=hard"},
		`Tasks["a"] is "": want`:               {"-tasks", "a"},
		`Tasks[""] is "": want`:                {"-tasks", "a=simple,"},
		`"a" has two levels`:                   {"-tasks", "a=simple,a=complex"},
	} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			var out strings.Builder
			err := run(args, nil, &out)
			if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v", err)
			}
			if out.Len() > 0 {
				t.Errorf("printed %s", &out)
			}
		})
	}
}

func TestBadLines(t *testing.T) {
	for line, want := range map[string]string{
		`{}`:                                     "line 2: promptLength is missing",
		`null`:                                   "line 2: promptLength is missing",
		``:                                       "line 2: no valid JSON: unexpected end",
		`{"promptLength":5`:                      "line 2: no valid JSON: unexpected end",
		`{"promptLength":5} {}`:                  "line 2: no valid JSON: invalid character '{' after top-level value",
		`[5]`:                                    "line 2: it holds a JSON array: want an object",
		`{"promptLength":"5"}`:                   "line 2: promptLength holds a JSON string: want a whole number",
		`{"promptLength":5.5}`:                   "line 2: promptLength holds a JSON number 5.5: want a whole number",
		`{"promptLength":-5}`:                    "line 2: promptLength is -5: want 0 to 2^53-1",
		`{"promptLength":1e300}`:                 "line 2: promptLength holds a JSON number 1e300: want a whole number",
		`{"promptLength":5,"task":1}`:            "line 2: task holds a JSON number: want a string",
		`{"promptLength":5,"complexity":"hard"}`: "line 2: complexity must be auto, simple, medium or complex",
		`{"promptLength":5,"features":3}`:        "line 2: features holds a JSON number: want an object",
		`{"promptLength":5,"features":{"digits":"3"}}`: "line 2: features.digits holds a JSON string: want a whole number",
		`{"promptLength":5,"features":{"digits":-3}}`:  "line 2: features.digits is -3: want 0 to 2^53-1",
		`{"promptLength":5,"sufficient":"yes"}`:        "line 2: sufficient holds a JSON string: want true or false",
		`{"prompt":"` + strings.Repeat("x", maxLine):   "line 2 is longer than 4 MiB",
	} {
		var out strings.Builder
		err := run([]string{"-log", "-", "-server-share", "0.3"}, strings.NewReader(lengths(5)+line+"\n"+lengths(5)), &out)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%.60s: got %v, want %s", line, err, want)
		}
		if out.Len() > 0 {
			t.Errorf("%.60s: printed %s", line, &out)
		}
	}
	if err := run([]string{"-log", "-", "-server-share", "0.3"}, strings.NewReader(""), nil); err == nil || !strings.Contains(err.Error(), "there is no line in it") {
		t.Errorf("an empty log: %v", err)
	}
}

// A log carries more than what counts, and leaves out what it doesn't know.
func TestGoodLines(t *testing.T) {
	for _, line := range []string{
		`{"promptLength":5,"privacy":7,"needs":"x","prompt":"Why?","capabilities":null}`,
		`{"promptLength":0,"maxTokens":null,"features":null,"sufficient":null,"task":null,"complexity":""}`,
	} {
		if _, err := readHistory(strings.NewReader(line), nil); err != nil {
			t.Errorf("%s: %v", line, err)
		}
	}
}
