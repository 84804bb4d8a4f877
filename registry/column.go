package registry

import (
	"math/bits"
	"slices"
)

// column holds one property of all models, so that 64 of them are compared with
// a limit in a few operations. It is the bit-sliced index of O'Neil and Quass
// ("Improved Query Performance with Variant Indexes", SIGMOD 1997) over the ranks
// of the values: a property of few values needs few bits, and however many there
// are, comparing is exact. A property that is there or not has the values 0 and 1.
//
// In the zero column no model is below any rank.
type column struct {
	values []int64  // distinct and ascending: where a value stands is its rank
	bits   int      // length of the highest rank
	clear  []uint64 // for each word of models one word a bit, lowest first: whose rank has it clear
}

// newColumn reads a property off the models of an index.
func newColumn(models []Model, property func(*Model) int64) column {
	values := make([]int64, len(models))
	for i := range models {
		values[i] = property(&models[i])
	}
	distinct := slices.Clone(values)
	slices.Sort(distinct)
	distinct = slices.Clone(slices.Compact(distinct)) // which lets go of the rest

	c := column{values: distinct, bits: bits.Len(uint(max(len(distinct)-1, 0)))}
	c.clear = make([]uint64, len(newBitset(len(models)))*c.bits)
	for i, value := range values {
		rank, _ := slices.BinarySearch(distinct, value)
		for bit := range c.bits {
			if rank>>bit&1 == 0 {
				c.clear[i/wordSize*c.bits+bit] |= 1 << (i % wordSize)
			}
		}
	}
	return c
}

// newFlag is the column of a property that only the given of the models have.
func newFlag(all, having bitset) column {
	without := slices.Clone(all)
	for w := range without {
		without[w] &^= having[w]
	}
	return column{values: []int64{0, 1}, bits: 1, clear: without}
}

// rank returns how many of the values are at most limit.
func (c *column) rank(limit int64) uint32 {
	low, high := 0, len(c.values)
	for low < high {
		if middle := int(uint(low+high) / 2); c.values[middle] <= limit {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return uint32(low)
}

// below returns which models of word w have a rank below the given one, which
// must be one that the column has.
//
// A rank is below another if, at the highest bit where they differ, its own is
// clear. So the bits are gone through from the lowest, each overruling those
// before it: where the limit's is set, who has it clear is below; where the
// limit's is clear, who has it set is not.
func (c *column) below(rank uint32, w int) uint64 {
	var below uint64
	for _, clear := range c.clear[w*c.bits:][:c.bits] {
		set := -uint64(rank & 1) // all ones or none; a branch would be guessed wrong half the time
		below = below&clear | set&(below|clear)
		rank >>= 1
	}
	return below
}
