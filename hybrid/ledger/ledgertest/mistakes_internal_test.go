package ledgertest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/edgewise-ai/edgewise/hybrid/ledger"
)

// shelf is a store without a mistake, as plain as can be.
type shelf struct {
	mu      sync.Mutex
	entries []ledger.Entry
	ids     map[string]bool
}

func newShelf() *shelf { return &shelf{ids: make(map[string]bool)} }

func (s *shelf) Append(ctx context.Context, entries []ledger.Entry) error {
	for _, e := range entries {
		if text := e.ID + e.Model + e.Tier; strings.Contains(text, "\x00") || !utf8.ValidString(text) {
			return fmt.Errorf("%q: %w", text, ledger.ErrRejected)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	for _, e := range entries {
		if !s.ids[e.ID] {
			s.ids[e.ID] = true
			s.entries = append(s.entries, e)
		}
	}
	return nil
}

func (s *shelf) all() []ledger.Entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.entries)
}

// put stores entries and asks no questions.
func (s *shelf) put(entries ...ledger.Entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.entries = append(s.entries, entries...)
}

func (s *shelf) Sums(ctx context.Context, q ledger.Query) ([]ledger.Sum, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	sums := Sums(s.all(), q)
	if len(sums) > ledger.MaxGroups {
		return nil, ledger.ErrTooManyGroups
	}
	return sums, nil
}

func (s *shelf) Entries(context.Context) ([]ledger.Entry, error) { return s.all(), nil }

// brokenStore is a shelf with a mistake in it, in whichever function is set.
type brokenStore struct {
	*shelf
	append  func(s *shelf, ctx context.Context, entries []ledger.Entry) error
	sums    func(s *shelf, ctx context.Context, q ledger.Query) ([]ledger.Sum, error)
	entries func([]ledger.Entry) []ledger.Entry
	another func(s *shelf) ledger.Store
}

func (b brokenStore) Append(ctx context.Context, entries []ledger.Entry) error {
	if b.append != nil {
		return b.append(b.shelf, ctx, entries)
	}
	return b.shelf.Append(ctx, entries)
}

func (b brokenStore) Sums(ctx context.Context, q ledger.Query) ([]ledger.Sum, error) {
	if b.sums != nil {
		return b.sums(b.shelf, ctx, q)
	}
	return b.shelf.Sums(ctx, q)
}

func (b brokenStore) Entries(ctx context.Context) ([]ledger.Entry, error) {
	entries, err := b.shelf.Entries(ctx)
	if b.entries != nil {
		entries = b.entries(entries)
	}
	return entries, err
}

// misreads is the mistake of taking each entry for another one when sums are read.
func misreads(f func(*ledger.Entry)) brokenStore {
	return brokenStore{sums: func(s *shelf, ctx context.Context, q ledger.Query) ([]ledger.Sum, error) {
		misread := newShelf()
		for _, e := range s.all() {
			f(&e)
			misread.put(e)
		}
		return misread.Sums(ctx, q)
	}}
}

// misasks is the mistake of taking a query for another one.
func misasks(f func(*ledger.Query)) brokenStore {
	return brokenStore{sums: func(s *shelf, ctx context.Context, q ledger.Query) ([]ledger.Sum, error) {
		f(&q)
		return s.Sums(ctx, q)
	}}
}

// misadds is a mistake made with the sums.
func misadds(f func([]ledger.Sum) []ledger.Sum) brokenStore {
	return brokenStore{sums: func(s *shelf, ctx context.Context, q ledger.Query) ([]ledger.Sum, error) {
		sums, err := s.Sums(ctx, q)
		return f(sums), err
	}}
}

// missorts is the mistake of another order.
func missorts(key func(ledger.Sum) string) brokenStore {
	return misadds(func(sums []ledger.Sum) []ledger.Sum {
		slices.SortStableFunc(sums, func(a, b ledger.Sum) int { return strings.Compare(key(a), key(b)) })
		return sums
	})
}
