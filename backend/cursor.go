package backend

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"
)

// cursor walks JSON text in place, like a json.Decoder's Token but without allocating. It follows structure and skips
// the rest, so it accepts more than JSON; what needs strictness asks json.Valid first. Once bad is set, every method
// does nothing and loops end. Names are compared as written: an escaped one is unknown.
type cursor struct {
	b   []byte
	i   int
	bad bool
}

// peek returns the next byte that isn't white space, without taking it; 0 and bad at the end.
func (c *cursor) peek() byte {
	for ; c.i < len(c.b); c.i++ {
		switch ch := c.b[c.i]; ch {
		case ' ', '\t', '\r', '\n':
		default:
			return ch
		}
	}
	c.bad = true
	return 0
}

// enter takes the opening byte of an object or array. It skips any other value and returns false.
func (c *cursor) enter(open byte) bool {
	if c.peek() == open {
		c.i++
		return true
	}
	c.skip()
	return false
}

// more moves to the next member or element; false, past the closing byte, after the last.
func (c *cursor) more(end byte) bool {
	if c.bad {
		return false
	}
	ch := c.peek()
	if ch == ',' {
		c.i++
		ch = c.peek()
	}
	if ch == end {
		c.i++
		return false
	}
	return !c.bad
}

// key takes a member's name and its colon.
func (c *cursor) key() []byte {
	name := c.str()
	if c.peek() != ':' {
		c.bad = true
		return nil
	}
	c.i++
	return name
}

// str takes a string and returns what lies between its quotes, escapes as they are.
func (c *cursor) str() []byte {
	if c.bad || c.peek() != '"' {
		c.bad = true
		return nil
	}
	start := c.i + 1
	for i := start; ; i++ {
		n := bytes.IndexByte(c.b[i:], '"')
		if n < 0 {
			c.bad = true
			return nil
		}
		i += n
		slashes := 0
		for i-slashes > start && c.b[i-slashes-1] == '\\' {
			slashes++
		}
		if slashes%2 == 0 {
			c.i = i + 1
			return c.b[start:i]
		}
	}
}

// text takes a value and returns it if it is a string.
func (c *cursor) text() (raw []byte, ok bool) {
	if c.peek() != '"' {
		c.skip()
		return nil, false
	}
	raw = c.str()
	return raw, !c.bad
}

// count takes a value and returns it if it is a plain non-negative integer below 10^15, well inside what JavaScript counts exactly.
func (c *cursor) count() (n int, ok bool) {
	raw := c.skip()
	if len(raw) == 0 || len(raw) > 15 {
		return 0, false
	}
	for _, ch := range raw {
		if ch < '0' || ch > '9' {
			return 0, false
		}
		n = n*10 + int(ch-'0')
	}
	return n, true
}

// skip takes any value and returns its text.
func (c *cursor) skip() []byte {
	if c.bad {
		return nil
	}
	ch := c.peek()
	start := c.i
	switch ch {
	case '"':
		c.str()
	case '{', '[':
		c.skipNested()
	default:
		for c.i < len(c.b) && !isDelimiter(c.b[c.i]) {
			c.i++
		}
		c.bad = c.bad || c.i == start
	}
	if c.bad {
		return nil
	}
	return c.b[start:c.i]
}

func (c *cursor) skipNested() {
	depth := 0
	for c.i < len(c.b) {
		switch c.b[c.i] {
		case '"':
			if c.str(); c.bad {
				return
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
		c.i++
		if depth == 0 {
			return
		}
	}
	c.bad = true
}

func isDelimiter(ch byte) bool {
	switch ch {
	case ',', ':', '"', '{', '}', '[', ']', ' ', '\t', '\r', '\n':
		return true
	}
	return false
}

// unquote returns the text of a string that str returned.
func unquote(raw []byte) string {
	if bytes.IndexByte(raw, '\\') < 0 {
		return string(bytes.ToValidUTF8(raw, []byte("\uFFFD")))
	}
	var s string
	quoted := append(append([]byte{'"'}, raw...), '"')
	_ = json.Unmarshal(quoted, &s) // a bad escape leaves it empty
	return s
}

// codePoints counts the code points of a string that str returned. A lone surrogate counts as one.
func codePoints(raw []byte) int {
	if bytes.IndexByte(raw, '\\') < 0 {
		return utf8.RuneCount(raw)
	}
	n := 0
	for i := 0; i < len(raw); n++ {
		switch {
		case raw[i] != '\\':
			_, size := utf8.DecodeRune(raw[i:])
			i += size
		case surrogate(raw[i:], 'd', '8', 'b') && surrogate(raw[i+6:], 'd', 'c', 'f'):
			i += 12
		case i+1 < len(raw) && raw[i+1] == 'u':
			i += 6
		default:
			i += 2
		}
	}
	return n
}

// surrogate reports whether b begins with \uXY.. where X is the given digit and Y lies between low and high.
func surrogate(b []byte, digit, low, high byte) bool {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return false
	}
	x, y := b[2]|0x20, b[3]|0x20 // lower case; digits have that bit set already
	return x == digit && y >= low && y <= high && (y <= '9' || y >= 'a')
}
