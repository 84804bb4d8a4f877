package llama

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
)

const (
	ggufMagic   = "GGUF"
	ggufVersion = 3

	defaultAlignment = 32      // bytes; what the format says for a file without general.alignment
	maxAlignment     = 1 << 20 // bytes; far above any real file, far below an overflow
	maxDimensions    = 4       // what the format allows
)

// GGUF is the content of a GGUF file: typed metadata and named tensors. It keeps and reads the bytes it was made from,
// so nothing is copied until a caller asks for a value. A GGUF is immutable and safe for concurrent use.
//
// The format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
type GGUF struct {
	metadata map[string]value
	tensors  map[string]Tensor
}

// ReadGGUF reads a little-endian GGUF file of version 3. The caller must not change data afterwards.
//
// It trusts nothing in the file: lengths, counts and offsets are checked against the bytes that are there, tensors may
// not overlap, and what it allocates is bounded by a small multiple of len(data). Errors are [ErrFile] and name the
// metadata key or tensor.
func ReadGGUF(data []byte) (*GGUF, error) {
	c := &cursor{data: data}
	if magic := c.bytes(uint64(len(ggufMagic)), "the magic number"); c.err == nil && string(magic) != ggufMagic {
		return nil, fileErrorf("the first four bytes are %q, a GGUF file has %q", magic, ggufMagic)
	}
	if version := c.uint32("the version"); c.err == nil && version != ggufVersion {
		return nil, fileErrorf("GGUF version %d, want %d (little-endian)", version, ggufVersion)
	}
	tensorCount := c.uint64("the tensor count")
	metadataCount := c.uint64("the metadata count")

	// The maps grow entry by entry: a false count ends at the end of the file and reserves nothing.
	g := &GGUF{metadata: map[string]value{}, tensors: map[string]Tensor{}}
	for i := uint64(0); i < metadataCount && c.err == nil; i++ {
		g.readMetadata(c)
	}
	var places []place
	for i := uint64(0); i < tensorCount && c.err == nil; i++ {
		places = append(places, g.readTensorInfo(c))
	}
	if c.err != nil {
		return nil, fileErrorf("%w", c.err)
	}
	if err := g.placeTensors(data, c.offset, places); err != nil {
		return nil, fileErrorf("%w", err)
	}
	return g, nil
}

func (g *GGUF) readMetadata(c *cursor) {
	key := c.string("a metadata key")
	v := c.value(key)
	if _, twice := g.metadata[key]; twice {
		c.failf("metadata key %q appears twice", key)
	}
	g.metadata[key] = v
}

// place is where a tensor says it lies, before that has been checked.
type place struct {
	tensor Tensor
	offset uint64 // bytes from the start of the data section
	size   uint64 // bytes
}

func (g *GGUF) readTensorInfo(c *cursor) place {
	name := c.string("a tensor name")
	what := fmt.Sprintf("tensor %q", name)
	dimensions := c.uint32(what)
	if dimensions == 0 || dimensions > maxDimensions {
		c.failf("%s has %d dimensions, want 1 to %d", what, dimensions, maxDimensions)
		return place{}
	}
	shape := make([]int, dimensions)
	elements := uint64(1)
	for i := range shape {
		d := c.uint64(what)
		// MaxInt32 elements are far more than this package is for, and leave room to multiply by a size.
		if d == 0 || d > math.MaxInt32/elements {
			c.failf("%s: dimension %d is %d, which is zero or too large", what, i, d)
			return place{}
		}
		shape[i] = int(d)
		elements *= d
	}
	t := Tensor{Name: name, Type: TensorType(c.uint32(what)), Shape: shape}
	offset := c.uint64(what)
	size, err := t.Type.size(shape[0], int(elements))
	if err != nil {
		c.failf("%s: %w", what, err)
	}
	return place{tensor: t, offset: offset, size: size}
}

// placeTensors checks that every tensor lies in the data section, which begins after the header, aligned, and that no
// two share a byte: shared bytes would let a small file ask for any amount of memory.
func (g *GGUF) placeTensors(data []byte, headerEnd int, places []place) error {
	alignment := uint64(defaultAlignment)
	if g.Has("general.alignment") {
		var err error
		if alignment, err = g.Uint("general.alignment"); err != nil {
			return err
		}
		if alignment == 0 || alignment%8 != 0 || alignment > maxAlignment {
			return fmt.Errorf("general.alignment is %d, want a multiple of 8 up to %d", alignment, maxAlignment)
		}
	}
	start := (uint64(headerEnd) + alignment - 1) / alignment * alignment
	var section []byte
	if start < uint64(len(data)) {
		section = data[start:]
	}

	slices.SortFunc(places, func(a, b place) int { return cmp.Compare(a.offset, b.offset) })
	end := uint64(0)
	for _, p := range places {
		name := p.tensor.Name
		if _, twice := g.tensors[name]; twice {
			return fmt.Errorf("tensor %q appears twice", name)
		}
		if p.offset%alignment != 0 {
			return fmt.Errorf("tensor %q: offset %d is not a multiple of the alignment %d", name, p.offset, alignment)
		}
		if p.offset < end {
			return fmt.Errorf("tensor %q at offset %d overlaps the tensor before it, which ends at %d", name, p.offset, end)
		}
		if p.offset > uint64(len(section)) || p.size > uint64(len(section))-p.offset {
			return fmt.Errorf("tensor %q needs %d bytes at offset %d, the data section has %d",
				name, p.size, p.offset, len(section))
		}
		end = p.offset + p.size
		p.tensor.data = section[p.offset:end]
		g.tensors[name] = p.tensor
	}
	return nil
}

// Tensor returns the named tensor, or an [ErrFile] error where the file has none or its shape is another. The shape is
// given as GGUF stores it, the dimension that lies together in memory first.
func (g *GGUF) Tensor(name string, shape ...int) (Tensor, error) {
	t, ok := g.tensors[name]
	if !ok {
		return Tensor{}, fileErrorf("tensor %q is missing", name)
	}
	if !slices.Equal(t.Shape, shape) {
		return Tensor{}, fileErrorf("tensor %q has shape %v, want %v", name, t.Shape, shape)
	}
	return t, nil
}

func (g *GGUF) hasTensor(name string) bool {
	_, ok := g.tensors[name]
	return ok
}

// cursor reads a file from front to back. After the first failure it returns zero values and keeps err, so that callers
// check once; loops over counts from the file must look at err.
type cursor struct {
	data   []byte
	offset int // never beyond len(data)
	err    error
}

func (c *cursor) failf(format string, args ...any) {
	if c.err == nil {
		c.err = fmt.Errorf(format, args...)
	}
}

func (c *cursor) bytes(n uint64, what string) []byte {
	if c.err != nil {
		return nil
	}
	if left := len(c.data) - c.offset; n > uint64(left) {
		c.failf("%s: needs %d bytes at offset %d, the file has %d left", what, n, c.offset, left)
		return nil
	}
	b := c.data[c.offset:][:n]
	c.offset += int(n)
	return b
}

func (c *cursor) uint32(what string) uint32 {
	if b := c.bytes(4, what); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

func (c *cursor) uint64(what string) uint64 {
	if b := c.bytes(8, what); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

func (c *cursor) string(what string) string {
	return string(c.bytes(c.uint64(what), what))
}
