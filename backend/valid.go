package backend

import "encoding/binary"

// maxDepth is how deep JSON may be nested, as in encoding/json.
const maxDepth = 10_000

// validJSON is json.Valid, but several times as fast on text, which prompts are made of: strings are looked at eight
// bytes at a time. A request is checked more than once on its way, and a prompt may be long.
func validJSON(b []byte) bool {
	v := validator{b: b}
	return v.value(0) && v.space() == 0 && v.i == len(b)
}

type validator struct {
	b []byte
	i int
}

// space skips white space, and returns what comes then without taking it; 0 at the end.
func (v *validator) space() byte {
	for ; v.i < len(v.b); v.i++ {
		switch ch := v.b[v.i]; ch {
		case ' ', '\t', '\r', '\n':
		default:
			return ch
		}
	}
	return 0
}

// take takes a byte if it is the next one.
func (v *validator) take(ch byte) bool {
	if v.i < len(v.b) && v.b[v.i] == ch {
		v.i++
		return true
	}
	return false
}

func (v *validator) value(depth int) bool {
	switch v.space() {
	case '{':
		return v.members('}', depth, true)
	case '[':
		return v.members(']', depth, false)
	case '"':
		return v.str()
	case 't':
		return v.word("true")
	case 'f':
		return v.word("false")
	case 'n':
		return v.word("null")
	default:
		return v.number()
	}
}

// members takes an object or an array from its opening byte on.
func (v *validator) members(end byte, depth int, named bool) bool {
	if depth == maxDepth {
		return false
	}
	v.i++
	if v.space() == end {
		v.i++
		return true
	}
	for {
		if named {
			if v.space(); !v.str() {
				return false
			}
			if v.space(); !v.take(':') {
				return false
			}
		}
		if !v.value(depth + 1) {
			return false
		}
		switch v.space() {
		case ',':
			v.i++
		case end:
			v.i++
			return true
		default:
			return false
		}
	}
}

func (v *validator) word(word string) bool {
	if end := v.i + len(word); end <= len(v.b) && string(v.b[v.i:end]) == word {
		v.i = end
		return true
	}
	return false
}

// str takes a string.
func (v *validator) str() bool {
	if !v.take('"') {
		return false
	}
	for {
		v.i += plain(v.b[v.i:])
		if v.i == len(v.b) {
			return false
		}
		switch ch := v.b[v.i]; {
		case ch == '"':
			v.i++
			return true
		case ch != '\\' || !v.escape():
			return false
		}
	}
}

// plain returns how many bytes of text come before a quote, a backslash or a control character.
func plain(b []byte) (n int) {
	const ones, high = 0x0101010101010101, 0x8080808080808080
	for ; len(b)-n >= 8; n += 8 {
		x := binary.LittleEndian.Uint64(b[n:])
		quote, slash := x^ones*'"', x^ones*'\\'
		// A byte's high bit is set where it is below 0x20 or, after the xor, zero; a borrow may set more behind one that is.
		if (x-ones*0x20)&^x&high|(quote-ones)&^quote&high|(slash-ones)&^slash&high != 0 {
			break
		}
	}
	for ; n < len(b) && b[n] >= 0x20 && b[n] != '"' && b[n] != '\\'; n++ {
	}
	return n
}

// escape takes a backslash and what it escapes.
func (v *validator) escape() bool {
	if v.i+1 >= len(v.b) {
		return false
	}
	switch v.b[v.i+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		v.i += 2
		return true
	case 'u':
		if v.i+6 > len(v.b) {
			return false
		}
		for _, ch := range v.b[v.i+2 : v.i+6] {
			if !isDigit(ch) && (ch|0x20 < 'a' || ch|0x20 > 'f') {
				return false
			}
		}
		v.i += 6
		return true
	default:
		return false
	}
}

// number takes a number as RFC 8259 has them.
func (v *validator) number() bool {
	v.take('-')
	if !v.take('0') && !v.digits() {
		return false
	}
	if v.take('.') && !v.digits() {
		return false
	}
	if v.take('e') || v.take('E') {
		if !v.take('+') {
			v.take('-')
		}
		return v.digits()
	}
	return true
}

// digits takes digits, one at least.
func (v *validator) digits() bool {
	start := v.i
	for v.i < len(v.b) && isDigit(v.b[v.i]) {
		v.i++
	}
	return v.i > start
}

func isDigit(ch byte) bool { return ch >= '0' && ch <= '9' }
