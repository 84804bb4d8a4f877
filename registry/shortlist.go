package registry

import (
	"math/bits"
	"slices"
)

// choice is a model that passed every filter, as a number: the lower, the
// better. Its upper half is the rank, by the model's place and then by whether
// it matches the task; its lower half the position in the index, the order among
// equals.
type choice uint64

func newChoice(at place, matches bool, position int32) choice {
	rank := choice(at) * 2
	if !matches {
		rank++
	}
	return rank<<32 | choice(position)
}

func (c choice) position() int32 { return int32(c) }

// asSlow is the choice of a download, had it been a slow one.
func (c choice) asSlow() choice { return c + choice(slowDownload-download)*2<<32 }

// shortlist keeps the best few choices in order, in place.
type shortlist struct {
	items [1 + MaxAlternates]choice
	len   int
}

// admits reports whether c would get a place.
func (l *shortlist) admits(c choice) bool {
	return l.len < len(l.items) || c < l.items[len(l.items)-1]
}

func (l *shortlist) add(c choice) {
	if !l.admits(c) {
		return
	}
	at := min(l.len, len(l.items)-1)
	for ; at > 0 && c < l.items[at-1]; at-- {
		l.items[at] = l.items[at-1]
	}
	l.items[at] = c
	l.len = min(l.len+1, len(l.items))
}

// addWord adds the downloads of a word of a bitset except the given positions. The
// first that the word could hold would be the choice first, if it is not slow.
func (l *shortlist) addWord(word uint64, first choice, except, slow []int32) {
	for ; word != 0; word &= word - 1 {
		c := first + choice(bits.TrailingZeros64(word))
		if !l.admits(c) {
			return // nor any after it
		}
		switch {
		case slices.Contains(except, c.position()):
		case slices.Contains(slow, c.position()):
			l.add(c.asSlow())
		default:
			l.add(c)
		}
	}
}
