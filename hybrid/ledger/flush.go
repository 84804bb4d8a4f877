package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Flush implements [Ledger]. What the store rejects is not waited for. A store that
// failed is tried at once, and ten times a second for as long as Flush waits.
func (q *Queue) Flush(ctx context.Context) error {
	q.flushing.Add(1)
	defer q.flushing.Add(-1)
	signal(q.hurry)
	return q.settled(ctx)
}

// settled waits until what was accepted before the call is stored, or rejected.
func (q *Queue) settled(ctx context.Context) error {
	q.mu.Lock()
	goal := q.accepted
	q.mu.Unlock()
	for ended := false; ; {
		q.mu.Lock()
		settled, progress := q.stats.Stored+q.stats.Rejected, q.progress
		q.mu.Unlock()
		if settled >= goal {
			return nil
		}
		if ended {
			return fmt.Errorf("ledger: the queue was closed with %d entries unstored", goal-settled)
		}
		select {
		case <-progress:
		case <-q.done:
			ended = true // look once more: the last Append may just have succeeded
		case <-ctx.Done():
			return fmt.Errorf("ledger: %d entries are not stored yet: %w", goal-settled, context.Cause(ctx))
		}
	}
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
	defer q.mu.Unlock()
	q.stats.Dropped += uint64(q.stats.Waiting)
	q.stats.Waiting = 0
	q.gathering = nil
	return err
}

// freshness is how long a reader waits for what was recorded just before.
const freshness = time.Second

// Sums implements [Reader] by the store. It waits until what was accepted before the
// call is stored, but a second at most, and reads what is there by then: a store
// that has fallen behind makes the sums late, by [QueueStats.Waiting], and not
// unavailable; nor is one that fails tried more often because somebody reads. A store
// that is no Reader is an error that wraps [errors.ErrUnsupported].
func (q *Queue) Sums(ctx context.Context, query Query) ([]Sum, error) {
	reader, ok := q.store.(Reader)
	if !ok {
		return nil, fmt.Errorf("ledger: the store, a %T, can't be read: %w", q.store, errors.ErrUnsupported)
	}
	fresh, cancel := context.WithTimeout(ctx, freshness)
	defer cancel()
	if err := q.settled(fresh); err != nil && ctx.Err() != nil {
		return nil, err
	}
	return reader.Sums(ctx, query)
}
