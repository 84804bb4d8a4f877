package registry

// wordSize is how many models one word of a bitset holds.
const wordSize = 64

// bitset is a set of models by their position in the index.
type bitset []uint64

// newBitset returns an empty set with room for n models.
func newBitset(n int) bitset { return make(bitset, (n+wordSize-1)/wordSize) }

// newFullBitset returns the set of all n models.
func newFullBitset(n int) bitset {
	s := newBitset(n)
	for i := range n {
		s.add(int32(i))
	}
	return s
}

func (s bitset) add(i int32) { s[i/wordSize] |= 1 << (i % wordSize) }

func (s bitset) remove(i int32) { s[i/wordSize] &^= 1 << (i % wordSize) }

func (s bitset) has(i int32) bool { return s[i/wordSize]>>(i%wordSize)&1 != 0 }
