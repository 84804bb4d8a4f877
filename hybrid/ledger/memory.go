package ledger

import (
	"context"
	"slices"
	"sync"
	"time"
)

// DefaultMaxEntries is the default of [MemoryOptions.MaxEntries]: some 60 MB.
const DefaultMaxEntries = 100_000

// MemoryOptions are the options of [NewMemory]. The zero value is useful.
type MemoryOptions struct {
	// MaxEntries is how many entries are held; each further one replaces the
	// oldest, which is counted as evicted. Defaults to [DefaultMaxEntries];
	// 0 or less means the default.
	MaxEntries int
}

// Memory is a [Ledger] that lives in the process: the newest entries in a ring,
// like a log that rotates. It holds entries, not goroutines, and ends with the
// process.
//
// An ID counts once while its entry is held. Record never drops and Flush never
// fails. The zero Memory is ready to use with the default options; it is safe
// for concurrent use and must not be copied.
type Memory struct {
	opts MemoryOptions

	mu      sync.Mutex
	ring    []Entry // grows to MaxEntries, then wraps
	next    int     // where the next entry goes once the ring is full
	ids     map[string]struct{}
	evicted int64
}

var (
	_ Ledger = (*Memory)(nil)
	_ Reader = (*Memory)(nil)
)

// NewMemory returns an empty ledger.
func NewMemory(opts MemoryOptions) *Memory { return &Memory{opts: opts} }

func (m *Memory) maxEntries() int {
	if m.opts.MaxEntries <= 0 {
		return DefaultMaxEntries
	}
	return m.opts.MaxEntries
}

// Record implements [Ledger].
func (m *Memory) Record(entries []Entry) Receipt {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.ids == nil {
		m.ids = make(map[string]struct{})
	}
	var r Receipt
	for i := range entries {
		if _, known := m.ids[entries[i].ID]; known {
			r.Duplicates++
			continue
		}
		m.add(&entries[i])
		r.Accepted++
	}
	return r
}

func (m *Memory) add(e *Entry) {
	if len(m.ring) < m.maxEntries() {
		m.ring = append(m.ring, *e)
	} else {
		delete(m.ids, m.ring[m.next].ID)
		m.ring[m.next] = *e
		m.next = (m.next + 1) % len(m.ring)
		m.evicted++
	}
	if e.ID != "" {
		m.ids[e.ID] = struct{}{}
	}
}

// Flush implements [Ledger]; there is nothing to wait for.
func (m *Memory) Flush(context.Context) error { return nil }

// Recent returns up to n entries, the last recorded first.
func (m *Memory) Recent(n int) []Entry {
	m.mu.Lock()
	defer m.mu.Unlock()
	size := len(m.ring)
	recent := make([]Entry, 0, max(0, min(n, size)))
	for i := 1; i <= cap(recent); i++ {
		recent = append(recent, m.ring[(m.next-i+size)%size])
	}
	return recent
}

// Evicted returns how many older entries had to go and are in none of the sums.
func (m *Memory) Evicted() int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.evicted
}

// Sums implements [Reader]. It walks every entry, some ten milliseconds for 100,000,
// so it serves pages that people look at.
func (m *Memory) Sums(_ context.Context, q Query) ([]Sum, error) {
	sums := m.sums(&q)
	if len(sums) > MaxGroups {
		return nil, ErrTooManyGroups
	}
	slices.SortFunc(sums, func(a, b Sum) int { return a.compare(&b.Group) })
	return sums, nil
}

// Summary adds up what is held, as Sums does, in however many groups.
func (m *Memory) Summary() Summary { return Summarize(m.sums(&Query{})) }

// sums returns the sums in no order.
func (m *Memory) sums(q *Query) []Sum {
	type key struct {
		day           int64 // when it began: cheaper than its name
		source        Source
		model, reason string
	}
	groups := make(map[key]*Sum)
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range m.ring {
		e := &m.ring[i]
		if !q.chooses(e) {
			continue
		}
		k := key{e.Time.Truncate(24 * time.Hour).Unix(), e.Source, e.Model, e.Reason}
		sum := groups[k]
		if sum == nil {
			sum = &Sum{Group: Group{Day: DayOf(e.Time), Source: e.Source, Model: e.Model, Reason: e.Reason}}
			groups[k] = sum
		}
		sum.Add(e.Tally())
	}
	sums := make([]Sum, 0, len(groups))
	for _, sum := range groups {
		sums = append(sums, *sum)
	}
	return sums
}
