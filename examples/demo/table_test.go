package main

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/edgewise-ai/edgewise/hybrid/ledger"
	"github.com/edgewise-ai/edgewise/internal/postgrestest"
	"github.com/edgewise-ai/edgewise/policy"
)

// databases are what the demo keeps its account in: each makes an empty one.
var databases = map[string]func(*testing.T) string{
	"SQLite":     func(t *testing.T) string { return filepath.Join(t.TempDir(), "demo.sqlite") },
	"PostgreSQL": func(t *testing.T) string { return postgrestest.Start(t, postgrestest.Options{}).Database(t) },
}

// table is the demo's table of entries, as another process reads it.
type table struct {
	t     *testing.T
	db    *sql.DB
	locks []string // statements that let others only read it
}

func openTable(t *testing.T, name string) *table {
	t.Helper()
	db, err := kindOf(name).open(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if isPostgreSQL(name) {
		return &table{t, db, []string{`BEGIN`, `LOCK TABLE edgewise_entries IN EXCLUSIVE MODE`}}
	}
	return &table{t, db, []string{`BEGIN IMMEDIATE`}}
}

// lock keeps the demo from writing until unlock is called, which may be called again.
func (b *table) lock() (unlock func()) {
	b.t.Helper()
	conn, err := b.db.Conn(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	unlock = sync.OnceFunc(func() {
		if _, err := conn.ExecContext(context.WithoutCancel(b.t.Context()), `ROLLBACK`); err != nil {
			b.t.Error(err)
		}
		conn.Close()
	})
	for _, statement := range b.locks {
		if _, err := conn.ExecContext(b.t.Context(), statement); err != nil {
			b.t.Fatal(err)
		}
	}
	return unlock
}

// keys returns how often each of the keys that a book has is in the table.
func (b *table) keys() map[string]int {
	b.t.Helper()
	rows, err := b.db.QueryContext(b.t.Context(), `SELECT id, source, reason, completion_tokens FROM edgewise_entries`)
	if err != nil {
		b.t.Fatal(err)
	}
	defer rows.Close()
	found := make(map[string]int)
	for rows.Next() {
		var e ledger.Entry
		if err := rows.Scan(&e.ID, &e.Source, &e.Reason, &e.CompletionTokens); err != nil {
			b.t.Fatal(err)
		}
		if e.Source == ledger.Server {
			e.ID = asked{policy.Reason(e.Reason), int(e.CompletionTokens)}.key()
		}
		found[e.ID]++
	}
	if err := rows.Err(); err != nil {
		b.t.Fatal(err)
	}
	return found
}

// count returns how many entries there are, and 0 once ctx has ended.
func (b *table) count(ctx context.Context) (n int) {
	err := b.db.QueryRowContext(ctx, `SELECT COUNT(*) FROM edgewise_entries`).Scan(&n)
	if err != nil && ctx.Err() == nil {
		b.t.Error(err)
	}
	return n
}

// watch follows a table while a load fills it, and knows what is safe in there.
//
// Whatever is acknowledged waits in the queue's memory until an Append has taken and
// stored it. So what was acknowledged before the table was read, and has grown twice
// since, is stored: the first growth is an Append that may have begun without it, the
// second one that can't have. That is the window which package ledger documents, counted
// in Appends and not in milliseconds, which a test can't rely on.
type watch struct {
	table *table
	book  *book

	mu     sync.Mutex
	stored int
	unsent int    // how much less was stored than sent when it began
	before [3]int // how many acknowledgements preceded a reading after which it grew 0, 1, 2 times
}

// newWatch begins with a table that has all that was acknowledged.
func newWatch(t *table, b *book) *watch {
	stored := t.count(t.t.Context())
	sent, _ := b.counts()
	return &watch{table: t, book: b, stored: stored, unsent: sent - stored}
}

// run reads the table until ctx ends.
func (w *watch) run(ctx context.Context) {
	for ctx.Err() == nil {
		_, acknowledged := w.book.counts()
		stored := w.table.count(ctx)
		w.mu.Lock()
		if stored > w.stored {
			w.before[2], w.before[1], w.stored = w.before[1], w.before[0], stored
		}
		w.before[0] = acknowledged
		w.mu.Unlock()
		time.Sleep(time.Millisecond)
	}
}

// room waits until the load may send more.
func (w *watch) room(ctx context.Context) bool {
	for ctx.Err() == nil {
		if w.unstored() < maxUnstored {
			return true
		}
		time.Sleep(time.Millisecond)
	}
	return false
}

// unstored returns how much was sent and has not been seen in the table.
func (w *watch) unstored() int {
	sent, _ := w.book.counts()
	w.mu.Lock()
	defer w.mu.Unlock()
	return sent - w.stored - w.unsent
}

// safe returns what is stored, whatever happens.
func (w *watch) safe() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.book.mu.Lock()
	defer w.book.mu.Unlock()
	return slices.Clone(w.book.acks[:w.before[2]])
}

// faults says what is wrong with a table: what it must have and lacks, what nobody sent,
// and what it counts twice.
func faults(found map[string]int, must []string, sent map[string]bool) (all []string) {
	for _, key := range must {
		if found[key] == 0 {
			all = append(all, key+" is lost")
		}
	}
	for key, n := range found {
		if !sent[key] {
			all = append(all, fmt.Sprintf("%q was never sent", key))
		}
		if n > 1 {
			all = append(all, fmt.Sprintf("%s is there %d times", key, n))
		}
	}
	return all
}

func TestFaults(t *testing.T) {
	sent := map[string]bool{"a": true, "b": true, "c": true}
	for want, found := range map[string]map[string]int{
		"":                   {"a": 1, "b": 1},
		"a is lost":          {"b": 1, "c": 1},
		`"d" was never sent`: {"a": 1, "d": 1},
		"b is there 2 times": {"a": 1, "b": 2},
	} {
		got := faults(found, []string{"a"}, sent)
		if len(got) != min(1, len(want)) || want != "" && got[0] != want {
			t.Errorf("%v: got %q, want %q", found, got, want)
		}
	}
}
