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

// kit is a ledger or a store under examination.
type kit struct {
	ledger   ledger.Ledger // nil if it is a store
	store    ledger.Store  // nil if it is a ledger
	another  func() ledger.Store
	patience time.Duration
}

func (k kit) subject() any {
	if k.ledger != nil {
		return k.ledger
	}
	return k.store
}

// portion is how many entries a ledger is given between two flushes, and a store at
// once.
const portion = 1000

// put stores entries, which are many or few.
func (k kit) put(ctx context.Context, entries []ledger.Entry) error {
	for some := range slices.Chunk(entries, portion) {
		if k.ledger == nil {
			if err := k.store.Append(ctx, some); err != nil {
				return fmt.Errorf("Append of %d entries: %w", len(some), err)
			}
			continue
		}
		if r := k.ledger.Record(some); r.Accepted+r.Duplicates != len(some) {
			return fmt.Errorf("Record of %d entries, with all before them flushed: %+v", len(some), r)
		}
		if err := k.flush(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (k kit) flush(ctx context.Context) error {
	return k.promptly("Flush", func() error {
		if err := k.ledger.Flush(ctx); err != nil {
			return fmt.Errorf("Flush: %w", err)
		}
		return nil
	})
}

// promptly calls f, which must not wait for what may never come.
func (k kit) promptly(what string, f func() error) error {
	done := make(chan error, 1)
	go func() { done <- f() }()
	select {
	case err := <-done:
		return err
	case <-time.After(k.patience):
		return fmt.Errorf("%s hangs: it takes more than %v", what, k.patience)
	}
}

// errUnreadable is why a check can't be made of what shows nothing.
var errUnreadable = skip("it is neither a ledger.Reader nor a Lister")

// sums are those of everything.
func (k kit) sums(ctx context.Context) ([]ledger.Sum, error) {
	return sumsOf(ctx, k.subject(), ledger.Query{})
}

// sumsOf reads the subject, or works the sums out of what it lists.
func sumsOf(ctx context.Context, subject any, q ledger.Query) ([]ledger.Sum, error) {
	switch subject := subject.(type) {
	case ledger.Reader:
		sums, err := subject.Sums(ctx, q)
		if errors.Is(err, errors.ErrUnsupported) {
			return nil, errUnreadable
		}
		if err != nil {
			return nil, fmt.Errorf("Sums(%+v): %w", q, err)
		}
		return sums, nil
	case Lister:
		entries, err := subject.Entries(ctx)
		if err != nil {
			return nil, fmt.Errorf("Entries: %w", err)
		}
		return Sums(entries, q), nil
	}
	return nil, errUnreadable
}

// wantSums compares the sums with those of the entries that were put.
func (k kit) wantSums(ctx context.Context, q ledger.Query, entries []ledger.Entry) error {
	return wantSums(ctx, k.subject(), q, entries)
}

func wantSums(ctx context.Context, subject any, q ledger.Query, entries []ledger.Entry) error {
	got, err := sumsOf(ctx, subject, q)
	if err != nil {
		return err
	}
	if err := difference(got, Sums(entries, q)); err != nil {
		return fmt.Errorf("Sums(%+v): %w", q, err)
	}
	return nil
}

// difference says where the sums first differ.
func difference(got, want []ledger.Sum) error {
	if slices.Equal(got, want) {
		return nil
	}
	var lines []string
	tallies := make(map[ledger.Group]ledger.Tally)
	for _, sum := range got {
		if _, twice := tallies[sum.Group]; twice {
			lines = append(lines, fmt.Sprintf("%+q comes twice", sum.Group))
		}
		tallies[sum.Group] = sum.Tally
	}
	for _, sum := range want {
		if tally, ok := tallies[sum.Group]; !ok {
			lines = append(lines, fmt.Sprintf("%+q is missing, want %+v", sum.Group, sum.Tally))
		} else if tally != sum.Tally {
			lines = append(lines, fmt.Sprintf("%+q: %+v, want %+v", sum.Group, tally, sum.Tally))
		}
		delete(tallies, sum.Group)
	}
	for group, tally := range tallies {
		lines = append(lines, fmt.Sprintf("%+q: %+v, want no such group", group, tally))
	}
	if len(lines) == 0 {
		for i := range want {
			if got[i] != want[i] {
				return fmt.Errorf("all are right, but not sorted as bytes: at %d comes %+q, want %+q", i, got[i].Group, want[i].Group)
			}
		}
	}
	if len(lines) > 5 {
		lines = append(lines[:5], fmt.Sprintf("and %d more", len(lines)-5))
	}
	return errors.New(strings.Join(lines, "\n"))
}

// count is how many entries there are, suspect or not.
func (k kit) count(ctx context.Context) (int, error) {
	sums, err := k.sums(ctx)
	n := 0
	for _, sum := range sums {
		n += int(sum.Requests + sum.Suspect)
	}
	return n, err
}
