package ledger_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edgewise-ai/edgewise/hybrid/ledger"
)

func TestQueueStoresAll(t *testing.T) {
	store := &table{}
	q := ledger.NewQueue(store, ledger.QueueOptions{BatchSize: 10})
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for n := range 100 {
				id := g*100 + n
				if r := q.Record(entries(id, id+1)); r.Accepted != 1 {
					t.Errorf("got %+v", r)
				}
			}
		})
	}
	wg.Wait()
	if err := q.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if store.count() != 400 {
		t.Errorf("%d rows after Flush", store.count())
	}
	q.Record(entries(400, 425))
	if err := q.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := q.Stats(); store.count() != 425 || got != (ledger.QueueStats{Stored: 425}) {
		t.Errorf("%d rows, %+v", store.count(), got)
	}
	for _, n := range store.batches {
		if n < 1 || n > 10 {
			t.Errorf("a batch of %d", n)
		}
	}
	if err := q.Close(t.Context()); err != nil {
		t.Errorf("closed again: %v", err)
	}
	if r := q.Record(entries(500, 502)); r != (ledger.Receipt{Dropped: 2}) || q.Stats().Dropped != 2 {
		t.Errorf("after Close: %+v, %+v", r, q.Stats())
	}
}

// What has no ID gets one before it is appended, so that the store knows it again
// after an error that says nothing.
func TestQueueGivesIDs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &table{after: func(call int) error {
			if call == 1 {
				return errors.New("connection reset while committing")
			}
			return nil
		}}
		q := ledger.NewQueue(store, ledger.QueueOptions{})
		list := []ledger.Entry{entry(""), entry("g.1"), entry("")}
		q.Record(list)
		if err := q.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, kept := store.rows["g.1"]; len(store.rows) != 3 || !kept || store.calls != 2 {
			t.Errorf("%d calls left %v", store.calls, store.rows)
		}
		for id := range store.rows {
			if id != "g.1" && len(id) != 32 {
				t.Errorf("an entry is called %q", id)
			}
		}
		if list[0].ID != "" {
			t.Error("the caller's entry got an ID")
		}
	})
}

// Every entry that was ever recorded is in one of the counts.
func TestQueueStats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &picky{table{fail: func(call int) error {
			if call >= 2 {
				return errors.New("no connection")
			}
			return nil
		}}}
		q := ledger.NewQueue(store, ledger.QueueOptions{Capacity: 10})
		step := func(want ledger.QueueStats) {
			t.Helper()
			synctest.Wait()
			if got := q.Stats(); got != want {
				t.Errorf("got %+v, want %+v", got, want)
			}
		}
		step(ledger.QueueStats{})
		q.Record(entries(0, 4))
		step(ledger.QueueStats{Stored: 4})
		odd := entry("odd")
		odd.Model = "too long"
		q.Record([]ledger.Entry{odd})
		step(ledger.QueueStats{Stored: 4, Rejected: 1})
		q.Record(entries(0, 2)) // again
		step(ledger.QueueStats{Stored: 4, Rejected: 1, Repeated: 2})
		q.Record(entries(4, 17))
		step(ledger.QueueStats{Stored: 4, Rejected: 1, Repeated: 2, Waiting: 10, Dropped: 3})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_ = q.Close(ctx)
		step(ledger.QueueStats{Stored: 4, Rejected: 1, Repeated: 2, Dropped: 13})
		q.Record(entries(17, 18))
		step(ledger.QueueStats{Stored: 4, Rejected: 1, Repeated: 2, Dropped: 14})
	})
}

// An operator reads when the drops began and what they came to, each time, and
// nothing for each drop.
func TestQueueLogsDropsOnceUntilItIsEmpty(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		store := &table{}
		q := ledger.NewQueue(store, ledger.QueueOptions{Capacity: 5, Logger: slog.New(slog.NewTextHandler(&log, nil))})
		for round := range 2 {
			store.mu.Lock() // the store is busy
			for n := range 4 {
				first := 100*round + 10*n
				q.Record(entries(first, first+3))
			}
			store.mu.Unlock()
			if err := q.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		if err := q.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		full, empty := strings.Count(log.String(), "the queue is full"), strings.Count(log.String(), "empty again\" dropped=7")
		if lines := strings.Count(log.String(), "\n"); full != 2 || empty != 2 || lines != 4 {
			t.Errorf("logged:\n%s", &log)
		}
	})
}

// What is delivered again soon after is known at once; what comes later, the store knows.
func TestQueueKnowsRecentIDs(t *testing.T) {
	store := &table{}
	q := ledger.NewQueue(store, ledger.QueueOptions{Capacity: 100_000})
	for i, test := range []struct {
		from, to int
		want     ledger.Receipt
	}{
		{0, 10, ledger.Receipt{Accepted: 10}},
		{5, 15, ledger.Receipt{Accepted: 5, Duplicates: 5}},
		{15, 60_000, ledger.Receipt{Accepted: 59_985}},
		{59_000, 60_000, ledger.Receipt{Duplicates: 1000}},
		{0, 10, ledger.Receipt{Accepted: 10}}, // forgotten
	} {
		if got := q.Record(entries(test.from, test.to)); got != test.want {
			t.Errorf("%d: got %+v, want %+v", i, got, test.want)
		}
	}
	if err := q.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s := q.Stats(); store.count() != 60_000 || s.Repeated != 1005 {
		t.Errorf("%d rows, %+v", store.count(), s)
	}
}
