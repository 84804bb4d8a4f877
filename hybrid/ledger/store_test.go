package ledger_test

import (
	"context"
	"fmt"
	"sync"

	"github.com/edgewise-ai/edgewise/hybrid/ledger"
)

// table is a store that remembers, and fails as told.
type table struct {
	mu      sync.Mutex
	rows    map[string]ledger.Entry
	batches []int
	fail    func(call int) error // before it stores
	after   func(call int) error // when it has stored
	calls   int
}

func (s *table) Append(_ context.Context, list []ledger.Entry) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	if s.fail != nil {
		if err := s.fail(s.calls); err != nil {
			return err
		}
	}
	if s.rows == nil {
		s.rows = make(map[string]ledger.Entry)
	}
	for _, e := range list {
		s.rows[e.ID] = e
	}
	s.batches = append(s.batches, len(list))
	if s.after != nil {
		return s.after(s.calls)
	}
	return nil
}

func (s *table) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.rows)
}

// hanging is a store that waits for its context.
type hanging struct{}

func (hanging) Append(ctx context.Context, _ []ledger.Entry) error {
	<-ctx.Done()
	return ctx.Err()
}

// picky is a table with a constraint that one model's name breaks.
type picky struct{ table }

func (s *picky) Append(ctx context.Context, list []ledger.Entry) error {
	for _, e := range list {
		if e.Model == "too long" {
			return fmt.Errorf("value too long for type varchar(7): %w", ledger.ErrRejected)
		}
	}
	return s.table.Append(ctx, list)
}
