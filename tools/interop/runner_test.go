package main

import "testing"

func TestParseProcess(t *testing.T) {
	const rest = " R 40 41 41 0 -1 4194304 99 0 0 0 250 17 0 0 20 0 9 0 1"
	got, err := parseProcess([]byte("42 (a ) (b)" + rest))
	if want := (process{pid: 42, group: 41, state: "R", ticks: 267}); err != nil || *got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	for _, text := range []string{"", "42", "42 (a", "42 (a)", "x (a)" + rest} {
		if got, err := parseProcess([]byte(text)); err == nil {
			t.Errorf("%q passes: %+v", text, got)
		}
	}
}
