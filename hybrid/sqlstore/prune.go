package sqlstore

import (
	"context"
	"time"
)

// Each Append deletes at most so many rows of each table, so that it never takes
// long, and none for an hour once nothing was left to delete.
const (
	pruneRows  = 1000
	pruneEvery = time.Hour
	pruneTime  = time.Second // at most, for an Append waits for it
)

// prune deletes entries past their time, and accounts from which nothing is missing.
func (s *Store) prune(ctx context.Context) {
	if !s.pruning.TryLock() {
		return
	}
	defer s.pruning.Unlock()
	now := time.Now()
	if now.Before(s.nextPrune) {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, pruneTime)
	defer cancel()
	more, err := s.pruneOnce(ctx, now)
	if err != nil {
		s.opts.Logger.Warn("sqlstore: what is past its time could not be deleted; trying again", "in", pruneEvery, "error", err)
	}
	if !more {
		s.nextPrune = now.Add(pruneEvery)
	}
}

// pruneOnce reports whether there may be more to delete. It passes over rows that
// somebody else has locked: waiting for them in another order than [Store.lock] does
// would be a deadlock.
func (s *Store) pruneOnce(ctx context.Context, now time.Time) (more bool, err error) {
	if s.opts.Retention > 0 {
		n, err := s.exec(ctx, `
			WITH old AS MATERIALIZED (
				SELECT id FROM edgewise_entries WHERE at_ms < ? ORDER BY at_ms LIMIT ? `+s.dialect.skip+`)
			DELETE FROM edgewise_entries WHERE id IN (SELECT id FROM old)`,
			now.Add(-s.opts.Retention).UnixMilli(), pruneRows)
		if err != nil {
			return false, err
		}
		more = n == pruneRows
	}
	// By the callers' clock, as the limits are, and by that of a replica that is a
	// second behind.
	clock := s.clock.Load() - int64(time.Second)
	n, err := s.exec(ctx, `
		WITH back AS MATERIALIZED (
			SELECT key FROM edgewise_limits WHERE back_ns <= ? LIMIT ? `+s.dialect.skip+`)
		DELETE FROM edgewise_limits WHERE key IN (SELECT key FROM back)`,
		clock, pruneRows)
	return err == nil && (more || n == pruneRows), err
}
