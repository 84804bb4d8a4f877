package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Failing appends are repeated after a pause that doubles up to a bound, and stays as
// short as the first while somebody flushes.
const (
	firstRetry = 100 * time.Millisecond
	lastRetry  = 10 * time.Second
)

// drain is the goroutine that empties a queue.
type drain struct {
	*Queue

	// taken are the entries that it took from the queue, unstored from next on. They
	// count against the capacity until they are stored. Its array and that of
	// Queue.gathering change places, so that a busy queue allocates nothing.
	taken []Entry
	next  int
}

func (d *drain) run(ctx context.Context) {
	defer close(d.done)
	retry, size := firstRetry, d.opts.BatchSize
	for {
		batch := d.batch(size)
		if len(batch) == 0 {
			select {
			case <-d.wake:
				continue
			case <-ctx.Done():
				return
			}
		}
		switch err := d.append(ctx, batch); {
		case err == nil:
			d.settle(len(batch), nil)
			retry, size = firstRetry, min(2*size, d.opts.BatchSize)
		case errors.Is(err, ErrRejected) && len(batch) > 1:
			size = len(batch) / 2 // the culprit is in this half or the other
		case errors.Is(err, ErrRejected):
			d.settle(1, err)
			retry, size = firstRetry, d.opts.BatchSize
		default:
			pause := retry
			if d.flushing.Load() > 0 {
				pause = firstRetry
			}
			d.opts.Logger.Warn("ledger: entries could not be stored; trying again", "entries", len(batch), "in", pause, "error", err)
			select {
			case <-time.After(pause):
			case <-d.hurry:
			case <-ctx.Done():
				return
			}
			retry = min(2*retry, lastRetry)
		}
	}
}

// batch returns the oldest entries, up to size of them.
func (d *drain) batch(size int) []Entry {
	if d.next == len(d.taken) {
		d.mu.Lock()
		d.taken, d.gathering = d.gathering, d.taken[:0]
		d.mu.Unlock()
		d.next = 0
	}
	end := min(d.next+size, len(d.taken))
	return d.taken[d.next:end:end]
}

// settle counts the n oldest entries as stored, or as rejected for a reason.
func (d *drain) settle(n int, rejected error) {
	clear(d.taken[d.next : d.next+n]) // the array stays: let go of what the entries refer to
	d.next += n

	d.mu.Lock()
	d.stats.Waiting -= n
	if rejected == nil {
		d.stats.Stored += uint64(n)
	} else {
		d.stats.Rejected += uint64(n)
	}
	first := rejected != nil && d.stats.Rejected == 1
	var lost uint64
	if d.stats.Waiting == 0 {
		lost, d.full = d.full, 0
	}
	close(d.progress)
	d.progress = make(chan struct{})
	d.mu.Unlock()

	if first { // once ever: there is no end to it to wait for
		d.opts.Logger.Warn("ledger: the store rejects an entry; such entries are dropped and counted", "error", rejected)
	}
	if lost > 0 {
		d.opts.Logger.Warn("ledger: the queue has run empty again", "dropped", lost)
	}
}

// append contains a store that panics: it is the app's code, and this goroutine
// has no handler above it.
func (d *drain) append(ctx context.Context, batch []Entry) (err error) {
	ctx, cancel := context.WithTimeout(ctx, d.opts.AppendTimeout)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			err = errors.Join(err, fmt.Errorf("the store panicked: %v", p))
		}
	}()
	return d.store.Append(ctx, batch)
}
