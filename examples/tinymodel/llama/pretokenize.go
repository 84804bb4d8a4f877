package llama

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// contractions are split off as they stand: lower case, with the straight apostrophe.
var contractions = []string{"'s", "'t", "'re", "'ve", "'m", "'ll", "'d"}

// pretokenize calls yield with the pieces of text that merges may not cross, in order; together they are text. It
// splits as llama.cpp's "smollm" does, which is a tokenizer of Hugging Face's with Digits(individual_digits) before
// ByteLevel(use_regex): first every number character is a piece of its own, then what lies between is cut by GPT-2's
// expression
//
//	's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
//
// It is written by hand because Go's regexp has no lookahead. Bytes that are not UTF-8 count as the third class.
func pretokenize(text string, yield func(piece string)) {
	for len(text) > 0 {
		number := strings.IndexFunc(text, unicode.IsNumber)
		if number < 0 {
			number = len(text)
		}
		// A lookahead sees no further than the next number: to the expression the text ends there.
		for between := text[:number]; len(between) > 0; {
			n := gpt2Piece(between)
			yield(between[:n])
			between = between[n:]
		}
		text = text[number:]
		if len(text) > 0 {
			_, n := utf8.DecodeRuneInString(text)
			yield(text[:n])
			text = text[n:]
		}
	}
}

// gpt2Piece returns the length in bytes of the expression's first match in s, which is not empty and has no numbers.
func gpt2Piece(s string) int {
	for _, c := range contractions {
		if strings.HasPrefix(s, c) {
			return len(c)
		}
	}

	space := 0
	if s[0] == ' ' {
		space = 1
	}
	if n := prefixLen(s[space:], unicode.IsLetter); n > 0 {
		return space + n
	}
	if n := prefixLen(s[space:], isOther); n > 0 {
		return space + n
	}

	// Only white space is left. Where something follows it, \s+(?!\S) gives the last one back, so that a space can lead
	// the next word; a single one has nothing to give back.
	n := prefixLen(s, unicode.IsSpace)
	if n == len(s) {
		return n
	}
	_, last := utf8.DecodeLastRuneInString(s[:n])
	if last == n {
		return n
	}
	return n - last
}

func isOther(r rune) bool { return !unicode.IsSpace(r) && !unicode.IsLetter(r) && !unicode.IsNumber(r) }

func prefixLen(s string, in func(rune) bool) int {
	n := strings.IndexFunc(s, func(r rune) bool { return !in(r) })
	if n < 0 {
		return len(s)
	}
	return n
}
