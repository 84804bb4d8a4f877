package vectors

import (
	"math/rand/v2"
	"slices"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/edgewise-ai/edgewise/policy"
)

// Text is a string as JavaScript holds it: UTF-16 code units, lone surrogates
// among them.
type Text []uint16

// TextOf returns a text of UTF-8.
func TextOf(s string) Text { return utf16.Encode([]rune(s)) }

// String returns the text in UTF-8, as it would arrive over the wire: with U+FFFD
// in the place of each lone surrogate.
func (t Text) String() string { return string(utf16.Decode(t)) }

// TextVector is what both languages must count in one text.
type TextVector struct {
	Text     Text                `json:"text"` // as an array of numbers
	Features policy.TextFeatures `json:"features"`
	Length   int64               `json:"length"` // in code points
}

// RecordText makes a vector of a text.
func RecordText(t Text) TextVector {
	s := t.String()
	return TextVector{Text: t, Features: policy.Features(s), Length: int64(utf8.RuneCountInString(s))}
}

// window is how many code points [policy.Features] looks at, at either end.
const window = 8_192

// RandomText makes a prompt of words, code and signs of many scripts, and of what
// is no text at all. Most are short. The others are about as long as one window
// of [policy.Features], or two, so that anything may stand at the edge.
func RandomText(r *rand.Rand) Text {
	length := r.IntN(120)
	if r.IntN(8) == 0 {
		length = window*(1+r.IntN(2)) + r.IntN(13) - 6
		if r.IntN(4) == 0 {
			length += r.IntN(window)
		}
	}
	text := Text{}
	favourite := r.IntN(len(pieces)) // so that some texts are of one kind
	for points := 0; points < length; {
		kind := favourite
		if r.IntN(2) == 0 {
			kind = r.IntN(len(pieces))
		}
		piece := pieces[kind](r)
		text = append(text, piece...)
		points += len(utf16.Decode(piece))
	}
	return text
}

// pieces are what texts are made of.
var pieces = []func(*rand.Rand) Text{
	oneOf("how ", "What", "WHY? ", "who's ", "whose", "compare ", "Prove: ", "refactor", "SYNTHESISE ", "prioritize",
		"plan-", "_plan", "planned ", "debug9", "ex plain ", "however "),
	oneOf("the cat ", "don't ", "a", "I ", ", ", ". ", "well-known ", "internationalization ", "\n", "\t", "\r\n", " ", "\u00a0", "\x00", "\x7f"),
	oneOf("for (i = 0; i < n; i++) ", "x*y/2 ", "a&&b||c ", "100% ", "~/.ssh ", "3.14 ", "2^10 ", "1_000", "-5 ", "\\", "$%&"),
	oneOf("`", "``", "```", "````", "```\n", "```go\n", "`x`", "~~~"),
	oneOf("中文", "日本語の", "한국어", "ㄱ", "ﾊﾝｶｸ", "，。", "々", "ꀀ", "𠮷", "㐀why", "compare中"),
	oneOf("שלום ", "مرحبا ", "\u202b", "Привет ", "naïve ", "ß", "éwhy", "why\u0301 ", "e\u0301", "नमस्ते ", "ไทย"),
	oneOf("😀", "👩\u200d👩\u200d👧 ", "🇩🇪", "𝒳", "\U0010ffff", "\U0001f000", "\U0001faff", "\U0001fb00", "\U00020000", "\U0003ffff", "\U00040000"),
	oneOf("×", "÷", "≤", "∀", "⋿", "⌀", "→", "“why”", "…", "€", "¿", "À", "\u2bff", "\u2c00", "\u1fff", "\u2000"),
	blockEdge,
	loneSurrogate,
}

func oneOf(strings ...string) func(*rand.Rand) Text {
	texts := make([]Text, len(strings))
	for i, s := range strings {
		texts[i] = TextOf(s)
	}
	return func(r *rand.Rand) Text { return pick(r, texts...) }
}

// blockEdge is a code point at the edge of a block that [policy.Features] counts,
// or next to it.
func blockEdge(r *rand.Rand) Text {
	piece := TextOf(string(pick(r, edges...) - rune(r.IntN(2))))
	return slices.Repeat(piece, 1+r.IntN(2))
}

// edges are the first code points of blocks, or behind them.
var edges = []rune("\u00c0\u1100\u1200\u2000\u2200\u2300\u2c00\u2e80\ua4d0\ua960\ua980\uac00\uf900\ufb00\ufe30\ufe50\uff00\ufff0" +
	"\ud7ff\U0001f000\U0001fb00\U00020000\U00040000")

func loneSurrogate(r *rand.Rand) Text {
	high, low := uint16(0xd800+r.IntN(0x400)), uint16(0xdc00+r.IntN(0x400))
	return pick(r, Text{high}, Text{low}, Text{low, high}, Text{high, high, low}, Text{'w', 'h', 'y', high}, Text{high, 'w', 'h', 'y', ' '})
}
