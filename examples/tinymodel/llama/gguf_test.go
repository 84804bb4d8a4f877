package llama

import (
	"encoding/binary"
	"errors"
	"math"
	"strings"
	"testing"
)

func TestReadGGUFTruncated(t *testing.T) {
	file := syntheticModel(small).bytes()
	if _, err := ReadGGUF(file); err != nil {
		t.Fatal(err)
	}
	// Every cut is an error: the last tensor ends where the file does, but for the padding.
	for _, n := range []int{0, 3, 4, 8, 16, 23, 24, 25, 40, 1000, 9000, len(file) / 2, len(file) - defaultAlignment} {
		if _, err := ReadGGUF(file[:n]); !errors.Is(err, ErrFile) {
			t.Errorf("cut to %d of %d bytes: error %v, want ErrFile", n, len(file), err)
		}
	}
}

func TestReadGGUFRefuses(t *testing.T) {
	header := func(tensors, metadata uint64, rest ...byte) []byte {
		b := binary.LittleEndian.AppendUint32([]byte(ggufMagic), ggufVersion)
		b = binary.LittleEndian.AppendUint64(b, tensors)
		b = binary.LittleEndian.AppendUint64(b, metadata)
		return append(b, rest...)
	}
	metadata := func(kind valueKind, words ...uint64) []byte {
		b := appendString(header(0, 1), "key")
		b = binary.LittleEndian.AppendUint32(b, uint32(kind))
		for _, w := range words {
			b = binary.LittleEndian.AppendUint64(b, w)
		}
		return b
	}
	array := func(elem valueKind, count uint64) []byte {
		b := binary.LittleEndian.AppendUint32(metadata(kindArray), uint32(elem))
		return binary.LittleEndian.AppendUint64(b, count)
	}
	tensor := func(kind TensorType, offset uint64, dims ...uint64) []byte {
		b := appendString(header(1, 0), "w")
		b = binary.LittleEndian.AppendUint32(b, uint32(len(dims)))
		for _, d := range dims {
			b = binary.LittleEndian.AppendUint64(b, d)
		}
		b = binary.LittleEndian.AppendUint32(b, uint32(kind))
		b = binary.LittleEndian.AppendUint64(b, offset)
		return append(pad(b), make([]byte, 64)...)
	}
	overlapping := func() []byte {
		info := func(name string) []byte {
			b := binary.LittleEndian.AppendUint32(appendString(nil, name), 1)
			b = binary.LittleEndian.AppendUint64(b, 8)
			return append(b, make([]byte, 4+8)...)
		}
		return append(pad(header(2, 0, append(info("a"), info("b")...)...)), make([]byte, 64)...)
	}
	tests := []struct {
		name string
		file []byte
		want string
	}{
		{"magic", []byte("GGML\x03\x00\x00\x00"), "first four bytes"},
		{"big-endian", []byte("GGUF\x00\x00\x00\x03"), "version 50331648"},
		{"false counts", header(math.MaxUint64, math.MaxUint64), "needs 8 bytes"},
		{"long key", header(0, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff), "needs 18446744073709551615 bytes"},
		{"long string", metadata(kindString, 1<<40), "needs 1099511627776 bytes"},
		{"unknown kind", metadata(13), "unknown type 13"},
		{"long array", array(kindUint64, 1<<61), "do not fit"}, // ×8 would overflow to 0
		{"long string array", array(kindString, 1<<61), "do not fit"},
		{"nested array", array(kindArray, 1), "array of array"},
		{"no dimensions", tensor(TensorF32, 0), "0 dimensions"},
		{"many dimensions", tensor(TensorF32, 0, 1, 1, 1, 1, 1), "5 dimensions"},
		{"zero dimension", tensor(TensorF32, 0, 8, 0), "zero or too large"},
		{"overflowing dimensions", tensor(TensorF32, 0, 1<<30, 1<<30, 1<<30), "zero or too large"},
		{"unknown type", tensor(2, 0, 32), "type 2 is not supported"},
		{"ragged q8_0", tensor(TensorQ80, 0, 16, 2), "whole blocks"},
		{"beyond the file", tensor(TensorF32, 0, 17), "data section has 64"},
		{"offset beyond the file", tensor(TensorF32, 96, 1), "data section has 64"},
		{"overflowing offset", tensor(TensorF32, math.MaxUint64-31, 1), "data section has 64"},
		{"unaligned offset", tensor(TensorF32, 4, 1), "multiple of the alignment"},
		{"overlap", overlapping(), "overlaps"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := ReadGGUF(test.file)
			if !errors.Is(err, ErrFile) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want ErrFile with %q", err, test.want)
			}
		})
	}
}

func TestMetadata(t *testing.T) {
	f := &ggufFile{}
	f.set("string", "text")
	f.set("uint", uint32(7))
	f.set("int", int32(-7))
	f.set("float", float32(0.5))
	f.set("bool", true)
	f.set("strings", []string{"a", "", "b"})
	f.set("ints", []int32{1, -2})
	g, err := ReadGGUF(f.bytes())
	if err != nil {
		t.Fatal(err)
	}
	if v, err := g.String("string"); v != "text" || err != nil {
		t.Errorf("String: %q, %v", v, err)
	}
	if v, err := g.Uint("uint"); v != 7 || err != nil {
		t.Errorf("Uint: %d, %v", v, err)
	}
	if v, err := g.Float("float"); v != 0.5 || err != nil {
		t.Errorf("Float: %v, %v", v, err)
	}
	if v, err := g.Bool("bool"); !v || err != nil {
		t.Errorf("Bool: %v, %v", v, err)
	}
	if v, err := g.Strings("strings"); strings.Join(v, "|") != "a||b" || err != nil {
		t.Errorf("Strings: %q, %v", v, err)
	}
	if v, err := g.Ints("ints"); len(v) != 2 || v[1] != -2 || err != nil {
		t.Errorf("Ints: %d, %v", v, err)
	}

	// A wrong type is an error of every getter, and so is a negative count.
	for key := range g.metadata {
		_, err1 := g.String(key)
		_, err2 := g.Uint(key)
		_, err3 := g.Float(key)
		_, err4 := g.Bool(key)
		_, err5 := g.Strings(key)
		_, err6 := g.Ints(key)
		failed := 0
		for _, err := range []error{err1, err2, err3, err4, err5, err6} {
			if errors.Is(err, ErrFile) {
				failed++
			}
		}
		want := 5
		if key == "int" {
			want = 6
		}
		if failed != want {
			t.Errorf("%q: %d getters fail, want %d", key, failed, want)
		}
	}
}

func TestHalfToFloat32(t *testing.T) {
	for half, want := range map[uint16]float32{
		0x0000: 0,
		0x3c00: 1,
		0xc000: -2,
		0x3555: 0.333251953125,
		0x7bff: 65504,
		0x0400: 1.0 / (1 << 14),
		0x03ff: 1023.0 / (1 << 24), // the largest subnormal
		0x8001: -1.0 / (1 << 24),   // the smallest
		0x7c00: float32(math.Inf(1)),
		0xfc00: float32(math.Inf(-1)),
	} {
		if got := halfToFloat32(half); got != want {
			t.Errorf("%#04x: %v, want %v", half, got, want)
		}
	}
	if got := halfToFloat32(0x7e00); got == got {
		t.Errorf("0x7e00: %v, want NaN", got)
	}
}
