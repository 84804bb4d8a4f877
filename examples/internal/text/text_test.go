package text_test

import (
	"strings"
	"testing"

	"github.com/edgewise-ai/edgewise/examples/internal/text"
)

func TestWrap(t *testing.T) {
	long, fits := strings.Repeat("x", text.Width+1), strings.Repeat("é", text.Width-2)
	for have, want := range map[string]string{
		"":                       "\n",
		"  two \n words ":        "two words\n",
		fits + " a b":            fits + " a\nb\n",
		"a " + long + " b":       "a\n" + long + "\nb\n",
		strings.Repeat("é ", 51): strings.TrimSpace(strings.Repeat("é ", 50)) + "\né\n",
	} {
		if got := text.Wrap(have); got != want {
			t.Errorf("%q is wrapped as %q", have, got)
		}
	}
}

func TestTable(t *testing.T) {
	words := strings.TrimSpace(strings.Repeat("word ", 20))
	got := text.Table([][]string{{"A", "BB", "C"}, {"aé", "", words}, {"a", "b", ""}})
	want := "A   BB  C\n" +
		"aé      " + words[:89] + "\n" +
		"        word word\n" +
		"a   b\n"
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}
