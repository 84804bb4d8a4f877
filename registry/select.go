package registry

import (
	"math/bits"
	"slices"

	"github.com/edgewise-ai/edgewise/capability"
)

// MaxAlternates is how many models at most ride along behind a candidate.
const MaxAlternates = 3

// Selection is the answer of [Index.Select].
type Selection struct {
	// Model is the candidate, nil if the filters left none.
	Model *Model
	// State is what the page said about the candidate, zero if nothing.
	State ModelState
	// Emptied is the filter that removed the last model, [FilterNone] if some
	// are left or the registry is empty.
	Emptied Filter

	alternates [MaxAlternates]*Model
}

// Alternates returns up to [MaxAlternates] next best models, best first.
func (s *Selection) Alternates() []*Model {
	n := 0
	for n < len(s.alternates) && s.alternates[n] != nil {
		n++
	}
	return s.alternates[:n]
}

var (
	unknownDevice capability.Device
	zeroLimits    Limits
)

// prepare fills in what the query left out.
func (q *Query) prepare() {
	if q.Device == nil {
		q.Device = &unknownDevice
	}
	if q.Limits == nil {
		q.Limits = &zeroLimits
	}
}

// Select returns the best model that passes every filter, and the next best.
//
// The ranking is: loaded, then cached, then those known to be slow in the same
// order, then the rest, the slow ones last; within that, models whose capabilities
// name the task; within that more parameters, then smaller, then by ID. Slow is
// what falls short of [Limits.FastTokensPerSecondMilli].
func (ix *Index) Select(q Query) Selection {
	q.prepare()
	var (
		steps  [usualSteps]step
		plan   = ix.columns.plan(&q, steps[:0])
		closed = plan.closed()
		task   = ix.tasks[q.Task]

		best    shortlist
		emptied Filter // the latest that removed a model: there the set emptied
	)
	if task == nil {
		task = ix.all // what nobody matches puts nobody first
	}

	// First, one by one, the models that their state sets apart: those that are on
	// the device, or refused for it.
	var apartOnStack, slowOnStack [usualApart]int32
	apart, slow := apartOnStack[:0], slowOnStack[:0]
	for id, state := range q.States {
		at, refused := q.place(&state), q.refuses(&state)
		if at == download && refused == FilterNone {
			continue // as if it had no state
		}
		i, listed := ix.byID[id]
		if !listed {
			continue
		}
		if at == slowDownload && refused == FilterNone {
			slow = append(slow, i)
			continue
		}
		apart = append(apart, i)
		if f := plan.judge(i, at, refused); f != FilterNone {
			emptied = max(emptied, f)
		} else {
			best.add(newChoice(at, task.has(i), i))
		}
	}

	// Then the others as what they are, downloads that nothing speaks against,
	// a word at a time. Those that stand apart are taken for such again, as it
	// costs less than to leave them out: either they are removed, no later than
	// above, so that emptied stays right; or they are passed over in the end.
	for w := range ix.all {
		matching := newChoice(download, true, int32(w*wordSize))
		others := newChoice(download, false, int32(w*wordSize))
		if !best.admits(matching) {
			break // they come in their order
		}
		if closed != FilterNone && (best.len > 0 || emptied >= closed) {
			break // none gets through, nor farther than one did
		}
		left, f := plan.narrow(ix.all[w], w, true)
		emptied = max(emptied, f)
		best.addWord(left&task[w], matching, apart, slow)
		best.addWord(left&^task[w], others, apart, slow)
	}
	return ix.selection(&q, &best, emptied)
}

// usualApart is how many models may stand apart before Select allocates.
const usualApart = 64

func (ix *Index) selection(q *Query, best *shortlist, emptied Filter) Selection {
	if best.len == 0 {
		return Selection{Emptied: emptied}
	}
	m := &ix.models[best.items[0].position()]
	s := Selection{Model: m, State: q.States[m.ID]}
	for i, c := range best.items[1:best.len] {
		s.alternates[i] = &ix.models[c.position()]
	}
	return s
}

// Remaining counts the models left after each filter: index f holds those left
// after Filter f, and index 0 all of them. It goes to the end where
// [Index.Select] stops early, so it serves traces, not decisions.
func (ix *Index) Remaining(q Query) []int {
	q.prepare()
	var (
		plan    = ix.columns.plan(&q, nil)
		others  = slices.Clone(ix.all)
		removed [filterCount]int // by filter, those that pass all under FilterNone
	)
	for id, state := range q.States {
		if i, listed := ix.byID[id]; listed {
			others.remove(i)
			removed[plan.judge(i, q.place(&state), q.refuses(&state))]++
		}
	}
	for w, left := range others {
		for _, s := range plan {
			passed := left & s.column.below(s.rank, w)
			removed[s.filter] += bits.OnesCount64(left &^ passed)
			left = passed
		}
	}
	counts := make([]int, filterCount)
	counts[FilterNone] = len(ix.models)
	for f := FilterNone + 1; f < filterCount; f++ {
		counts[f] = counts[f-1] - removed[f]
	}
	return counts
}
