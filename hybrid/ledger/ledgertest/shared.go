package ledgertest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/edgewise-ai/edgewise/hybrid/ledger"
)

// These checks are about several users of one table.

var errAlone = skip("there can be no further handle on the same data")

// checkReopened is what a process sees that starts where another was.
func (k kit) checkReopened(ctx context.Context) error {
	if k.another == nil {
		return errAlone
	}
	entries := Random(50, 100)
	if err := k.store.Append(ctx, entries[:60]); err != nil {
		return err
	}
	later := k.another()
	if err := wantSums(ctx, later, ledger.Query{}, entries[:60]); err != nil {
		return fmt.Errorf("a handle that is opened later: %w", err)
	}
	if err := later.Append(ctx, entries[40:]); err != nil {
		return fmt.Errorf("Append by another handle with IDs that are stored: %w", err)
	}
	return errors.Join(wantSums(ctx, later, ledger.Query{}, entries), k.wantSums(ctx, ledger.Query{}, entries))
}

// checkSharedTable has two processes store the same entries at the same time, in
// another order within each batch, and then some of their own.
func (k kit) checkSharedTable(ctx context.Context) error {
	if k.another == nil {
		return errAlone
	}
	entries := Random(51, 1000)
	shared, own, others := entries[:600], entries[600:800], entries[800:]
	reordered := slices.Clone(shared)
	for some := range slices.Chunk(reordered, 50) {
		slices.Reverse(some)
	}

	second := k.another()
	done := make(chan error, 2)
	go func() { done <- k.appendAll(ctx, k.store, slices.Concat(shared, own), 50) }()
	go func() { done <- k.appendAll(ctx, second, slices.Concat(reordered, others), 50) }()
	if err := errors.Join(<-done, <-done); err != nil {
		return err
	}
	return errors.Join(k.wantSums(ctx, ledger.Query{}, entries), wantSums(ctx, second, ledger.Query{}, entries))
}

// appendAll tries again what fails, as a Queue does: two that store the same may
// stand in each other's way.
func (k kit) appendAll(ctx context.Context, store ledger.Store, entries []ledger.Entry, size int) error {
	ctx, cancel := context.WithTimeout(ctx, k.patience)
	defer cancel()
	for batch := range slices.Chunk(entries, size) {
		for {
			err := store.Append(ctx, batch)
			if err == nil {
				break
			}
			if errors.Is(err, ledger.ErrRejected) || ctx.Err() != nil {
				return fmt.Errorf("Append while another handle stores the same entries: %w", err)
			}
			time.Sleep(time.Millisecond)
		}
	}
	return nil
}

// checkWholeBatches reads while entries are stored, as Queue.Sums may.
func (k kit) checkWholeBatches(ctx context.Context) error {
	const size = 100
	entries := Random(52, 30*size)
	stored := make(chan error, 1)
	go func() { stored <- k.appendAll(ctx, k.store, entries, size) }()
	for {
		n, err := k.count(ctx)
		switch {
		case err != nil:
			err = fmt.Errorf("while entries are stored: %w", err)
		case n%size != 0:
			err = fmt.Errorf("while batches of %d are stored, %d entries show", size, n)
		}
		if err != nil {
			return errors.Join(err, <-stored)
		}
		select {
		case err := <-stored:
			if err != nil {
				return err
			}
			return k.wantSums(ctx, ledger.Query{}, entries)
		default:
		}
	}
}
