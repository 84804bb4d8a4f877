package limit

import (
	"container/heap"
	"strings"
	"time"
)

// entry is an account that a [Memory] holds.
type entry struct {
	key   string
	state State
	done  time.Time // when it can be forgotten
	place int       // in the queue
}

// behind is how far a caller's clock may be behind another's.
const behind = time.Second

// state is called with the lock held, as are the methods below.
func (m *Memory) state(key string) State {
	if e := m.accounts[key]; e != nil {
		return e.state
	}
	return State{}
}

// keep stores the state of an account.
func (m *Memory) keep(a *Account, s State) {
	e := m.accounts[a.Key]
	switch {
	case s.Taken > 0 && e == nil:
		// A key of its own, as the caller's may be part of something large.
		e = &entry{key: strings.Clone(a.Key), state: s, done: a.Until(s).Add(behind)}
		if m.accounts == nil {
			m.accounts = make(map[string]*entry)
		}
		m.accounts[e.key] = e
		heap.Push(&m.queue, e)
	case s.Taken > 0:
		e.state, e.done = s, a.Until(s).Add(behind)
		heap.Fix(&m.queue, e.place)
	case e != nil:
		heap.Remove(&m.queue, e.place)
		delete(m.accounts, e.key)
	}
}

// forget drops up to n accounts of which all has come back.
func (m *Memory) forget(now time.Time, n int) {
	for ; n > 0 && len(m.queue) > 0 && !now.Before(m.queue[0].done); n-- {
		delete(m.accounts, heap.Pop(&m.queue).(*entry).key)
	}
}

// queue is a heap, with the entry first that can be forgotten first.
type queue []*entry

func (q queue) Len() int           { return len(q) }
func (q queue) Less(i, j int) bool { return q[i].done.Before(q[j].done) }

func (q queue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].place, q[j].place = i, j
}

// Push implements [heap.Interface].
func (q *queue) Push(e any) {
	e.(*entry).place = len(*q)
	*q = append(*q, e.(*entry))
}

// Pop implements [heap.Interface].
func (q *queue) Pop() any {
	last := len(*q) - 1
	e := (*q)[last]
	(*q)[last] = nil
	*q = (*q)[:last]
	return e
}
