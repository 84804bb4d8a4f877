package llama

import (
	"strings"
	"unicode/utf8"
)

// textStream turns the bytes of tokens into text that can be shown at once and is never taken back. It holds back a
// character that is not complete, and an end that may be the beginning of a stop string. The zero value has no stop
// strings; it is not safe for concurrent use.
type textStream struct {
	stops   []string // valid UTF-8, none empty
	partial string   // bytes of a character that is not complete
	held    string   // text that may begin a stop string
}

// write adds the bytes of a token and returns the text that is now certain, which may be empty. When stopped, a stop
// string is complete: the text ends before it, and what follows it is dropped.
func (s *textStream) write(bytes string) (text string, stopped bool) {
	s.held += s.complete(bytes)

	first := -1
	for _, stop := range s.stops {
		if i := strings.Index(s.held, stop); i >= 0 && (first < 0 || i < first) {
			first = i
		}
	}
	if first >= 0 {
		text, s.held, s.partial = s.held[:first], "", ""
		return text, true
	}

	certain := len(s.held)
	for _, stop := range s.stops {
		certain = min(certain, len(s.held)-overlap(s.held, stop))
	}
	text, s.held = s.held[:certain], s.held[certain:]
	return text, false
}

// flush returns what was held back, when no more tokens come. Half a character becomes U+FFFD.
func (s *textStream) flush() string {
	text := s.held
	if s.partial != "" {
		text += string(utf8.RuneError)
	}
	s.held, s.partial = "", ""
	return text
}

// complete returns the whole characters of what came so far, and keeps the rest. A byte that can be part of none
// becomes U+FFFD.
func (s *textStream) complete(bytes string) string {
	b := s.partial + bytes
	var text strings.Builder
	for len(b) > 0 && utf8.FullRuneInString(b) {
		r, n := utf8.DecodeRuneInString(b)
		text.WriteRune(r)
		b = b[n:]
	}
	s.partial = b
	return text.String()
}

// overlap returns the length of the longest end of text that is the beginning of stop, but not all of it. Both being
// valid UTF-8, it starts at a character.
func overlap(text, stop string) int {
	for n := min(len(text), len(stop)-1); n > 0; n-- {
		if strings.HasSuffix(text, stop[:n]) {
			return n
		}
	}
	return 0
}
