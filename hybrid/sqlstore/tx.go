package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// A transaction that conflicts with another is tried again after a pause, which
// grows by that much each time.
const (
	maxTries   = 5
	retryPause = 10 * time.Millisecond
)

// tx runs f in a transaction, and all of it again if another got in the way. Unless
// f only reads, it begins with a write: see [SQLite].
func (s *Store) tx(ctx context.Context, f func(*sql.Tx) error) error {
	if s.writer != nil {
		select {
		case s.writer <- struct{}{}:
			defer func() { <-s.writer }()
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	for try := 1; ; try++ {
		err := s.tryTx(ctx, f)
		if err == nil || try == maxTries || s.dialect.judge(err) != passing {
			return err
		}
		select {
		case <-time.After(time.Duration(try) * retryPause):
		case <-ctx.Done():
			return err
		}
	}
}

func (s *Store) tryTx(ctx context.Context, f func(*sql.Tx) error) error {
	tx, err := s.db.BeginTx(ctx, &sql.TxOptions{Isolation: s.dialect.isolation})
	if err != nil {
		return err
	}
	if err := f(tx); err != nil {
		_ = tx.Rollback() // a connection that can't even do this is closed, to the same effect
		return err
	}
	return tx.Commit()
}

// exec runs one statement in a transaction of its own and returns how many rows it
// changed.
func (s *Store) exec(ctx context.Context, statement string, args ...any) (n int64, err error) {
	err = s.tx(ctx, func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, s.dialect.bind(statement), args...)
		if err != nil {
			return err
		}
		n, err = result.RowsAffected()
		return err
	})
	return n, err
}

// forEach calls f, which scans, for each row, and closes them.
func forEach(rows *sql.Rows, f func() error) error {
	for rows.Next() {
		if err := f(); err != nil {
			return errors.Join(err, rows.Close())
		}
	}
	return rows.Err() // after the last row they are closed
}
