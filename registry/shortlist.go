package registry

import (
	"math/bits"
	"slices"
)

// choice is a model that passed every filter, as a number: the lower, the
// better. Its upper half is the rank, by where the model is and then by whether
// it matches the task; its lower half the position in the index, the order among
// equals.
type choice uint64

func newChoice(status Status, matches bool, position int32) choice {
	var rank choice
	switch status {
	case Loaded:
		rank = 0
	case Cached:
		rank = 2
	default:
		rank = 4
	}
	if !matches {
		rank++
	}
	return rank<<32 | choice(position)
}

func (c choice) position() int32 { return int32(c) }

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

// addWord adds the models of a word of a bitset except the given positions. The
// first that the word could hold would be the choice first.
func (l *shortlist) addWord(word uint64, first choice, except []int32) {
	for ; word != 0; word &= word - 1 {
		c := first + choice(bits.TrailingZeros64(word))
		if !l.admits(c) {
			return // nor any after it
		}
		if !slices.Contains(except, c.position()) {
			l.add(c)
		}
	}
}
