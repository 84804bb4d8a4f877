package registry

import (
	"cmp"
	"slices"

	"github.com/edgewise-ai/edgewise/capability"
)

// MaxAlternates is how many models at most ride along behind a candidate.
const MaxAlternates = 3

// Index is an immutable view of one listing, ordered once so that no request
// sorts anything. It is safe for concurrent use; it never blocks or fails.
type Index struct {
	revision string
	models   []Model          // best first: parameters, then smaller, then ID
	byID     map[string]int32 // position in models
	byTask   map[string][]int32
}

// NewIndex builds the index of a listing. It fails with a [*FieldError] if a
// model is invalid or an ID is used twice.
func NewIndex(l Listing) (*Index, error) {
	if l.Revision == "" {
		l.Revision = revisionOf(l.Models)
	}
	ix := &Index{
		revision: l.Revision,
		models:   make([]Model, len(l.Models)),
		byID:     make(map[string]int32, len(l.Models)),
		byTask:   make(map[string][]int32),
	}
	parameters := make(map[string]int64, len(l.Models))
	for i := range l.Models {
		m := &l.Models[i]
		if err := m.Validate(); err != nil {
			return nil, err
		}
		ix.models[i] = m.normalized()
		parameters[m.ID], _ = ParseParameters(m.Parameters) // validated above
	}
	slices.SortFunc(ix.models, func(a, b Model) int {
		return cmp.Or(
			-cmp.Compare(parameters[a.ID], parameters[b.ID]),
			cmp.Compare(a.SizeBytes, b.SizeBytes),
			cmp.Compare(a.ID, b.ID),
		)
	})
	for i := range ix.models {
		m := &ix.models[i]
		if _, twice := ix.byID[m.ID]; twice {
			return nil, &FieldError{Model: m.ID, Field: "id", Problem: "is used twice"}
		}
		ix.byID[m.ID] = int32(i)
		for _, task := range m.Capabilities {
			if at := ix.byTask[task]; len(at) == 0 || at[len(at)-1] != int32(i) { // named twice
				ix.byTask[task] = append(at, int32(i))
			}
		}
	}
	return ix, nil
}

// Revision returns the revision of the listing the index was built from.
func (ix *Index) Revision() string { return ix.revision }

// Models returns every model, best first. The caller must not modify it.
func (ix *Index) Models() []Model { return ix.models }

// Model returns the model with the given ID, or nil.
func (ix *Index) Model(id string) *Model {
	if i, ok := ix.byID[id]; ok {
		return &ix.models[i]
	}
	return nil
}

// Selection is the answer of [Index.Select].
type Selection struct {
	// Model is the candidate, nil if the filters left none.
	Model *Model
	// Status is where the page said the candidate is.
	Status Status
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
// The ranking is: loaded, then cached, then the rest; within that, models whose
// capabilities name the task; within that more parameters, then smaller.
func (ix *Index) Select(q Query) Selection {
	q.prepare()

	var best shortlist
	emptied := FilterNone
	consider := func(i int32, matches bool) {
		m := &ix.models[i]
		state := q.States[m.ID]
		if f := q.rejects(m, state); f != FilterNone {
			// The set empties at the filter that the longest-lived model
			// reached, so the latest one seen is the one to blame.
			emptied = max(emptied, f)
			return
		}
		best.add(choice{model: m, status: state.Status, rank: rankOf(state, matches), position: i})
	}

	task := ix.byTask[q.Task]
	// Models on the device come first wherever they stand in the index, so they
	// are looked up; only then are the others walked, best first, until the
	// list is full.
	for id, state := range q.States {
		if i, ok := ix.byID[id]; ok && state.onDevice() {
			_, matches := slices.BinarySearch(task, i)
			consider(i, matches)
		}
	}
	for _, i := range task {
		if best.full() {
			break
		}
		if !q.States[ix.models[i].ID].onDevice() {
			consider(i, true)
		}
	}
	for i := range ix.models {
		if best.full() {
			break
		}
		if q.States[ix.models[i].ID].onDevice() {
			continue
		}
		if _, matches := slices.BinarySearch(task, int32(i)); !matches {
			consider(int32(i), false)
		}
	}

	if best.len == 0 {
		return Selection{Emptied: emptied}
	}
	s := Selection{Model: best.items[0].model, Status: best.items[0].status}
	for i := 1; i < best.len; i++ {
		s.alternates[i-1] = best.items[i].model
	}
	return s
}

// Remaining counts the models left after each filter: index f holds those left
// after Filter f, and index 0 all of them. It looks at every model, so it serves
// traces, not decisions.
func (ix *Index) Remaining(q Query) []int {
	q.prepare()
	left := make([]int, filterCount)
	for i := range ix.models {
		m := &ix.models[i]
		f := q.rejects(m, q.States[m.ID])
		if f == FilterNone {
			f = filterCount
		}
		for passed := range f {
			left[passed]++
		}
	}
	return left
}

// rankOf puts a model's state before its match with the task; lower is better.
func rankOf(s ModelState, matches bool) uint8 {
	rank := s.rank() * 2
	if !matches {
		rank++
	}
	return rank
}

// choice is a model on the shortlist.
type choice struct {
	model    *Model
	status   Status
	rank     uint8
	position int32 // in the index: the order among equals
}

// shortlist keeps the best few choices in order, in place.
type shortlist struct {
	items [1 + MaxAlternates]choice
	len   int
}

func (l *shortlist) full() bool { return l.len == len(l.items) }

func (l *shortlist) add(c choice) {
	at := l.len
	for at > 0 && (c.rank < l.items[at-1].rank || c.rank == l.items[at-1].rank && c.position < l.items[at-1].position) {
		at--
	}
	if at == len(l.items) {
		return
	}
	l.len = min(l.len+1, len(l.items))
	copy(l.items[at+1:l.len], l.items[at:l.len-1])
	l.items[at] = c
}
