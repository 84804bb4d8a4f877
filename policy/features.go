package policy

import "unicode/utf8"

// TextFeatures are counts over a prompt, made by the page in one pass. They say
// something about difficulty and script without saying what was written.
type TextFeatures struct {
	CodePoints     int64 `json:"codePoints"`               // looked at, of all: see [Features]
	Messages       int64 `json:"messages,omitempty"`       // of the conversation; not of the text
	CodeFences     int64 `json:"codeFences,omitempty"`     // runs of three backticks or more
	Digits         int64 `json:"digits,omitempty"`         // 0 to 9
	Operators      int64 `json:"operators,omitempty"`      // of arithmetic, comparison and logic
	QuestionWords  int64 `json:"questionWords,omitempty"`  // English: "why", "how"
	ReasoningVerbs int64 `json:"reasoningVerbs,omitempty"` // English: "compare", "prove"
	CJK            int64 `json:"cjk,omitempty"`            // code points of scripts with about one token a character
}

// featureWindow is how many code points are looked at, at either end of a text.
const featureWindow = 8_192

// Features counts what a decision may know of a text, in one pass over at most
// 8,192 code points at its head and as many at its tail. It is the same function
// as features in the client's "policy" sub-path and gives the same numbers: each
// byte that is no UTF-8 counts as one U+FFFD here, and so does each lone
// surrogate there. Messages is left to the caller, who joins the texts of a
// conversation with line breaks.
func Features(text string) TextFeatures {
	var c featureCounter
	head := c.count(text, featureWindow)
	c.endWord()
	c.endFence()
	tail := text[head:]
	c.count(tail[tailStart(tail):], featureWindow)
	c.endWord()
	c.endFence()
	return c.features
}

// tailStart returns where the last window of a text begins.
func tailStart(text string) int {
	start := len(text)
	for range featureWindow {
		_, size := utf8.DecodeLastRuneInString(text[:start])
		if size == 0 {
			break
		}
		start -= size
	}
	return start
}

// featureCounter counts the code points it is shown.
type featureCounter struct {
	features  TextFeatures
	backticks int
	word      [maxSignalWord]byte // in lower case; what is longer is no signal
	length    int                 // of the word so far
}

// count looks at no more than so many code points and returns how many bytes they
// have.
func (c *featureCounter) count(text string, most int) int {
	seen := 0
	for at, r := range text { // an invalid byte is one U+FFFD
		if seen == most {
			c.features.CodePoints += int64(seen)
			return at
		}
		seen++
		c.see(r)
	}
	c.features.CodePoints += int64(seen)
	return len(text)
}

func (c *featureCounter) see(r rune) {
	if r == '`' {
		c.backticks++
	} else if c.backticks > 0 {
		c.endFence()
	}
	switch {
	case 'a' <= r && r <= 'z':
		c.letter(byte(r))
	case 'A' <= r && r <= 'Z':
		c.letter(byte(r) | 0x20)
	case '0' <= r && r <= '9':
		c.features.Digits++
		c.letter(byte(r))
	case r == '_':
		c.letter('_')
	case r < 0x80:
		c.endWord()
		if isOperator(r) {
			c.features.Operators++
		}
	case isCJK(r):
		c.endWord()
		c.features.CJK++
	case isSymbol(r):
		c.endWord()
		if isOperator(r) {
			c.features.Operators++
		}
	default:
		c.letter(0) // a letter of another script, which no signal word has
	}
}

func (c *featureCounter) letter(b byte) {
	if c.length < len(c.word) {
		c.word[c.length] = b
	}
	c.length++
}

func (c *featureCounter) endWord() {
	if c.length >= minSignalWord && c.length <= maxSignalWord {
		switch signalWords[string(c.word[:c.length])] {
		case questionWord:
			c.features.QuestionWords++
		case reasoningVerb:
			c.features.ReasoningVerbs++
		}
	}
	c.length = 0
}

func (c *featureCounter) endFence() {
	if c.backticks >= 3 {
		c.features.CodeFences++
	}
	c.backticks = 0
}

// isOperator reports whether a code point is an operator. The hyphen is none: it
// stands in words.
func isOperator(r rune) bool {
	switch r {
	case '+', '*', '/', '=', '<', '>', '^', '%', '|', '&', '~', '×', '÷':
		return true
	}
	return 0x2200 <= r && r <= 0x22FF // Mathematical Operators
}

// isSymbol reports whether a code point above ASCII ends a word: punctuation,
// signs, arrows and the like. The blocks are spelt out because the Unicode tables
// of two languages need not have the same age.
func isSymbol(r rune) bool {
	return r < 0xC0 || r == '×' || r == '÷' || 0x2000 <= r && r <= 0x2BFF
}

// isCJK reports whether a code point belongs to a block in which one character
// makes about one token: Chinese, Japanese and Korean, their punctuation, and
// emoji.
func isCJK(r rune) bool {
	if r < 0x1100 {
		return false
	}
	return r <= 0x11FF || // Hangul Jamo
		0x2E80 <= r && r <= 0xA4CF || // CJK radicals to Yi
		0xA960 <= r && r <= 0xA97F || // Hangul Jamo Extended-A
		0xAC00 <= r && r <= 0xD7FF || // Hangul syllables
		0xF900 <= r && r <= 0xFAFF || // CJK compatibility ideographs
		0xFE30 <= r && r <= 0xFE4F || // CJK compatibility forms
		0xFF00 <= r && r <= 0xFFEF || // half- and full-width forms
		0x1F000 <= r && r <= 0x1FAFF || // emoji
		0x20000 <= r && r <= 0x3FFFF // supplementary ideographs
}

type signal uint8

const (
	questionWord signal = iota + 1
	reasoningVerb
)

// The lengths of the signal words, in bytes.
const (
	minSignalWord = 3
	maxSignalWord = 11
)

// signalWords are looked up in lower case. They are English only: in other
// languages the score goes by lengths, code, digits and operators.
var signalWords = func() map[string]signal {
	words := make(map[string]signal)
	for _, w := range []string{"how", "what", "when", "where", "which", "who", "whom", "whose", "why"} {
		words[w] = questionWord
	}
	for _, w := range []string{
		"analyse", "analyze", "argue", "assess", "calculate", "compare", "compute", "contrast", "critique",
		"debug", "deduce", "derive", "design", "determine", "diagnose", "estimate", "evaluate", "explain",
		"formulate", "infer", "interpret", "investigate", "justify", "optimise", "optimize", "plan",
		"predict", "prioritise", "prioritize", "prove", "reason", "recommend", "refactor", "simulate",
		"solve", "synthesise", "synthesize", "verify",
	} {
		words[w] = reasoningVerb
	}
	return words
}()
