package ledger

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// ErrRejected is what an error of [Store.Append] wraps if one of the entries can
// never be stored, because a column is too short for it, say. All other errors
// are taken for passing ones.
var ErrRejected = errors.New("ledger: entry rejected")

// Store keeps entries outside the process: a database table, an event stream.
// It is called by one [Queue] only, never concurrently.
type Store interface {
	// Append stores the entries, all or none, and skips those whose ID it holds
	// already. After an error the same entries are appended again, so an error
	// must not mean that half of them are counted. After one that wraps
	// [ErrRejected] they come in smaller batches, until the entry that is to
	// blame comes alone; it is dropped then. Append must not keep the slice, and
	// must return soon after ctx ends.
	Append(ctx context.Context, entries []Entry) error
}

// QueueOptions are the options of [NewQueue]. The zero value is useful.
type QueueOptions struct {
	// Capacity is how many entries wait at most; more are dropped and counted.
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

// Failing appends are repeated after a pause that doubles up to a bound.
const (
	firstRetry = 100 * time.Millisecond
	lastRetry  = 10 * time.Second
)

// Queue is a [Ledger] in front of a [Store]: a bounded buffer that one goroutine
// empties, so that recording never waits for I/O. While an Append runs the next
// batch gathers, so batches grow with the load and an idle queue adds no delay.
//
// The store recognises duplicates, so a receipt counts them as accepted. Make a
// Queue with [NewQueue] and release it with Close. It is safe for concurrent
// use.
type Queue struct {
	store Store
	opts  QueueOptions
	wake  chan struct{} // there may be work
	done  chan struct{} // closed when the goroutine has ended
	stop  context.CancelFunc

	mu       sync.Mutex
	waiting  []Entry // the oldest first; a batch leaves when it is stored
	accepted uint64  // entries ever accepted
	settled  uint64  // of those, stored or dropped after all
	dropped  uint64
	rejected uint64 // of the dropped, by the store
	closed   bool
	progress chan struct{} // closed and replaced whenever settled changes
}

var _ Ledger = (*Queue)(nil)

// NewQueue starts a queue in front of store.
func NewQueue(store Store, opts QueueOptions) *Queue {
	ctx, stop := context.WithCancel(context.Background())
	q := &Queue{
		store:    store,
		opts:     opts.withDefaults(),
		wake:     make(chan struct{}, 1),
		done:     make(chan struct{}),
		stop:     stop,
		progress: make(chan struct{}),
	}
	go q.run(ctx)
	return q
}

// Record implements [Ledger]. It drops what finds no room, and everything once
// the queue is closed.
func (q *Queue) Record(entries []Entry) Receipt {
	q.mu.Lock()
	room := q.opts.Capacity - len(q.waiting)
	if q.closed {
		room = 0
	}
	n := min(room, len(entries))
	lost := len(entries) - n
	q.waiting = append(q.waiting, entries[:n]...)
	q.accepted += uint64(n)
	first := lost > 0 && q.dropped == q.rejected
	q.dropped += uint64(lost)
	q.mu.Unlock()

	if first {
		// Once: a log line for every drop would make an overload worse.
		q.opts.Logger.Warn("ledger: the queue is full or closed; entries are dropped and counted", "capacity", q.opts.Capacity)
	}
	if n > 0 {
		select {
		case q.wake <- struct{}{}:
		default:
		}
	}
	return Receipt{Accepted: n, Dropped: lost}
}

// Dropped returns how many entries were lost since the queue was made.
func (q *Queue) Dropped() uint64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.dropped
}

// Flush implements [Ledger].
func (q *Queue) Flush(ctx context.Context) error {
	q.mu.Lock()
	goal := q.accepted
	for q.settled < goal {
		progress, left := q.progress, goal-q.settled
		q.mu.Unlock()
		select {
		case <-progress:
		case <-q.done:
			return fmt.Errorf("ledger: the queue was closed with %d entries unstored", left)
		case <-ctx.Done():
			return fmt.Errorf("ledger: %d entries are not stored yet: %w", left, context.Cause(ctx))
		}
		q.mu.Lock()
	}
	q.mu.Unlock()
	return nil
}

// Close takes no more entries, waits until the accepted ones are stored, and
// ends the goroutine. If ctx ends first the rest is dropped and the error says
// how many. Further calls only wait for the first one to be done.
func (q *Queue) Close(ctx context.Context) error {
	q.mu.Lock()
	again := q.closed
	q.closed = true
	q.mu.Unlock()
	if again {
		select {
		case <-q.done:
			return nil
		case <-ctx.Done():
			return fmt.Errorf("ledger: the queue is still being closed: %w", context.Cause(ctx))
		}
	}
	err := q.Flush(ctx)
	q.stop()
	<-q.done
	q.mu.Lock()
	q.dropped += uint64(len(q.waiting))
	q.waiting = nil
	q.mu.Unlock()
	return err
}

func (q *Queue) run(ctx context.Context) {
	defer close(q.done)
	retry, size := firstRetry, q.opts.BatchSize
	for {
		batch := q.batch(size)
		if len(batch) == 0 {
			select {
			case <-q.wake:
				continue
			case <-ctx.Done():
				return
			}
		}
		switch err := q.append(ctx, batch); {
		case err == nil:
			q.forget(len(batch))
			retry, size = firstRetry, min(2*size, q.opts.BatchSize)
		case errors.Is(err, ErrRejected) && len(batch) > 1:
			size = len(batch) / 2 // the culprit is in this half or the other
		case errors.Is(err, ErrRejected):
			q.reject(err)
			retry, size = firstRetry, q.opts.BatchSize
		default:
			q.opts.Logger.Warn("ledger: entries could not be stored; trying again", "entries", len(batch), "in", retry, "error", err)
			select {
			case <-time.After(retry):
			case <-ctx.Done():
				return
			}
			retry = min(2*retry, lastRetry)
		}
	}
}

// batch returns the oldest entries, up to size of them. They stay in place, so
// that they count against the capacity until they are stored.
func (q *Queue) batch(size int) []Entry {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.waiting[:min(len(q.waiting), size)]
}

// reject drops the oldest entry, which the store will never take.
func (q *Queue) reject(err error) {
	q.mu.Lock()
	q.dropped++
	q.rejected++
	first := q.rejected == 1
	q.mu.Unlock()
	if first { // once, as for a full queue
		q.opts.Logger.Warn("ledger: the store rejects an entry; such entries are dropped and counted", "error", err)
	}
	q.forget(1)
}

// forget removes the n oldest entries.
func (q *Queue) forget(n int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	// A fresh slice, for append would otherwise keep stored entries alive at
	// the front of an ever-moving array.
	q.waiting = append([]Entry(nil), q.waiting[n:]...)
	q.settled += uint64(n)
	close(q.progress)
	q.progress = make(chan struct{})
}

// append contains a store that panics: it is the app's code, and this goroutine
// has no handler above it.
func (q *Queue) append(ctx context.Context, batch []Entry) (err error) {
	ctx, cancel := context.WithTimeout(ctx, q.opts.AppendTimeout)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			err = errors.Join(err, fmt.Errorf("the store panicked: %v", p))
		}
	}()
	return q.store.Append(ctx, batch)
}
