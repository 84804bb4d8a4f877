package policy_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"github.com/edgewise-ai/edgewise/policy"
	"github.com/edgewise-ai/edgewise/policy/internal/vectors"
)

// goldenText is a text, in the golden file, and what both languages make of it.
type goldenText struct {
	Name     string              `json:"name"`
	Parts    []part              `json:"parts"` // no pair of surrogates spans two of them
	Length   int64               `json:"length"`
	Features policy.TextFeatures `json:"features"`
	Tokens   int64               `json:"tokens"` // of a prompt of this text
	Score    int64               `json:"score"`  // by the default weights
}

// part is a piece of a text, repeated.
type part struct {
	Say   quoted `json:"say"`
	Times int    `json:"times"`
}

// quoted is a text in the form of a JSON string in ASCII, where a lone surrogate
// is an escape. Read back by Go it is U+FFFD, which is what it stands for.
type quoted vectors.Text

func (q quoted) MarshalJSON() ([]byte, error) {
	text := []byte{'"'}
	for _, unit := range q {
		if unit < ' ' || unit > '~' || unit == '"' || unit == '\\' {
			text = fmt.Appendf(text, `\u%04x`, unit)
		} else {
			text = append(text, byte(unit))
		}
	}
	return append(text, '"'), nil
}

func (q *quoted) UnmarshalJSON(data []byte) error {
	var s string
	err := json.Unmarshal(data, &s)
	*q = utf16.Encode([]rune(s))
	return err
}

// goldenOf says what Go makes of a text.
func goldenOf(name string, parts []part) goldenText {
	var text vectors.Text
	for _, p := range parts {
		text = append(text, slices.Repeat(vectors.Text(p.Say), p.Times)...)
	}
	counted := vectors.RecordText(text)
	prompt := policy.Request{PromptLength: counted.Length, Features: &counted.Features}
	weights := policy.DefaultWeights()
	score, _ := weights.Score(&prompt)
	return goldenText{name, parts, counted.Length, counted.Features, prompt.Tokens(), score}
}

func TestTextVectors(t *testing.T) {
	var golden []goldenText
	for _, c := range textCases() {
		got := goldenOf(c.name, c.parts)
		golden = append(golden, got)
		c.want.CodePoints = min(got.Length, 16_384)
		if diff := cmp.Diff(c.want, got.Features); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
	var file bytes.Buffer
	separator := "[\n"
	for _, g := range golden {
		file.WriteString(separator + encoded(t, g))
		separator = ",\n"
	}
	file.WriteString("\n]\n")
	var read []goldenText
	decode(t, string(goldenFile(t, "testdata/texts.json", file.Bytes())), &read)
	for _, want := range read {
		if diff := cmp.Diff(want, goldenOf(want.Name, want.Parts)); diff != "" {
			t.Errorf("%s, read from the file (-want +got):\n%s", want.Name, diff)
		}
	}
}

// textCase is a text and what a person counts in it, but for its code points.
type textCase struct {
	name  string
	parts []part
	want  policy.TextFeatures
}

func one(s string) []part { return []part{some(s, 1)} }

func some(s string, times int) part { return part{quoted(vectors.TextOf(s)), times} }

// lone is a text that holds UTF-16 units which may be lone surrogates.
func lone(units ...uint16) part { return part{quoted(units), 1} }

func textCases() []textCase {
	const window = 8_192
	words := func(n int64) policy.TextFeatures { return policy.TextFeatures{QuestionWords: n} }
	verbs := func(n int64) policy.TextFeatures { return policy.TextFeatures{ReasoningVerbs: n} }
	fences := func(n int64) policy.TextFeatures { return policy.TextFeatures{CodeFences: n} }
	operators := func(n int64) policy.TextFeatures { return policy.TextFeatures{Operators: n} }
	digits := func(n int64) policy.TextFeatures { return policy.TextFeatures{Digits: n} }
	cjk := func(n int64) policy.TextFeatures { return policy.TextFeatures{CJK: n} }
	nothing := policy.TextFeatures{}

	return []textCase{
		{"empty", one(""), nothing},
		{"question words", one("how what when where which who whom whose why"), words(9)},
		{"question words in capitals and before punctuation", one("Why? HOW! (who's) what,when"), words(5)},
		{"reasoning verbs", one(strings.Join([]string{
			"analyse analyze argue assess calculate compare compute contrast critique debug deduce derive design determine diagnose",
			"estimate evaluate explain formulate infer interpret investigate justify optimise optimize plan predict prioritise",
			"prioritize prove reason recommend refactor simulate solve synthesise synthesize verify",
		}, " ")), verbs(38)},
		{"words that only look like signals", one("whys however reasons planned plans investigates preplan"), nothing},
		{"a hyphen parts words", one("re-plan plan-b well-why"), policy.TextFeatures{ReasoningVerbs: 2, QuestionWords: 1}},
		{"an underscore joins words", one("_why why_ why_not"), nothing},
		{"digits join words", one("why2 2why"), digits(2)},
		{"letters of other scripts join words", one("éwhy whyé whyж"), nothing},
		{"a combining mark joins words", one("why\u0301 why"), words(1)},
		{"CJK parts words", one("中why中"), policy.TextFeatures{CJK: 2, QuestionWords: 1}},
		{"an emoji parts words", one("why😀how"), policy.TextFeatures{CJK: 1, QuestionWords: 2}},
		{"signs part words", one("\u00a0why\u00a0“how”…who→what×when"), policy.TextFeatures{QuestionWords: 5, Operators: 1}},
		{"the last signs of their blocks part words", one("why\u00bf how\u2000 who\u2bff"), words(3)},
		{"next to the signs", one("why\u00c0 how\u1fff who\u2c00"), nothing},
		{"controls part words", one("\x00why\x7fhow\r\nwho\twhat"), words(4)},
		{"a lone surrogate joins words", []part{some("why", 1), lone(0xd800), some(" how", 1), lone(0xdfff), some(" who", 1)}, words(1)},

		{"operators of ASCII", one("+*/=<>^%|&~"), operators(11)},
		{"no operators", one("-!@#$(){}[];:'\",.?\\_"), nothing},
		{"operators beyond ASCII", one("×÷∀≤⋿"), operators(5)},
		{"next to the operators beyond ASCII", one("ÖØöø⇿⌀"), nothing},
		{"digits", one("0123456789"), digits(10)},
		{"digits of other scripts", one("٣ ² ½ Ⅷ"), nothing},
		{"digits of full width", one("１２"), cjk(2)},

		{"a fence", one("```"), fences(1)},
		{"too short for a fence", one("`` ` ``"), nothing},
		{"a long fence", one("``````"), fences(1)},
		{"two fences", one("```go\nx\n```"), fences(2)},
		{"a fence at the end", one("x ```"), fences(1)},
		{"a fence broken by a lone surrogate", []part{some("``", 1), lone(0xdc00), some("`", 1)}, nothing},
		{"tildes are operators, and no fence", one("~~~"), operators(3)},

		{"the first and last of each CJK block", one("\u1100\u11ff\u2e80\ua4cf\ua960\ua97f\uac00\ud7ff\uf900\ufaff\ufe30\ufe4f\uff00\uffef\U0001f000\U0001faff\U00020000\U0003ffff"), cjk(18)},
		{"next to the CJK blocks", one("\u10ff\u1200\u2e7f\ua4d0\ua95f\ua980\uabff\uf8ff\ufb00\ufe2f\ufe50\ufeff\ufff0\U0001efff\U0001fb00\U0001ffff\U00040000\U0010ffff"), nothing},
		{"Chinese", one("请比较这两种方法。"), cjk(9)},
		{"Japanese", one("なぜですか？ﾊﾝｶｸ"), cjk(10)},
		{"Korean", one("왜 그런가요?"), cjk(5)},
		{"a family of emoji", one("👩\u200d👩\u200d👧"), cjk(3)},
		{"a flag", one("🇩🇪"), cjk(2)},
		{"letters beyond the first plane", one("𝒳why 𝒳"), nothing},
		{"Hebrew and Arabic", one("שלום \u202bمرحبا\u202c"), nothing},
		{"Hindi and Thai", one("नमस्ते ไทย"), nothing},

		{"a lone high surrogate", []part{lone(0xd83d)}, nothing},
		{"a lone low surrogate", []part{lone(0xde00)}, nothing},
		{"low before high", []part{lone(0xde00, 0xd83d)}, nothing},
		{"a high surrogate before a pair", []part{lone(0xd83d, 0xd83d, 0xde00)}, cjk(1)},
		{"a low surrogate after a pair", []part{lone(0xd83d, 0xde00, 0xde00)}, cjk(1)},
		{"U+FFFD itself", one("why\ufffd \ufffd"), nothing},

		{"a word that ends with the window", []part{some(" ", window-3), some("why", 1)}, words(1)},
		{"a word across the end of the window", []part{some(" ", window-2), some("why", 1)}, nothing},
		{"a word after the window", []part{some(" ", window), some("why", 1)}, words(1)},
		{"a word that the window's end makes one", []part{some(" ", window-3), some("whys", 1)}, words(1)},
		{"a fence across the end of the window", []part{some("x", window-2), some("````", 1)}, nothing},
		{"a fence on each side of the window's end", []part{some("x", window-3), some("``````", 1)}, fences(2)},
		{"an emoji before the end of the window", []part{some("x", window-1), some("😀😀", 1)}, cjk(2)},
		{"emoji to the end of the window", []part{some("😀", window), some("why", 1)}, policy.TextFeatures{CJK: window, QuestionWords: 1}},
		{"two full windows", []part{some("1", 2*window)}, digits(2 * window)},
		{"two full windows and a gap of one", []part{some("1", 2*window+1)}, digits(2 * window)},
		{"two full windows of emoji and a gap of one", []part{some("😀", 2*window+1)}, cjk(2 * window)},
		{"two full windows of lone surrogates and a gap of one", []part{{quoted{0xdc00}, 2*window + 1}}, nothing},
		{"a gap full of signals", []part{some("1", window), some("why ```x``` 1+1 ", 100), some("1", window)}, digits(2 * window)},
		{"a word that the gap cuts", []part{some(" ", window), some("explain", 1), some(" ", window-2)}, nothing},
		{"a word that the gap makes one", []part{some(" ", window), some("xplan", 1), some(" ", window-4)}, verbs(1)},
		{"a pair at the start of the last window", []part{some("x", window), some("yy😀", 1), some(" ", window-1)}, cjk(1)},
		{"a lone surrogate at the start of the last window", []part{some("x", window), some("yy", 1), lone(0xde00), some(" ", window-1)}, nothing},

		{"a chat", one("Hi! Could you tell me what the capital of France is?"), words(1)},
		{"a hard question", one("Prove that √2 is irrational, and explain why 1/3 + 1/6 = 1/2. Compare both proofs."), policy.TextFeatures{
			ReasoningVerbs: 3, QuestionWords: 1, Digits: 7, Operators: 6,
		}},
		{"a program", one("```go\nfor i := 0; i < 10; i++ {\n\tsum += i * i\n}\n```\nWhy is sum 285?"), policy.TextFeatures{
			CodeFences: 2, Digits: 6, Operators: 7, QuestionWords: 1,
		}},
		{"mixed scripts", one("Compare 東京 with Zürich: 人口は？ 14,000,000 > 400,000"), policy.TextFeatures{
			ReasoningVerbs: 1, CJK: 6, Digits: 14, Operators: 1,
		}},
	}
}
