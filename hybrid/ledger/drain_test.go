package ledger_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edgewise-ai/edgewise/hybrid/ledger"
)

func TestQueueTriesAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var stored time.Duration
		store := &table{fail: func(call int) error {
			switch {
			case call <= 3:
				return errors.New("no connection")
			case call == 4:
				panic("no driver")
			}
			stored = time.Since(began)
			return nil
		}}
		q := ledger.NewQueue(store, ledger.QueueOptions{Capacity: 5})
		q.Record(entries(0, 5))
		synctest.Wait() // what is being tried still takes its place
		if r := q.Record(entries(5, 6)); r.Dropped != 1 {
			t.Errorf("got %+v", r)
		}
		time.Sleep(time.Minute)
		if store.count() != 5 || stored != 1500*time.Millisecond {
			t.Errorf("%d rows after %v, want 5 after 100+200+400+800 ms", store.count(), stored)
		}
		if err := q.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestQueueBoundsAnAppend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := ledger.NewQueue(hanging{}, ledger.QueueOptions{AppendTimeout: time.Minute})
		q.Record(entries(0, 1))
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if err := q.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
}

// An entry that can never be stored takes no other with it.
func TestQueueDropsWhatIsRejected(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		list := entries(0, 100)
		for _, n := range []int{0, 41, 42, 99} {
			list[n].Model = "too long"
		}
		var log bytes.Buffer
		store := &picky{}
		q := ledger.NewQueue(store, ledger.QueueOptions{BatchSize: 32, Logger: slog.New(slog.NewTextHandler(&log, nil))})
		began := time.Now()
		q.Record(list)
		if err := q.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := q.Stats(); store.count() != 96 || got != (ledger.QueueStats{Stored: 96, Rejected: 4}) {
			t.Errorf("%d rows, %+v; want 96 and 4 rejected", store.count(), got)
		}
		if n := len(store.batches); n > 40 {
			t.Errorf("%d batches for 96 entries: too many innocent ones came alone", n)
		}
		if waited := time.Since(began); waited != 0 {
			t.Errorf("waited %v: no pause will make an entry shorter", waited)
		}
		if n := strings.Count(log.String(), "varchar"); n != 1 {
			t.Errorf("logged %d times:\n%s", n, &log)
		}
		if err := q.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// Batches that were halved grow again, even if nobody was to blame.
func TestQueueBatchesGrowAgain(t *testing.T) {
	store := &table{fail: func(call int) error {
		if call == 1 {
			return ledger.ErrRejected
		}
		return nil
	}}
	q := ledger.NewQueue(store, ledger.QueueOptions{BatchSize: 8})
	q.Record(entries(0, 32))
	if err := q.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if want := []int{4, 8, 8, 8, 4}; !cmp.Equal(store.batches, want) {
		t.Errorf("batches of %v, want %v", store.batches, want)
	}
}
