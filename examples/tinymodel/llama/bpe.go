package llama

import "container/heap"

// appendPiece appends the ids of one piece of text. It begins with one symbol a byte and merges, again and again, the
// pair with the lowest rank, the leftmost of equals. A heap of candidates over a linked list keeps that at
// O(n log n): a piece is as long as a user likes, and rescanning it for each merge would be O(n²).
func (t *Tokenizer) appendPiece(ids []int, piece string) []int {
	symbols := make([]symbol, len(piece))
	for i := range symbols {
		symbols[i] = symbol{id: t.bytes[piece[i]], previous: i - 1, next: i + 1}
	}
	symbols[len(symbols)-1].next = none

	w := word{symbols: symbols}
	for i := range symbols {
		w.consider(t, i)
	}
	heap.Init(&w.candidates)
	w.started = true

	for len(w.candidates) > 0 {
		c := heap.Pop(&w.candidates).(candidate)
		left := &symbols[c.left]
		if left.id != c.pair.left || left.next == none || symbols[left.next].id != c.pair.right {
			continue // an earlier merge took one of the two
		}
		right := &symbols[left.next]
		left.id = c.merge.id
		right.id = none
		left.next = right.next
		if left.next != none {
			symbols[left.next].previous = c.left
		}
		w.consider(t, left.previous)
		w.consider(t, c.left)
	}

	for i := 0; i != none; i = symbols[i].next {
		ids = append(ids, symbols[i].id)
	}
	return ids
}

const none = -1

// symbol is a token in the making; previous and next are indices of its neighbours. A symbol that was merged into its
// left neighbour has the id none.
type symbol struct{ id, previous, next int }

// candidate is a merge that was possible when it was found.
type candidate struct {
	merge merge
	pair  pair
	left  int // index of the left symbol
}

type word struct {
	symbols    []symbol
	candidates candidates
	started    bool // candidates is a heap
}

// consider adds the merge of symbol i with its right neighbour, if there is one.
func (w *word) consider(t *Tokenizer, i int) {
	if i == none || w.symbols[i].next == none {
		return
	}
	p := pair{w.symbols[i].id, w.symbols[w.symbols[i].next].id}
	m, ok := t.merges[p]
	if !ok {
		return
	}
	c := candidate{merge: m, pair: p, left: i}
	if w.started {
		heap.Push(&w.candidates, c)
	} else {
		w.candidates = append(w.candidates, c)
	}
}

// candidates is a heap, the merge to do next on top.
type candidates []candidate

func (c candidates) Len() int { return len(c) }

func (c candidates) Less(i, j int) bool {
	if c[i].merge.rank != c[j].merge.rank {
		return c[i].merge.rank < c[j].merge.rank
	}
	return c[i].left < c[j].left
}

func (c candidates) Swap(i, j int) { c[i], c[j] = c[j], c[i] }

func (c *candidates) Push(x any) { *c = append(*c, x.(candidate)) }

func (c *candidates) Pop() any {
	last := len(*c) - 1
	x := (*c)[last]
	*c = (*c)[:last]
	return x
}
