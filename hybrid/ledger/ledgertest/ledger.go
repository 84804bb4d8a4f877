package ledgertest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/edgewise-ai/edgewise/hybrid/ledger"
)

// ledgerChecks are what a ledger alone must pass.
var ledgerChecks = []check{
	{"Receipts", kit.checkReceipts},
	{"IDsCountOnce", kit.checkIDsCountOnce},
	{"NamelessAllCount", kit.checkNameless},
	{"SliceIsTheCallers", kit.checkSlice},
	{"FlushContextEnded", kit.checkFlushContextEnded},
	{"Concurrent", kit.checkConcurrent},
}

// record wants a receipt in which fresh entries or more are accepted: a ledger may
// learn later that the others are duplicates.
func (k kit) record(entries []ledger.Entry, fresh int) error {
	r := k.ledger.Record(entries)
	switch {
	case r.Accepted+r.Duplicates+r.Dropped != len(entries):
		return fmt.Errorf("Record of %d entries: the counts of %+v don't add up", len(entries), r)
	case r.Dropped != 0:
		return fmt.Errorf("Record of %d entries: %+v, with room for all", len(entries), r)
	case r.Accepted < fresh || r.Duplicates < 0:
		return fmt.Errorf("Record of %d entries, %d of them new: %+v", len(entries), fresh, r)
	}
	return nil
}

func (k kit) checkReceipts(context.Context) error {
	entries := Random(1, 30)
	return errors.Join(
		k.record(nil, 0),
		k.record(entries[:10], 10),
		k.record(entries[:10], 0),
		k.record(entries[5:30], 20),
		k.record(entries[29:], 0),
	)
}

func (k kit) checkIDsCountOnce(ctx context.Context) error {
	entries := repeated()
	for some := range slices.Chunk(entries, 7) {
		if err := k.record(some, 0); err != nil {
			return err
		}
	}
	if err := k.flush(ctx); err != nil {
		return err
	}
	if err := k.put(ctx, entries[:3]); err != nil {
		return err
	}
	return k.wantSums(ctx, ledger.Query{}, entries)
}

// repeated are entries of which some share their IDs, within few and far apart, and
// say something else then.
func repeated() []ledger.Entry {
	entries := Random(2, 40)
	for i := 1; i < len(entries); i++ {
		if i%5 != 0 {
			entries[i].ID = entries[i/2].ID
		}
	}
	// These, too, are different IDs.
	entries = append(entries, Random(3, 6)...)
	for i, id := range []string{"g.1", "G.1", "g.1 ", "g.10", "g.01", "é.1"} {
		entries[40+i].ID = id
	}
	return entries
}

func (k kit) checkNameless(ctx context.Context) error {
	entries := Random(4, 20)
	for i := range entries {
		entries[i].ID = ""
	}
	for range 2 {
		if err := k.record(entries, len(entries)); err != nil {
			return err
		}
	}
	if err := k.flush(ctx); err != nil {
		return err
	}
	return k.wantSums(ctx, ledger.Query{}, append(entries, entries...))
}

func (k kit) checkSlice(ctx context.Context) error {
	slice := Random(5, 100)
	slice[3].ID = "" // a ledger that gives IDs gives them to entries of its own
	lent := slice[:50]
	want := slices.Clone(slice)
	if err := k.record(lent, len(lent)); err != nil {
		return err
	}
	if err := takeBack(slice, want); err != nil {
		return fmt.Errorf("Record of 50 entries: %w", err)
	}
	if err := k.flush(ctx); err != nil {
		return err
	}
	return k.wantSums(ctx, ledger.Query{}, want[:50])
}

// takeBack compares a slice that was lent with what it was, and uses it for
// something else, so that it shows whether it was kept.
func takeBack(slice, want []ledger.Entry) error {
	for i := range slice {
		if slice[i] != want[i] {
			return fmt.Errorf("the caller's slice is changed: at %d from %+v to %+v", i, want[i], slice[i])
		}
		slice[i] = ledger.Entry{ID: fmt.Sprint("taken-back.", i), Model: "the slice was kept"}
	}
	return nil
}

func (k kit) checkFlushContextEnded(ctx context.Context) error {
	ended, cancel := context.WithCancel(ctx)
	cancel()
	entries := Random(6, 100)
	if err := k.record(entries, len(entries)); err != nil {
		return err
	}
	err := k.promptly("Flush with a context that has ended", func() error {
		_ = k.ledger.Flush(ended) // it may be done, or not
		return nil
	})
	if err := errors.Join(err, k.flush(ctx), k.flush(ctx)); err != nil {
		return err
	}
	return k.wantSums(ctx, ledger.Query{}, entries)
}

func (k kit) checkConcurrent(ctx context.Context) error {
	const writers, rounds = 8, 10
	shared := Random(7, rounds*5)
	all := slices.Clone(shared)
	var writing sync.WaitGroup
	problems := make([]error, writers)
	for w := range writers {
		own := Random(100+uint64(w), rounds*5)
		all = append(all, own...)
		writing.Go(func() {
			for i := range rounds {
				part := slices.Concat(own[i*5:i*5+5], shared[i*5:i*5+5])
				problems[w] = errors.Join(problems[w], k.record(part, 5))
				_, err := k.sums(ctx)
				if !errors.Is(err, errUnreadable) {
					problems[w] = errors.Join(problems[w], err)
				}
			}
			problems[w] = errors.Join(problems[w], k.flush(ctx))
		})
	}
	writing.Wait()
	if err := errors.Join(problems...); err != nil {
		return err
	}
	return k.wantSums(ctx, ledger.Query{}, all)
}
