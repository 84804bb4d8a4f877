package ledger_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edgewise-ai/edgewise/hybrid/ledger"
)

// table is a store that remembers, and fails as told.
type table struct {
	mu      sync.Mutex
	rows    map[string]ledger.Entry
	batches []int
	fail    func(call int) error
	calls   int
}

func (s *table) Append(_ context.Context, list []ledger.Entry) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	if s.fail != nil {
		if err := s.fail(s.calls); err != nil {
			return err
		}
	}
	if s.rows == nil {
		s.rows = make(map[string]ledger.Entry)
	}
	for _, e := range list {
		s.rows[e.ID] = e
	}
	s.batches = append(s.batches, len(list))
	return nil
}

func (s *table) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.rows)
}

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
	if store.count() != 425 || q.Dropped() != 0 {
		t.Errorf("%d rows, %d dropped", store.count(), q.Dropped())
	}
	for _, n := range store.batches {
		if n < 1 || n > 10 {
			t.Errorf("a batch of %d", n)
		}
	}
	if err := q.Close(t.Context()); err != nil {
		t.Errorf("closed again: %v", err)
	}
	if r := q.Record(entries(0, 2)); r != (ledger.Receipt{Dropped: 2}) || q.Dropped() != 2 {
		t.Errorf("after Close: %+v", r)
	}
}

func TestQueueTriesAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &table{fail: func(call int) error {
			switch {
			case call <= 3:
				return errors.New("no connection")
			case call == 4:
				panic("no driver")
			}
			return nil
		}}
		q := ledger.NewQueue(store, ledger.QueueOptions{Capacity: 5})
		began := time.Now()
		q.Record(entries(0, 5))
		// What is being tried still takes its place.
		if r := q.Record(entries(5, 6)); r.Dropped != 1 {
			t.Errorf("got %+v", r)
		}
		if err := q.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		if store.count() != 5 {
			t.Errorf("%d rows", store.count())
		}
		if waited := time.Since(began); waited != 1500*time.Millisecond {
			t.Errorf("waited %v, want 100+200+400+800 ms", waited)
		}
		if err := q.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestQueueCloseGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &table{fail: func(int) error { return errors.New("no connection") }}
		q := ledger.NewQueue(store, ledger.QueueOptions{})
		q.Record(entries(0, 3))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := q.Close(ctx)
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "3 entries") {
			t.Errorf("got %v", err)
		}
		if q.Dropped() != 3 {
			t.Errorf("%d dropped", q.Dropped())
		}
		if err := q.Flush(t.Context()); err == nil {
			t.Error("Flush says that lost entries are stored")
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

// picky is a table with a constraint that one model's name breaks.
type picky struct{ table }

func (s *picky) Append(ctx context.Context, list []ledger.Entry) error {
	for _, e := range list {
		if e.Model == "too long" {
			return fmt.Errorf("value too long for type varchar(7): %w", ledger.ErrRejected)
		}
	}
	return s.table.Append(ctx, list)
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
		if store.count() != 96 || q.Dropped() != 4 {
			t.Errorf("%d stored, %d dropped; want 96 and 4", store.count(), q.Dropped())
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

// Whoever closes again waits for the first, as long as its own context allows.
func TestQueueCloseAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := ledger.NewQueue(hanging{}, ledger.QueueOptions{AppendTimeout: time.Hour})
		q.Record(entries(0, 1))
		first, cancel := context.WithCancel(t.Context())
		closed := make(chan error)
		go func() { closed <- q.Close(first) }()
		synctest.Wait()
		second, cancelSecond := context.WithTimeout(t.Context(), time.Second)
		defer cancelSecond()
		if err := q.Close(second); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the second got %v", err)
		}
		cancel()
		if err := <-closed; !errors.Is(err, context.Canceled) {
			t.Errorf("the first got %v", err)
		}
		if err := q.Close(t.Context()); err != nil {
			t.Errorf("the third got %v", err)
		}
	})
}

// hanging is a store that waits for its context.
type hanging struct{}

func (hanging) Append(ctx context.Context, _ []ledger.Entry) error {
	<-ctx.Done()
	return ctx.Err()
}
