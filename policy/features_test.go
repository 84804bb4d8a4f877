package policy_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/edgewise-ai/edgewise/policy"
)

// What Go and TypeScript must both count is in texts_test.go. Here is what only Go
// has: text that is no UTF-8.
func TestEachInvalidByteIsOneCodePoint(t *testing.T) {
	for text, want := range map[string]policy.TextFeatures{
		"\xff":                {CodePoints: 1},
		"\xe4\xb8":            {CodePoints: 2}, // the head of a character
		"why\xff":             {CodePoints: 4}, // one word with what follows
		"\xf0\x9f\x98\x80":    {CodePoints: 1, CJK: 1},
		"\xed\xa0\x80":        {CodePoints: 3}, // a surrogate, which UTF-8 has not
		"why \xff how \xfe 1": {CodePoints: 13, QuestionWords: 2, Digits: 1},
	} {
		if diff := cmp.Diff(want, policy.Features(text)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
}

// Only the ends of a long text are looked at, and no word spans the gap.
func TestFeaturesLooksAtBothEnds(t *testing.T) {
	const window = 8_192
	gap := strings.Repeat("x ", window)
	got := policy.Features("why" + gap + "7 7 7 prove")
	want := policy.TextFeatures{CodePoints: 2 * window, Digits: 3, ReasoningVerbs: 1}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := policy.Features(strings.Repeat(" ", window-3) + "why" + gap); got.QuestionWords != 1 {
		t.Error("a word that ends with the window is missed")
	}
	if got := policy.Features(strings.Repeat(" ", window-2) + "why" + gap); got.QuestionWords != 0 {
		t.Error("a word that goes on after the window counts")
	}
}

func FuzzFeatures(f *testing.F) {
	for _, text := range []string{"", "Why compare 1+1?", "```go\n```", "日本語\xff", strings.Repeat("a\U0001f600", 9_000)} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := policy.Features(text)
		points := int64(utf8.RuneCountInString(text))
		if got.CodePoints != min(points, 2*8_192) {
			t.Errorf("it looked at %d code points of %d", got.CodePoints, points)
		}
		for name, n := range map[string]int64{
			"code fences": got.CodeFences * 3, "digits": got.Digits, "operators": got.Operators, "CJK": got.CJK,
			"question words": got.QuestionWords * 3, "reasoning verbs": got.ReasoningVerbs * 4,
		} {
			if n < 0 || n > got.CodePoints {
				t.Errorf("%d code points of %s, of %d in all", n, name, got.CodePoints)
			}
		}
		// Decoding replaces what is no UTF-8, as the wire would.
		if again := policy.Features(string([]rune(text))); again != got {
			t.Errorf("decoded, the text has other features: %+v and %+v", got, again)
		}
	})
}
