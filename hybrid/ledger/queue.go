package ledger

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/edgewise-ai/edgewise/internal/lately"
)

// QueueOptions are the options of [NewQueue]. The zero value is useful.
type QueueOptions struct {
	// Capacity is how many entries wait at most; more are dropped and counted. It
	// bounds the memory, some 1 kB an entry, and what a crash can lose.
	// Defaults to 10,000; 0 or less means the default.
	Capacity int

	// BatchSize is how many entries at most go into one Append.
	// Defaults to 500; 0 or less means the default.
	BatchSize int

	// AppendTimeout bounds one Append. Defaults to 10 seconds; 0 or less means
	// the default.
	AppendTimeout time.Duration

	// Logger learns of failing appends and of drops. Defaults to silence.
	Logger *slog.Logger
}

func (o QueueOptions) withDefaults() QueueOptions {
	if o.Capacity <= 0 {
		o.Capacity = 10_000
	}
	if o.BatchSize <= 0 {
		o.BatchSize = 500
	}
	if o.AppendTimeout <= 0 {
		o.AppendTimeout = 10 * time.Second
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

// recentIDs is how many IDs a queue knows at least: some 5 MB with as many more.
const recentIDs = 25_000

// Queue is a [Ledger] in front of a [Store]: a bounded buffer that one goroutine
// empties, so that recording never waits for I/O. While an Append runs the next
// batch gathers, so batches grow with the load and an idle queue adds no delay.
//
// An entry without an ID gets one, so that the store can tell an Append that is
// repeated. The queue knows the newest 25,000 IDs and more, and the store all: what only
// the store recognises as a duplicate, a receipt counts as accepted. Make a Queue with [NewQueue] and release it with Close, before the store. It is
// safe for concurrent use.
//
// # What a crash can lose
//
// Accepted entries are in memory until the Append that stores them returns. A
// process that is killed meanwhile (kill -9, a power cut) loses at most those that
// wait, which [QueueStats.Waiting] counts: never more than Capacity, always the
// newest. Appends follow each other without a pause. So an entry that comes to an
// idle queue waits for its own Append; one that comes during an Append waits for the
// rest of that as well, and only if more than BatchSize entries come during one, for
// others between. As long as the store keeps up, the window is thus the time of two
// Appends, some milliseconds with a database nearby: the batch that is on its way and
// what came since. When the store fails it grows up to Capacity.
//
// Nothing is counted twice by that: what the store had taken just before, it knows by
// its ID. Close, called when the process is told to stop, loses nothing unless the
// store fails until Close's context ends.
type Queue struct {
	store Store
	opts  QueueOptions
	wake  chan struct{} // there may be work
	hurry chan struct{} // somebody began to flush: the store should be tried again now
	done  chan struct{} // closed when the goroutine has ended
	stop  context.CancelFunc

	flushing atomic.Int64 // how many wait for the store

	mu        sync.Mutex
	gathering []Entry // accepted since the drain took the others
	accepted  uint64  // entries ever accepted
	stats     QueueStats
	recent    lately.Map[struct{}] // IDs: nearly all that is delivered again is so soon
	full      uint64               // entries dropped since the queue last ran empty
	closed    bool                 // takes no more
	progress  chan struct{}        // closed and replaced whenever entries are stored or rejected
}

// QueueStats says what became of every entry that was ever recorded: it is in one
// of these counts.
type QueueStats struct {
	Waiting  int    `json:"waiting"`  // accepted and not yet known to be stored: what a crash would lose
	Stored   uint64 `json:"stored"`   // the store took them, or knew their IDs
	Dropped  uint64 `json:"dropped"`  // no room, or left over when Close had to give up
	Rejected uint64 `json:"rejected"` // the store can never take them: see [ErrRejected]
	Repeated uint64 `json:"repeated"` // recorded not long before: duplicates
}

var (
	_ Ledger = (*Queue)(nil)
	_ Reader = (*Queue)(nil)
)

// NewQueue starts a queue in front of store.
func NewQueue(store Store, opts QueueOptions) *Queue {
	ctx, stop := context.WithCancel(context.Background())
	q := &Queue{
		store:    store,
		opts:     opts.withDefaults(),
		wake:     make(chan struct{}, 1),
		hurry:    make(chan struct{}, 1),
		done:     make(chan struct{}),
		stop:     stop,
		progress: make(chan struct{}),
		recent:   lately.Map[struct{}]{Size: recentIDs},
	}
	go (&drain{Queue: q}).run(ctx)
	return q
}

// Record implements [Ledger]. It drops what finds no room, and everything once
// the queue is closed.
func (q *Queue) Record(entries []Entry) Receipt {
	q.mu.Lock()
	room := q.opts.Capacity - q.stats.Waiting
	if q.closed {
		room = 0
	}
	var n, known, lost int
	for i := range entries {
		switch id := entries[i].ID; {
		case q.knows(id):
			known++
		case n >= room:
			lost++
		default:
			q.gathering = append(q.gathering, entries[i])
			if e := &q.gathering[len(q.gathering)-1]; id == "" {
				e.ID = newID()
			} else {
				q.recent.Put(id, struct{}{})
			}
			n++
		}
	}
	q.accepted += uint64(n)
	q.stats.Waiting += n
	q.stats.Dropped += uint64(lost)
	q.stats.Repeated += uint64(known)
	first := lost > 0 && q.full == 0
	q.full += uint64(lost)
	q.mu.Unlock()

	if first {
		// Once until it has run empty: a log line for every drop would make an overload worse.
		q.opts.Logger.Warn("ledger: the queue is full or closed; entries are dropped and counted", "capacity", q.opts.Capacity)
	}
	if n > 0 {
		signal(q.wake)
	}
	return Receipt{Accepted: n, Duplicates: known, Dropped: lost}
}

// knows reports whether an ID was recorded not long ago.
func (q *Queue) knows(id string) bool {
	_, known := q.recent.Get(id)
	return known
}

// Stats returns the counts since the queue was made.
func (q *Queue) Stats() QueueStats {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.stats
}

// newID returns an identifier of 128 random bits. It guards nothing, so the fast
// generator will do.
func newID() string {
	return fmt.Sprintf("%016x%016x", rand.Uint64(), rand.Uint64())
}

// signal leaves a word on a channel that has room for one.
func signal(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
