package llama

import (
	"encoding/binary"
	"fmt"
	"math"
)

// valueKind is the type number of a metadata value, as the GGUF format assigns them.
type valueKind uint32

const (
	kindUint8 valueKind = iota
	kindInt8
	kindUint16
	kindInt16
	kindUint32
	kindInt32
	kindFloat32
	kindBool
	kindString
	kindArray
	kindUint64
	kindInt64
	kindFloat64
)

var kindNames = [...]string{
	"uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "bool", "string", "array", "uint64", "int64", "float64",
}

// kindSizes has the bytes of a value, 0 for those whose length is in the file.
var kindSizes = [...]uint64{1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8}

func (k valueKind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return fmt.Sprintf("type %d", uint32(k))
}

// value is a metadata value whose extent has been checked and whose bytes have not been decoded.
type value struct {
	kind  valueKind
	elem  valueKind // of an array
	count int       // of an array
	raw   []byte    // for a string array: every element with its length before it
}

func (c *cursor) value(key string) value {
	what := fmt.Sprintf("metadata %q", key)
	kind := valueKind(c.uint32(what))
	switch {
	case kind == kindString:
		return value{kind: kind, raw: c.bytes(c.uint64(what), what)}
	case kind == kindArray:
		return c.array(what)
	case int(kind) < len(kindSizes):
		return value{kind: kind, raw: c.bytes(kindSizes[kind], what)}
	}
	c.failf("%s has the unknown %v", what, kind)
	return value{}
}

func (c *cursor) array(what string) value {
	elem := valueKind(c.uint32(what))
	count := c.uint64(what)
	if elem == kindArray || int(elem) >= len(kindSizes) {
		c.failf("%s is an array of %v, which is not supported", what, elem)
		return value{}
	}
	size := kindSizes[elem]
	if elem == kindString {
		size = 8 // an empty string still has its length
	}
	if left := uint64(len(c.data) - c.offset); count > left/size {
		c.failf("%s: %d elements of %v do not fit the %d bytes left", what, count, elem, left)
		return value{}
	}
	v := value{kind: kindArray, elem: elem, count: int(count)}
	if elem != kindString {
		v.raw = c.bytes(count*size, what)
		return v
	}
	start := c.offset
	for i := uint64(0); i < count && c.err == nil; i++ {
		c.bytes(c.uint64(what), what)
	}
	v.raw = c.data[start:c.offset]
	return v
}

// Has reports whether the file has a value under key. The getters below return an [ErrFile] error where the value is
// missing or of another type.
func (g *GGUF) Has(key string) bool {
	_, ok := g.metadata[key]
	return ok
}

// Uint returns an integer of any width that is not negative.
func (g *GGUF) Uint(key string) (uint64, error) {
	v, err := g.get(key)
	if err != nil {
		return 0, err
	}
	n, ok := integer(v.kind, v.raw)
	if !ok {
		return 0, fileErrorf("metadata %q is a %v, want an integer", key, v.kind)
	}
	if n < 0 && v.kind != kindUint64 {
		return 0, fileErrorf("metadata %q is %d, want no negative number", key, n)
	}
	return uint64(n), nil
}

// Float returns a float32 or float64.
func (g *GGUF) Float(key string) (float64, error) {
	v, err := g.get(key)
	if err != nil {
		return 0, err
	}
	switch v.kind {
	case kindFloat32:
		return float64(math.Float32frombits(binary.LittleEndian.Uint32(v.raw))), nil
	case kindFloat64:
		return math.Float64frombits(binary.LittleEndian.Uint64(v.raw)), nil
	}
	return 0, fileErrorf("metadata %q is a %v, want a float", key, v.kind)
}

// Bool returns a bool; any byte but 0 is true.
func (g *GGUF) Bool(key string) (bool, error) {
	v, err := g.get(key)
	if err != nil {
		return false, err
	}
	if v.kind != kindBool {
		return false, fileErrorf("metadata %q is a %v, want a bool", key, v.kind)
	}
	return v.raw[0] != 0, nil
}

// String returns a string, which need not be valid UTF-8.
func (g *GGUF) String(key string) (string, error) {
	v, err := g.get(key)
	if err != nil {
		return "", err
	}
	if v.kind != kindString {
		return "", fileErrorf("metadata %q is a %v, want a string", key, v.kind)
	}
	return string(v.raw), nil
}

// Strings returns an array of strings.
func (g *GGUF) Strings(key string) ([]string, error) {
	v, err := g.get(key)
	if err != nil {
		return nil, err
	}
	if v.kind != kindArray || v.elem != kindString {
		return nil, fileErrorf("metadata %q is not an array of strings", key)
	}
	list := make([]string, v.count)
	c := cursor{data: v.raw}
	for i := range list {
		list[i] = c.string(key)
	}
	return list, nil
}

// Ints returns an array of integers of any width. A uint64 above the range of int64 comes back negative.
func (g *GGUF) Ints(key string) ([]int64, error) {
	v, err := g.get(key)
	if err != nil {
		return nil, err
	}
	if _, ok := integer(v.elem, make([]byte, 8)); v.kind != kindArray || !ok {
		return nil, fileErrorf("metadata %q is not an array of integers", key)
	}
	list := make([]int64, v.count)
	size := int(kindSizes[v.elem])
	for i := range list {
		list[i], _ = integer(v.elem, v.raw[i*size:])
	}
	return list, nil
}

func (g *GGUF) get(key string) (value, error) {
	v, ok := g.metadata[key]
	if !ok {
		return value{}, fileErrorf("metadata %q is missing", key)
	}
	return v, nil
}

// integer decodes the first bytes of raw. It is false where kind is no integer.
func integer(kind valueKind, raw []byte) (int64, bool) {
	switch kind {
	case kindUint8:
		return int64(raw[0]), true
	case kindInt8:
		return int64(int8(raw[0])), true
	case kindUint16:
		return int64(binary.LittleEndian.Uint16(raw)), true
	case kindInt16:
		return int64(int16(binary.LittleEndian.Uint16(raw))), true
	case kindUint32:
		return int64(binary.LittleEndian.Uint32(raw)), true
	case kindInt32:
		return int64(int32(binary.LittleEndian.Uint32(raw))), true
	case kindUint64, kindInt64:
		return int64(binary.LittleEndian.Uint64(raw)), true
	}
	return 0, false
}
