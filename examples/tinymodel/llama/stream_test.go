package llama

import (
	"slices"
	"testing"
)

func TestTextStream(t *testing.T) {
	tests := []struct {
		name    string
		stops   []string
		tokens  []string
		want    []string // one text a token; the last is what flush returns
		stopped bool
	}{
		{"plain", nil, []string{"a", "b"}, []string{"a", "b", ""}, false},
		{"split character", nil, []string{"\xf0\x9f", "\x98", "\x80!"}, []string{"", "", "😀!", ""}, false},
		{"cut character", nil, []string{"a\xf0\x9f\x98"}, []string{"a", "\ufffd"}, false},
		{"stray bytes", nil, []string{"\xa9", "\xff"}, []string{"\ufffd", "\ufffd", ""}, false},
		{"broken character", nil, []string{"\xe2\x82", "a"}, []string{"", "\ufffd\ufffda", ""}, false},
		{"stop", []string{"end"}, []string{"the ", "e", "n", "d."}, []string{"the ", "", "", ""}, true},
		{"stop inside a token", []string{"b"}, []string{"abc"}, []string{"a"}, true},
		{"not a stop after all", []string{"end"}, []string{"e", "nt", "en"}, []string{"", "ent", "", "en"}, false},
		{"restart", []string{"aab"}, []string{"aa", "a", "b"}, []string{"", "a", ""}, true},
		{"first of two", []string{"yz", "x"}, []string{"wxyz"}, []string{"w"}, true},
		{"longest hold", []string{"cd", "bcd"}, []string{"abc", "e"}, []string{"a", "bce", ""}, false},
		{"stop of one character", []string{"é"}, []string{"è", "\xc3", "\xa9"}, []string{"è", "", ""}, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := textStream{stops: test.stops}
			var got []string
			stopped := false
			for _, token := range test.tokens {
				var text string
				text, stopped = s.write(token)
				got = append(got, text)
			}
			if !stopped {
				got = append(got, s.flush())
			}
			if !slices.Equal(got, test.want) || stopped != test.stopped {
				t.Errorf("%q, stopped %v; want %q, %v", got, stopped, test.want, test.stopped)
			}
		})
	}
}
