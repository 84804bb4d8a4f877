package sqlstore_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edgewise-ai/edgewise/hybrid/ledger"
	"github.com/edgewise-ai/edgewise/hybrid/sqlstore"
)

// pgError and sqliteError are errors as drivers of the two have them.
type pgError string

func (e pgError) Error() string    { return "ERROR: SQLSTATE " + string(e) }
func (e pgError) SQLState() string { return string(e) }

type sqliteError int

func (e sqliteError) Error() string { return fmt.Sprint("SQLite error ", int(e)) }
func (e sqliteError) Code() int     { return int(e) }

// An entry is rejected only where it is certain that it will never be taken, and
// what another transaction caused is tried again, but not for ever.
func TestErrorsOfAppend(t *testing.T) {
	const tries = 5
	for _, test := range []struct {
		dialect  sqlstore.Dialect
		err      error
		tries    int
		rejected bool
	}{
		{sqlstore.PostgreSQL, pgError("22021"), 1, true}, // invalid byte sequence
		{sqlstore.PostgreSQL, pgError("23514"), 1, true}, // check constraint
		{sqlstore.PostgreSQL, pgError("54000"), 1, true}, // too long for an index
		{sqlstore.PostgreSQL, pgError("40001"), tries, false},
		{sqlstore.PostgreSQL, pgError("40P01"), tries, false},
		{sqlstore.PostgreSQL, pgError("42P01"), 1, false}, // no such table
		{sqlstore.PostgreSQL, pgError("53100"), 1, false}, // disk full
		{sqlstore.PostgreSQL, pgError("57P01"), 1, false}, // server stops
		{sqlstore.PostgreSQL, errors.New("broken pipe"), 1, false},
		{sqlstore.SQLite, sqliteError(18), 1, true},            // too big
		{sqlstore.SQLite, sqliteError(19 | 1<<8), 1, true},     // check constraint
		{sqlstore.SQLite, sqliteError(5), tries, false},        // busy
		{sqlstore.SQLite, sqliteError(6 | 1<<8), tries, false}, // locked by one who shares the cache
		{sqlstore.SQLite, sqliteError(13), 1, false},           // disk full
		{sqlstore.SQLite, errors.New("database is closed"), 1, false},
	} {
		synctest.Test(t, func(t *testing.T) {
			inserts := 0
			fake := &fakeDB{fail: func(_ context.Context, statement string) error {
				inserts++
				return test.err
			}}
			err := open(t, fake, test.dialect).Append(t.Context(), []ledger.Entry{{ID: "a"}})
			if !errors.Is(err, test.err) || errors.Is(err, ledger.ErrRejected) != test.rejected {
				t.Errorf("%v: got %v, want it rejected: %t", test.err, err, test.rejected)
			}
			if inserts != test.tries {
				t.Errorf("%v: tried %d times, want %d", test.err, inserts, test.tries)
			}
		})
	}
}

func TestConflictsPass(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inserts := 0
		fake := &fakeDB{fail: func(_ context.Context, statement string) error {
			if strings.Contains(statement, "INSERT") {
				if inserts++; inserts < 3 {
					return pgError("40P01")
				}
			}
			return nil
		}}
		if err := open(t, fake, sqlstore.PostgreSQL).Append(t.Context(), []ledger.Entry{{ID: "a"}}); err != nil {
			t.Error(err)
		}
	})
}

// Who waits for SQLite's only writer waits no longer than its context allows.
func TestWaitingForTheWriter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &fakeDB{fail: func(ctx context.Context, _ string) error {
			<-ctx.Done()
			return ctx.Err()
		}}
		store := open(t, fake, sqlstore.SQLite)
		slow, stop := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- store.Append(slow, []ledger.Entry{{ID: "a"}}) }()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := store.Append(ctx, []ledger.Entry{{ID: "b"}}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		stop()
		<-done
	})
}

// open returns a store, for use in a bubble: the database is closed with it.
func open(t *testing.T, fake *fakeDB, dialect sqlstore.Dialect) *sqlstore.Store {
	t.Helper()
	store, err := sqlstore.New(t.Context(), fake.open(t), dialect, sqlstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return store
}
