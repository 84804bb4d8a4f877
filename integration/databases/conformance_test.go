package databases_test

import (
	"context"
	"database/sql"
	"errors"
	"testing"
	"time"

	"github.com/edgewise-ai/edgewise/hybrid/ledger"
	"github.com/edgewise-ai/edgewise/hybrid/ledger/ledgertest"
	"github.com/edgewise-ai/edgewise/hybrid/sqlstore"
)

func TestLedgerStore(t *testing.T) {
	for _, d := range databases {
		t.Run(d.name, func(t *testing.T) {
			ledgertest.RunStore(t, func(t *testing.T) (ledger.Store, func() ledger.Store) {
				open := opener(t, d.dialect, d.create(t))
				return open(), open
			})
		})
	}
}

func TestLedgerBehindAQueue(t *testing.T) {
	for _, d := range databases {
		t.Run(d.name, func(t *testing.T) {
			ledgertest.Run(t, func(t *testing.T) ledger.Ledger {
				queue := ledger.NewQueue(opener(t, d.dialect, d.create(t))(), ledger.QueueOptions{})
				t.Cleanup(func() {
					if err := queue.Close(context.WithoutCancel(t.Context())); err != nil {
						t.Error(err)
					}
				})
				return queue
			})
		})
	}
}

// opener opens a database as one process after the other would.
func opener(t *testing.T, dialect sqlstore.Dialect, at address) func() ledger.Store {
	return func() ledger.Store {
		db := at.open(t)
		return lister{newStore(t, db, dialect, keepAll), db}
	}
}

// lister hands back every row, so that the kit sees whether all of an entry is kept.
type lister struct {
	*sqlstore.Store
	db *sql.DB
}

func (l lister) Entries(ctx context.Context) (entries []ledger.Entry, err error) {
	rows, err := l.db.QueryContext(ctx, `
		SELECT id, at_ms, identity, tier, source, model, framework, reason, decided_by,
			prompt_tokens, completion_tokens, estimated, cost_micro_usd, avoided_micro_usd,
			latency_ms, ttft_ms, tokens_per_second_milli, success, finish_reason, error_code,
			endpoint, fallback, attempts, late, suspect
		FROM edgewise_entries`)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var e ledger.Entry
		var at int64
		err := rows.Scan(&e.ID, &at, &e.Identity, &e.Tier, &e.Source, &e.Model, &e.Framework, &e.Reason, &e.DecidedBy,
			&e.PromptTokens, &e.CompletionTokens, &e.Estimated, &e.CostMicroUSD, &e.AvoidedMicroUSD,
			&e.LatencyMs, &e.TTFTMs, &e.TokensPerSecondMilli, &e.Success, &e.FinishReason, &e.ErrorCode,
			&e.Endpoint, &e.Fallback, &e.Attempts, &e.Late, &e.Suspect)
		if err != nil {
			return nil, err
		}
		e.Time = time.UnixMilli(at).UTC()
		entries = append(entries, e)
	}
	return entries, rows.Err()
}
