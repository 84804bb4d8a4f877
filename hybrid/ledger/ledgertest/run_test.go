package ledgertest_test

import (
	"context"
	"testing"

	"github.com/edgewise-ai/edgewise/hybrid/ledger"
	"github.com/edgewise-ai/edgewise/hybrid/ledger/ledgertest"
)

// listed is a Memory that can hand back what it holds.
type listed struct{ *ledger.Memory }

func (l listed) Entries(context.Context) ([]ledger.Entry, error) {
	return l.Recent(ledger.DefaultMaxEntries), nil
}

func newListed() listed { return listed{ledger.NewMemory(ledger.MemoryOptions{})} }

func TestMemory(t *testing.T) {
	ledgertest.Run(t, func(*testing.T) ledger.Ledger { return newListed() })
}

// table is a store that many processes could share, were it not in memory.
type table struct{ listed }

func (s table) Append(ctx context.Context, entries []ledger.Entry) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.Record(entries)
	return nil
}

func TestStore(t *testing.T) {
	ledgertest.RunStore(t, func(*testing.T) (ledger.Store, func() ledger.Store) {
		s := table{newListed()}
		return s, func() ledger.Store { return s }
	})
}

func TestQueue(t *testing.T) {
	ledgertest.Run(t, func(t *testing.T) ledger.Ledger {
		return openQueue(t, table{newListed()})
	})
}

func openQueue(t *testing.T, store ledger.Store) *ledger.Queue {
	queue := ledger.NewQueue(store, ledger.QueueOptions{BatchSize: 64})
	t.Cleanup(func() {
		if err := queue.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return queue
}

// mute hides what a store can do beyond storing.
type mute struct{ ledger.Store }

// What can't be read is checked for the rest.
func TestMute(t *testing.T) {
	t.Run("store", func(t *testing.T) {
		ledgertest.RunStore(t, func(*testing.T) (ledger.Store, func() ledger.Store) { return mute{table{newListed()}}, nil })
	})
	t.Run("queue", func(t *testing.T) {
		ledgertest.Run(t, func(t *testing.T) ledger.Ledger { return openQueue(t, mute{table{newListed()}}) })
	})
}
