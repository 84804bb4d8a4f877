package databases_test

import (
	"context"
	"testing"

	"github.com/edgewise-ai/edgewise/hybrid/hybridtest"
	"github.com/edgewise-ai/edgewise/hybrid/ledger"
	"github.com/edgewise-ai/edgewise/hybrid/sqlstore"
)

// What a router enforces and counts is the same on every database as it is in memory,
// also where replicas share it.
func TestRouter(t *testing.T) {
	for _, d := range databases {
		t.Run(d.name, func(t *testing.T) {
			hybridtest.Run(t, func(t *testing.T) hybridtest.Replicas {
				at := d.create(t)
				replica := func() hybridtest.Stores { return storesAt(t, at, d.dialect) }
				return hybridtest.Replicas{Stores: replica(), Another: replica}
			})
		})
	}
}

func storesAt(t *testing.T, at address, dialect sqlstore.Dialect) hybridtest.Stores {
	t.Helper()
	store := newStore(t, at.open(t), dialect, keepAll)
	queue := ledger.NewQueue(store, ledger.QueueOptions{})
	t.Cleanup(func() {
		if err := queue.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return hybridtest.Stores{Ledger: queue, Limits: store}
}
