package ledger_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edgewise-ai/edgewise/hybrid/ledger"
)

// Whoever is told to stop has no time for a pause between two tries.
func TestQueueFlushTriesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		store := &table{fail: func(int) error {
			if time.Since(began) < time.Minute {
				return errors.New("no connection")
			}
			return nil
		}}
		q := ledger.NewQueue(store, ledger.QueueOptions{})
		q.Record(entries(0, 3))
		time.Sleep(time.Minute) // it is tried every 10 seconds by now
		synctest.Wait()
		if store.count() != 0 {
			t.Fatalf("%d rows", store.count())
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := q.Close(ctx); err != nil || store.count() != 3 {
			t.Errorf("%d rows, %v", store.count(), err)
		}
	})
}

// Nor has it for the pauses after that, which a reader leaves as they are.
func TestQueueFlushKeepsTrying(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		const up = time.Minute + 2*time.Second
		store := &readable{table{fail: func(int) error {
			if time.Since(began) < up {
				return errors.New("no connection")
			}
			return nil
		}}}
		tries := func() int {
			store.mu.Lock()
			defer store.mu.Unlock()
			return store.calls
		}
		q := ledger.NewQueue(store, ledger.QueueOptions{})
		q.Record(entries(0, 3))
		time.Sleep(time.Minute) // it is tried every 10 seconds by now: the next time at 1:02.7
		before := tries()
		if _, err := q.Sums(t.Context(), ledger.Query{}); err != nil || tries() != before {
			t.Errorf("%v, and %d tries while somebody read", err, tries()-before)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
		defer cancel()
		if err := q.Close(ctx); err != nil || store.count() != 3 {
			t.Errorf("%d rows, %v", store.count(), err)
		}
		if waited := time.Since(began) - up; waited > 100*time.Millisecond {
			t.Errorf("stored %v after the store was up again", waited)
		}
		if n := tries() - before; n > 12 {
			t.Errorf("%d tries in a second", n)
		}
	})
}

// meanwhile is a context that has something happen just before it is waited for.
type meanwhile struct {
	context.Context
	happens func()
}

func (m meanwhile) Done() <-chan struct{} {
	m.happens()
	return m.Context.Done()
}

// Stored is stored, even if the queue was closed before anybody looked.
func TestQueueFlushWhileClosing(t *testing.T) {
	for range 20 { // whichever of two pieces of news comes first
		store := &table{}
		store.mu.Lock()
		q := ledger.NewQueue(store, ledger.QueueOptions{})
		q.Record(entries(0, 3))
		closing := sync.OnceFunc(func() {
			store.mu.Unlock()
			if err := q.Close(t.Context()); err != nil {
				t.Error(err)
			}
		})
		if err := q.Flush(meanwhile{t.Context(), closing}); err != nil {
			t.Fatal(err)
		}
	}
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
		if got := q.Stats(); got != (ledger.QueueStats{Dropped: 3}) {
			t.Errorf("got %+v", got)
		}
		if err := q.Flush(t.Context()); err == nil {
			t.Error("Flush says that lost entries are stored")
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

// readable is a table that can be read.
type readable struct{ table }

func (s *readable) Sums(ctx context.Context, q ledger.Query) ([]ledger.Sum, error) {
	var m ledger.Memory
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.rows {
		m.Record([]ledger.Entry{e})
	}
	return m.Sums(ctx, q)
}

func requests(sums []ledger.Sum) int64 { return ledger.Summarize(sums).Total.Requests }

func TestQueueSums(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &readable{}
		q := ledger.NewQueue(store, ledger.QueueOptions{})
		q.Record(entries(0, 3))
		if sums, err := q.Sums(t.Context(), ledger.Query{}); err != nil || requests(sums) != 3 {
			t.Errorf("got %v, %v: what was recorded just before is missing", sums, err)
		}

		// A store that takes nothing more can still be read.
		store.fail = func(int) error { return errors.New("disk full") }
		q.Record(entries(3, 5))
		began := time.Now()
		sums, err := q.Sums(t.Context(), ledger.Query{})
		if err != nil || requests(sums) != 3 || time.Since(began) != time.Second {
			t.Errorf("got %v, %v after %v, want what is stored after a second", sums, err, time.Since(began))
		}
		brief, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if sums, err := q.Sums(brief, ledger.Query{}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, %v for a context that ends before", sums, err)
		}

		// So can one whose queue is closed.
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		_ = q.Close(ended)
		if again, err := q.Sums(t.Context(), ledger.Query{}); err != nil || !cmp.Equal(again, sums) {
			t.Errorf("got %v, %v after Close", again, err)
		}
	})
}

func TestQueueSumsUnsupported(t *testing.T) {
	q := ledger.NewQueue(&table{}, ledger.QueueOptions{})
	defer q.Close(t.Context())
	sums, err := q.Sums(t.Context(), ledger.Query{})
	if !errors.Is(err, errors.ErrUnsupported) || !strings.Contains(err.Error(), "*ledger_test.table") {
		t.Errorf("got %v, %v", sums, err)
	}
}
