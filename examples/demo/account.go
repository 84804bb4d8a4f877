package main

import (
	"context"
	"errors"
	"log/slog"

	"github.com/edgewise-ai/edgewise/hybrid/ledger"
	"github.com/edgewise-ai/edgewise/hybrid/sqlstore"
)

// account is what the demo knows of earlier answers, and what it needs to count those
// of pages that are open while it is started again.
type account struct {
	ledger ledger.Ledger
	keys   [][]byte // sign the pages' grants; none for those of this process
	place  string   // where it is, in words
	close  func(context.Context) error
}

// openAccount opens the account that the command line names.
func openAccount(ctx context.Context, c config, log *slog.Logger) (*account, error) {
	kind := kindOf(c.db)
	if kind == nil {
		return &account{
			ledger: ledger.NewMemory(ledger.MemoryOptions{}),
			place:  "in memory until the demo ends",
			close:  func(context.Context) error { return nil },
		}, nil
	}
	keys, err := readKeys(c.keys)
	if err != nil {
		return nil, err
	}
	db, err := kind.open(c.db)
	if err != nil {
		return nil, unusable(c.db, err)
	}
	starting, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	store, err := sqlstore.New(starting, db, kind.dialect, sqlstore.Options{Logger: log})
	if err != nil {
		return nil, errors.Join(unusable(c.db, err), db.Close())
	}
	queue := ledger.NewQueue(store, ledger.QueueOptions{Logger: log})
	return &account{
		ledger: queue,
		keys:   keys,
		place:  kind.place,
		close: func(ctx context.Context) error {
			return errors.Join(queue.Close(ctx), db.Close()) // the queue first: it writes what it has
		},
	}, nil
}
