package llama

import (
	"encoding/binary"
	"fmt"
	"math"
)

// TensorType is how a tensor's numbers are stored. The values are those of the GGUF format.
type TensorType uint32

// The supported types. Others exist and are refused: a wrong number is worse than an error.
const (
	TensorF32 TensorType = 0 // IEEE 754 single
	TensorF16 TensorType = 1 // IEEE 754 half
	TensorQ80 TensorType = 8 // q8_0: blocks of 32 int8 with one half as their scale
)

const (
	q80Elements = 32
	q80Bytes    = 2 + q80Elements
)

// Tensor is one named array of numbers in a GGUF file. It reads the file's bytes, is immutable and safe for concurrent
// use.
type Tensor struct {
	// Name is unique in its file.
	Name string

	// Type is how the numbers are stored.
	Type TensorType

	// Shape has the dimensions in elements, the one that lies together in memory first: a matrix of R rows and C columns
	// is {C, R}.
	Shape []int

	data []byte
}

// size returns the bytes of a tensor. Rows are what q8_0 cuts into blocks, so a row must be whole blocks.
func (t TensorType) size(row, elements int) (uint64, error) {
	switch t {
	case TensorF32:
		return 4 * uint64(elements), nil
	case TensorF16:
		return 2 * uint64(elements), nil
	case TensorQ80:
		if row%q80Elements != 0 {
			return 0, fmt.Errorf("q8_0 needs rows of whole blocks of %d, a row has %d", q80Elements, row)
		}
		return uint64(elements / q80Elements * q80Bytes), nil
	}
	return 0, fmt.Errorf("type %d is not supported, want f32 (%d), f16 (%d) or q8_0 (%d)",
		t, TensorF32, TensorF16, TensorQ80)
}

// Float32s returns the tensor's numbers in a new slice, row after row. The error is [ErrFile]: a number is infinite or
// not a number.
func (t Tensor) Float32s() ([]float32, error) {
	var out []float32
	switch t.Type {
	case TensorF32:
		out = make([]float32, len(t.data)/4)
		for i := range out {
			out[i] = math.Float32frombits(binary.LittleEndian.Uint32(t.data[4*i:]))
		}
	case TensorF16:
		out = make([]float32, len(t.data)/2)
		for i := range out {
			out[i] = halfToFloat32(binary.LittleEndian.Uint16(t.data[2*i:]))
		}
	case TensorQ80:
		out = make([]float32, 0, len(t.data)/q80Bytes*q80Elements)
		for block := t.data; len(block) > 0; block = block[q80Bytes:] {
			scale := halfToFloat32(binary.LittleEndian.Uint16(block))
			for _, q := range block[2:q80Bytes] {
				out = append(out, scale*float32(int8(q)))
			}
		}
	}
	for i, v := range out {
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
			return nil, fileErrorf("tensor %q: element %d is %v", t.Name, i, v)
		}
	}
	return out, nil
}

// halfToFloat32 converts an IEEE 754 half (1 sign, 5 exponent, 10 fraction bits) without loss.
func halfToFloat32(h uint16) float32 {
	sign := uint32(h>>15) << 31
	exponent := uint32(h>>10) & 0x1f
	fraction := uint32(h) & 0x3ff
	switch exponent {
	case 0: // zero and subnormals: fraction units of 2^-24
		v := float32(fraction) / (1 << 24)
		return math.Float32frombits(sign | math.Float32bits(v))
	case 0x1f: // infinities and NaNs
		return math.Float32frombits(sign | 0xff<<23 | fraction<<13)
	}
	return math.Float32frombits(sign | (exponent+127-15)<<23 | fraction<<13)
}
