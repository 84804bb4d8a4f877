package ledgertest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/edgewise-ai/edgewise/hybrid/ledger"
)

// storeChecks are what a store alone must pass, as far as one handle shows it.
var storeChecks = []check{
	{"BatchSizes", kit.checkBatchSizes},
	{"IDsCountOnce", kit.checkStoreIDs},
	{"SliceIsTheCallers", kit.checkStoreSlice},
	{"AllOrNone", kit.checkAllOrNone},
	{"ContextEnded", kit.checkContextEnded},
	{"ContextEndsMeanwhile", kit.checkContextEndsMeanwhile},
	{"Reopened", kit.checkReopened},
	{"SharedTable", kit.checkSharedTable},
	{"WholeBatchesShow", kit.checkWholeBatches},
}

func (k kit) checkBatchSizes(ctx context.Context) error {
	var all []ledger.Entry
	for i, size := range []int{1, 2, 500, 5000} {
		batch := Random(10+uint64(i), size)
		all = append(all, batch...)
		if err := k.store.Append(ctx, batch); err != nil {
			return fmt.Errorf("Append of %d entries: %w", size, err)
		}
	}
	return k.wantSums(ctx, ledger.Query{}, all)
}

func (k kit) checkStoreIDs(ctx context.Context) error {
	entries := repeated()
	for range 2 {
		for some := range slices.Chunk(entries, 20) {
			if err := k.store.Append(ctx, some); err != nil {
				return fmt.Errorf("Append with IDs that came before: %w", err)
			}
		}
	}
	return k.wantSums(ctx, ledger.Query{}, entries)
}

func (k kit) checkStoreSlice(ctx context.Context) error {
	slice := Random(14, 100)
	want := slices.Clone(slice)
	if err := k.store.Append(ctx, slice[:50]); err != nil {
		return fmt.Errorf("Append of 50 entries: %w", err)
	}
	if err := takeBack(slice, want); err != nil {
		return fmt.Errorf("Append of 50 entries: %w", err)
	}
	return k.wantSums(ctx, ledger.Query{}, want[:50])
}

// checkAllOrNone has the store meet entries that few columns can hold. It may take
// or reject them; a Queue would try again for ever what is neither.
func (k kit) checkAllOrNone(ctx context.Context) error {
	stored := Random(15, 4)
	if err := k.store.Append(ctx, stored); err != nil {
		return err
	}
	for i, odd := range []struct {
		what string
		set  func(*ledger.Entry)
	}{
		{"a NUL in the model", func(e *ledger.Entry) { e.Model = "a\x00b" }},
		{"a NUL in the ID", func(e *ledger.Entry) { e.ID += "\x00" }},
		{"a tier that is no UTF-8", func(e *ledger.Entry) { e.Tier = "caf\xe9" }},
		{"a model of 100,000 letters", func(e *ledger.Entry) { e.Model = longWord(100_000) }},
		{"a reason of 100,000 letters", func(e *ledger.Entry) { e.Reason = longWord(100_000) }},
	} {
		batch := Random(16+uint64(i), 5)
		odd.set(&batch[2])
		innocent := slices.Concat(batch[:2], batch[3:])

		before, err := k.count(ctx)
		if err != nil {
			return err
		}
		want := before + len(batch)
		if err := k.store.Append(ctx, batch); errors.Is(err, ledger.ErrRejected) {
			if err := k.wantCount(ctx, before); err != nil {
				return fmt.Errorf("Append with %s is rejected, yet part of it is stored: %w", odd.what, err)
			}
			if err := k.store.Append(ctx, batch[2:3]); !errors.Is(err, ledger.ErrRejected) {
				return fmt.Errorf("Append with %s: rejected among others; alone the error is %q", odd.what, fmt.Sprint(err))
			}
			want--
		} else if err != nil {
			return fmt.Errorf("Append with %s: %w; that will not pass, so it should wrap ErrRejected", odd.what, err)
		}
		if err := k.store.Append(ctx, innocent); err != nil {
			return fmt.Errorf("Append after one with %s: %w", odd.what, err)
		}
		if err := k.wantCount(ctx, want); err != nil {
			return fmt.Errorf("with %s: %w", odd.what, err)
		}
	}
	return nil
}

func (k kit) wantCount(ctx context.Context, want int) error {
	n, err := k.count(ctx)
	if err == nil && n != want {
		err = fmt.Errorf("%d entries are stored, want %d", n, want)
	}
	return err
}

// longWord does not compress to little, as a column's index might.
func longWord(n int) string {
	var b strings.Builder
	for i := uint64(1); b.Len() < n; i++ {
		b.WriteString(Random(i, 1)[0].Time.String())
	}
	return b.String()[:n]
}

func (k kit) checkContextEnded(ctx context.Context) error {
	ended, cancel := context.WithCancel(ctx)
	cancel()
	batch := Random(30, 10)
	err, hang := k.appendPromptly(ended, batch)
	if hang != nil {
		return fmt.Errorf("with a context that has ended: %w", hang)
	}
	return k.wantAllOrNone(ctx, nil, batch, err)
}

// checkContextEndsMeanwhile ends the context at more and more moments, until the
// batch is through before.
func (k kit) checkContextEndsMeanwhile(ctx context.Context) error {
	var stored []ledger.Entry
	for i := range uint64(14) {
		batch := Random(31+i, 500)
		brief, cancel := context.WithTimeout(ctx, 100*time.Microsecond<<i)
		err, hang := k.appendPromptly(brief, batch)
		cancel()
		if hang != nil {
			return fmt.Errorf("with a context that ends meanwhile: %w", hang)
		}
		if broken := k.wantAllOrNone(ctx, stored, batch, err); broken != nil {
			return broken
		}
		if err == nil {
			return nil
		}
		stored = append(stored, batch...)
	}
	return nil
}

// appendPromptly tells an Append that fails from one that never returns.
func (k kit) appendPromptly(ctx context.Context, batch []ledger.Entry) (failure, hang error) {
	var failed error
	hang = k.promptly("Append", func() error {
		failed = k.store.Append(ctx, batch)
		return nil
	})
	if hang != nil {
		return nil, hang // and leave failed to the goroutine
	}
	return failed, nil
}

// wantAllOrNone looks at what an Append left that returned err, and repeats it.
func (k kit) wantAllOrNone(ctx context.Context, stored, batch []ledger.Entry, err error) error {
	n, unreadable := k.count(ctx)
	if unreadable != nil {
		return unreadable
	}
	switch n -= len(stored); {
	case err == nil && n != len(batch):
		return fmt.Errorf("Append of %d entries returned no error, and %d are stored", len(batch), n)
	case n != 0 && n != len(batch):
		return fmt.Errorf("Append of %d entries: %w; then %d are stored, want all or none", len(batch), err, n)
	}
	if err := k.store.Append(ctx, batch); err != nil {
		return fmt.Errorf("Append again, after an error: %w", err)
	}
	return k.wantSums(ctx, ledger.Query{}, slices.Concat(stored, batch))
}
