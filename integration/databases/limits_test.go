package databases_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/edgewise-ai/edgewise/hybrid/limit"
	"github.com/edgewise-ai/edgewise/hybrid/limit/limittest"
)

func TestLimitStore(t *testing.T) {
	for _, d := range databases {
		t.Run(d.name, func(t *testing.T) {
			limittest.Run(t, func(t *testing.T) limit.Store {
				at := d.create(t)
				return &replicas{stores: [2]limit.Store{
					newStore(t, at.open(t), d.dialect, keepAll),
					newStore(t, at.open(t), d.dialect, keepAll),
				}}
			})
		})
	}
}

// replicas are two processes that share a database and serve in turn.
type replicas struct {
	stores [2]limit.Store
	turn   atomic.Uint64
}

func (r *replicas) next() limit.Store { return r.stores[r.turn.Add(1)%2] }

func (r *replicas) Take(ctx context.Context, now time.Time, charges []limit.Charge) (*limit.Refusal, error) {
	return r.next().Take(ctx, now, charges)
}

func (r *replicas) Settle(ctx context.Context, now time.Time, charges []limit.Charge) error {
	return r.next().Settle(ctx, now, charges)
}

func (r *replicas) Left(ctx context.Context, now time.Time, account limit.Account) (int64, error) {
	return r.next().Left(ctx, now, account)
}
