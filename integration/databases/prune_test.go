package databases_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"testing"
	"time"

	"github.com/edgewise-ai/edgewise/hybrid/ledger"
	"github.com/edgewise-ai/edgewise/hybrid/limit"
	"github.com/edgewise-ai/edgewise/hybrid/sqlstore"
)

// aged are entries that many days old.
func aged(days int, name string, n int) []ledger.Entry {
	entries := make([]ledger.Entry, n)
	for i := range entries {
		entries[i] = ledger.Entry{
			ID:     fmt.Sprint(name, ".", i),
			Time:   time.Now().AddDate(0, 0, -days),
			Source: ledger.Server,
		}
	}
	return entries
}

func TestRetention(t *testing.T) {
	for _, d := range databases {
		t.Run(d.name, func(t *testing.T) {
			for _, opts := range []struct {
				options sqlstore.Options
				want    int
			}{
				{sqlstore.Options{Retention: -1}, 4},
				{sqlstore.Options{}, 3},
				{sqlstore.Options{Retention: sqlstore.MinRetention}, 1},
			} {
				db := d.create(t).open(t)
				var all []ledger.Entry
				for _, days := range []int{401, 399, 10, 8} {
					all = append(all, aged(days, strconv.Itoa(days), 1)...)
				}
				add(t, newStore(t, db, d.dialect, opts.options), all...)
				if n := count(t, db, "edgewise_entries"); n != opts.want {
					t.Errorf("%+v: %d entries, want %d", opts.options, n, opts.want)
				}
			}
		})
	}
}

// However much there is to delete, no Append waits for all of it.
func TestRetentionComesBitByBit(t *testing.T) {
	each(t, func(t *testing.T, dialect sqlstore.Dialect, at address) {
		db := at.open(t)
		add(t, newStore(t, db, dialect, keepAll), aged(500, "old", 1500)...)
		store := newStore(t, db, dialect, sqlstore.Options{})
		for i, want := range []int{500, 0} {
			add(t, store, aged(0, fmt.Sprint("new", i), 1)...)
			if n := count(t, db, "edgewise_entries WHERE id LIKE 'old%'"); n != want {
				t.Errorf("after %d appends %d old entries are left, want %d", i+1, n, want)
			}
		}
	})
}

// The row of an account that has come back says no more than none does.
func TestAccountsThatCameBackAreForgotten(t *testing.T) {
	each(t, func(t *testing.T, dialect sqlstore.Dialect, at address) {
		db := at.open(t)
		store := newStore(t, db, dialect, keepAll)
		noon := time.Date(2026, time.November, 23, 12, 0, 0, 0, time.UTC)
		minute := limit.Account{Key: "minute", Capacity: 10, Amount: 10, Per: time.Minute}
		month := limit.Account{Key: "month", Capacity: 10, Period: limit.Month}
		ages := limit.Account{Key: "ages", Capacity: limit.MaxAmount, Amount: 1, Per: 1000 * time.Hour}
		take := func(now time.Time, a limit.Account, amount int64) {
			t.Helper()
			if refusal, err := store.Take(t.Context(), now, []limit.Charge{{Account: a, Amount: amount}}); refusal != nil || err != nil {
				t.Fatal(refusal, err)
			}
		}
		take(noon, minute, 10)
		take(noon, month, 10)
		take(noon, ages, limit.MaxAmount)
		take(noon.Add(59*time.Second), month, 0) // tells the store what time it is
		add(t, store, aged(0, "first", 1)...)
		if n := count(t, db, "edgewise_limits"); n != 3 {
			t.Fatalf("%d accounts are left, and none has come back", n)
		}
		store = newStore(t, db, dialect, keepAll) // which deletes at its first Append
		take(noon.Add(61*time.Second), month, 0)
		add(t, store, aged(0, "second", 1)...)
		if n := count(t, db, "edgewise_limits WHERE key <> 'minute'"); n != 2 || count(t, db, "edgewise_limits") != n {
			t.Errorf("the accounts of a month and of ages should be left, and no other")
		}
	})
}

// Forgetting accounts keeps nobody waiting who takes from them, and waits for nobody.
func TestPostgreSQLTakeMeetsForgetting(t *testing.T) {
	db := newPostgreSQL(t).open(t)
	var log bytes.Buffer
	store := newStore(t, db, sqlstore.PostgreSQL, sqlstore.Options{Retention: -1, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	now := time.Now()
	take := func(now time.Time, keys ...string) error {
		var charges []limit.Charge
		for _, key := range keys {
			charges = append(charges, limit.Charge{Account: limit.Account{Key: key, Capacity: 10, Period: limit.Day}, Amount: 1})
		}
		refusal, err := store.Take(t.Context(), now, charges)
		if refusal != nil {
			return errors.New("refused")
		}
		return err
	}
	// They lie in the table as nobody locks them: by their keys.
	for _, key := range []string{"c", "a"} {
		if err := take(now.AddDate(0, 0, -2), key); err != nil {
			t.Fatal(err)
		}
	}
	if err := take(now, "b"); err != nil {
		t.Fatal(err)
	}

	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	if _, err := tx.ExecContext(t.Context(), `UPDATE edgewise_limits SET taken = taken WHERE key = 'b'`); err != nil {
		t.Fatal(err)
	}
	took := make(chan error, 1)
	go func() { took <- take(now, "a", "b", "c") }()
	for waiting := 0; waiting == 0; { // with a locked, for b, and next for c
		waiting = count(t, db, `pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`)
	}
	add(t, store, aged(0, "new", 1)...)
	if n := count(t, db, "edgewise_limits WHERE key = 'c'"); n != 0 {
		t.Error("the account that nobody has locked is not forgotten")
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := <-took; err != nil {
		t.Error(err)
	}
	if n := count(t, db, "edgewise_limits WHERE taken > 0"); n != 3 {
		t.Errorf("%d accounts, want 3", n)
	}
	if log.Len() > 0 {
		t.Error(log.String())
	}
}
