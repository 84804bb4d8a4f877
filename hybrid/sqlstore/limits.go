package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/edgewise-ai/edgewise/hybrid/limit"
)

// Take implements [limit.Store].
func (s *Store) Take(ctx context.Context, now time.Time, charges []limit.Charge) (*limit.Refusal, error) {
	if err := limit.ValidateTake(charges); err != nil {
		return nil, err
	}
	var refusal *limit.Refusal
	err := s.change(ctx, now, charges, func(states []limit.State) (write bool) {
		refusal = limit.TakeAll(states, now, charges)
		return refusal == nil
	})
	return refusal, err
}

// Settle implements [limit.Store].
func (s *Store) Settle(ctx context.Context, now time.Time, charges []limit.Charge) error {
	if err := limit.ValidateSettle(charges); err != nil {
		return err
	}
	return s.change(ctx, now, charges, func(states []limit.State) (write bool) {
		for i := range charges {
			states[i] = charges[i].Account.Settle(states[i], now, charges[i].Amount)
		}
		return true
	})
}

// Left implements [limit.Store].
func (s *Store) Left(ctx context.Context, now time.Time, account limit.Account) (int64, error) {
	if err := account.Validate(); err != nil {
		return 0, err
	}
	var taken, at int64
	row := s.db.QueryRowContext(ctx, s.dialect.bind(`SELECT taken, at_ns FROM edgewise_limits WHERE key = ?`), account.Key)
	if err := row.Scan(&taken, &at); err != nil && !errors.Is(err, sql.ErrNoRows) {
		return 0, fmt.Errorf("sqlstore: limits: %w", err)
	}
	return account.Left(stateOf(taken, at), now), nil
}

func stateOf(taken, at int64) limit.State {
	return limit.State{Taken: taken, At: time.Unix(0, at).UTC()}
}

// errUnchanged ends a transaction that has nothing to write.
var errUnchanged = errors.New("unchanged")

// change locks the accounts of the charges, hands f their states, and writes them if
// f says so.
func (s *Store) change(ctx context.Context, now time.Time, charges []limit.Charge, f func([]limit.State) (write bool)) error {
	if len(charges) == 0 {
		return ctx.Err()
	}
	s.clock.Store(now.UnixNano())
	err := s.tx(ctx, func(tx *sql.Tx) error {
		states, err := s.lock(ctx, tx, charges)
		if err != nil {
			return err
		}
		if !f(states) {
			return errUnchanged
		}
		return s.write(ctx, tx, charges, states)
	})
	if err != nil && !errors.Is(err, errUnchanged) {
		return fmt.Errorf("sqlstore: limits: %w", err)
	}
	return nil
}

// lock returns the states of the accounts, which nobody else changes before the
// transaction ends. Every transaction locks in the order of the keys, so that no two
// wait for each other; an update that changes nothing locks a row that is there and
// makes one that is not, without a moment in between.
func (s *Store) lock(ctx context.Context, tx *sql.Tx, charges []limit.Charge) ([]limit.State, error) {
	keys := make([]string, len(charges))
	for i := range charges {
		keys[i] = charges[i].Account.Key
	}
	slices.Sort(keys)
	args := make([]any, len(keys))
	for i, key := range keys {
		args[i] = key
	}
	found, err := tx.QueryContext(ctx, s.dialect.bind(`
		INSERT INTO edgewise_limits (key, taken, at_ns, back_ns) VALUES `+rows(`(?, 0, 0, 0)`, len(keys))+`
		ON CONFLICT (key) DO UPDATE SET taken = edgewise_limits.taken
		RETURNING key, taken, at_ns`), args...)
	if err != nil {
		return nil, err
	}
	known := make(map[string]limit.State, len(keys))
	err = forEach(found, func() error {
		var key string
		var taken, at int64
		err := found.Scan(&key, &taken, &at)
		known[key] = stateOf(taken, at)
		return err
	})
	states := make([]limit.State, len(charges))
	for i := range charges {
		states[i] = known[charges[i].Account.Key]
	}
	return states, err
}

// write stores the states of accounts that are locked.
func (s *Store) write(ctx context.Context, tx *sql.Tx, charges []limit.Charge, states []limit.State) error {
	args := make([]any, 0, 4*len(charges))
	for i := range charges {
		account := &charges[i].Account
		args = append(args, account.Key, states[i].Taken, states[i].At.UnixNano(), backAt(account, states[i]))
	}
	_, err := tx.ExecContext(ctx, s.dialect.bind(`
		INSERT INTO edgewise_limits (key, taken, at_ns, back_ns) VALUES `+rows(`(?, ?, ?, ?)`, len(charges))+`
		ON CONFLICT (key) DO UPDATE SET taken = excluded.taken, at_ns = excluded.at_ns, back_ns = excluded.back_ns`), args...)
	return err
}

// backAt returns when all that was taken will have come back, by the bound as it
// stands now.
func backAt(account *limit.Account, state limit.State) int64 {
	until := account.Until(state)
	if until.After(lastTime) {
		return math.MaxInt64
	}
	return until.UnixNano()
}

// lastTime is the last that nanoseconds can say, in the year 2262.
var lastTime = time.Unix(0, math.MaxInt64)
