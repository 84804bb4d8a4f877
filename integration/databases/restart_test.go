package databases_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edgewise-ai/edgewise/hybrid/ledger"
	"github.com/edgewise-ai/edgewise/hybrid/ledger/ledgertest"
	"github.com/edgewise-ai/edgewise/hybrid/limit"
	"github.com/edgewise-ai/edgewise/hybrid/sqlstore"
	"github.com/edgewise-ai/edgewise/internal/postgrestest"
)

// announced is a store that says when an Append begins.
type announced struct {
	ledger.Store
	began chan<- struct{}
}

func (a announced) Append(ctx context.Context, entries []ledger.Entry) error {
	select {
	case a.began <- struct{}{}:
	default:
	}
	return a.Store.Append(ctx, entries)
}

// The server breaks down in mid-append, again and again: nothing is lost, and nothing
// counts twice.
func TestPostgreSQLRestarts(t *testing.T) {
	server := postgrestest.Start(t, postgrestest.Options{})
	db := address{"pgx", server.Database(t)}.open(t)
	store := newStore(t, db, sqlstore.PostgreSQL, keepAll)
	began := make(chan struct{})
	queue := ledger.NewQueue(announced{store, began}, ledger.QueueOptions{})

	const restarts = 5
	restarted := make(chan error, 1)
	go func() {
		for range restarts {
			<-began
			if err := server.Stop(); err != nil {
				restarted <- err
				return
			}
			if err := server.Start(); err != nil {
				restarted <- err
				return
			}
		}
		restarted <- nil
	}()
	var all []ledger.Entry
	for round, running := uint64(1), true; running; round++ {
		entries := ledgertest.Random(round, 500)
		all = append(all, entries...)
		queue.Record(entries)
		if err := queue.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		select {
		case err := <-restarted:
			if err != nil {
				t.Fatal(err)
			}
			running = false
		default:
		}
	}
	if err := queue.Close(t.Context()); err != nil {
		t.Error(err)
	}
	sums, err := store.Sums(t.Context(), ledger.Query{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(ledgertest.Sums(all, ledger.Query{}), sums); diff != "" {
		t.Error(diff)
	}
}

// While the server is down nobody knows what is left; once it is back, what was taken
// before still is.
func TestPostgreSQLLimitsOutliveARestart(t *testing.T) {
	server := postgrestest.Start(t, postgrestest.Options{})
	store := newStore(t, address{"pgx", server.Database(t)}.open(t), sqlstore.PostgreSQL, keepAll)
	now := time.Now()
	account := limit.Account{Key: "a", Capacity: 10, Period: limit.Day}
	take := func() error {
		_, err := store.Take(t.Context(), now, []limit.Charge{{Account: account, Amount: 3}})
		return err
	}
	if err := take(); err != nil {
		t.Fatal(err)
	}
	if err := server.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := take(); err == nil {
		t.Error("something was taken while the server was down")
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	if err := take(); err != nil {
		t.Error(err)
	}
	if left, err := store.Left(t.Context(), now, account); left != 4 || err != nil {
		t.Errorf("%d left, %v", left, err)
	}
}
