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

type storeMistake struct {
	name   string
	broken brokenStore
	fails  string // the checks, or some of them
}

// anew gives entries IDs of their own, so that they count although they came before.
func (s *shelf) anew(entries ...ledger.Entry) {
	for _, e := range entries {
		s.mu.Lock()
		e.ID += fmt.Sprint("#", len(s.entries))
		s.mu.Unlock()
		s.put(e)
	}
}

func (s *shelf) knows(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ids[id]
}

// appends is a mistake made with each Append.
func appends(f func(s *shelf, ctx context.Context, entries []ledger.Entry) error) brokenStore {
	return brokenStore{append: f}
}

// forever blocks, as what nobody will ever answer.
func forever() { select {} }

func storeMistakes() []storeMistake {
	passing := errors.New("no connection")
	return []storeMistake{
		{"none", brokenStore{}, ""},

		{"keeps the slice", appends(func(s *shelf, _ context.Context, entries []ledger.Entry) error {
			s.entries = entries
			return nil
		}), "SliceIsTheCallers"},
		{"changes an entry", appends(func(s *shelf, ctx context.Context, entries []ledger.Entry) error {
			err := s.Append(ctx, entries)
			entries[0].Identity = "seen"
			return err
		}), "SliceIsTheCallers"},
		{"writes behind the slice", appends(func(s *shelf, ctx context.Context, entries []ledger.Entry) error {
			_ = append(entries, ledger.Entry{ID: "end"})
			return s.Append(ctx, entries)
		}), "SliceIsTheCallers"},

		{"counts all", appends(func(s *shelf, _ context.Context, entries []ledger.Entry) error {
			s.anew(entries...)
			return nil
		}), "IDsCountOnce ContextEnded Reopened SharedTable RandomSums"},
		{"counts all of a batch", appends(func(s *shelf, ctx context.Context, entries []ledger.Entry) error {
			for i, e := range entries {
				if slices.ContainsFunc(entries[:i], func(other ledger.Entry) bool { return other.ID == e.ID }) && !s.knows(e.ID+"#") {
					s.anew(e)
				}
			}
			return s.Append(ctx, entries)
		}), "IDsCountOnce"},
		{"the last counts", appends(func(s *shelf, ctx context.Context, entries []ledger.Entry) error {
			for _, e := range entries {
				s.mu.Lock()
				s.entries = slices.DeleteFunc(s.entries, func(other ledger.Entry) bool { return other.ID == e.ID })
				delete(s.ids, e.ID)
				s.mu.Unlock()
				_ = s.Append(ctx, []ledger.Entry{e})
			}
			return nil
		}), "IDsCountOnce RandomSums"},
		{"IDs in either case are the same", appends(func(s *shelf, ctx context.Context, entries []ledger.Entry) error {
			for i, e := range entries {
				if id := strings.ToLower(e.ID); id == e.ID || !s.knows(id) {
					_ = s.Append(ctx, entries[i:i+1])
				}
			}
			return nil
		}), "IDsCountOnce"},
		{"IDs end before a space", appends(func(s *shelf, ctx context.Context, entries []ledger.Entry) error {
			entries = slices.Clone(entries)
			for i := range entries {
				entries[i].ID = strings.TrimRight(entries[i].ID, " ")
			}
			return s.Append(ctx, entries)
		}), "IDsCountOnce"},
		{"a known ID is a failure", appends(func(s *shelf, ctx context.Context, entries []ledger.Entry) error {
			if s.knows(entries[0].ID) {
				return errors.New("duplicate key")
			}
			return s.Append(ctx, entries)
		}), "IDsCountOnce RandomSums"},

		{"a parameter for each field", appends(func(s *shelf, ctx context.Context, entries []ledger.Entry) error {
			if len(entries)*27 > 65_535 {
				return errors.New("too many parameters")
			}
			return s.Append(ctx, entries)
		}), "BatchSizes"},
		{"the first 4,096", appends(func(s *shelf, ctx context.Context, entries []ledger.Entry) error {
			return s.Append(ctx, entries[:min(len(entries), 4096)])
		}), "BatchSizes"},
		{"none alone", appends(func(s *shelf, ctx context.Context, entries []ledger.Entry) error {
			return s.Append(ctx, entries[1:])
		}), "BatchSizes"},

		{"a rejected batch is stored in part", appends(func(s *shelf, ctx context.Context, entries []ledger.Entry) error {
			for i := range entries {
				if err := s.Append(ctx, entries[i:i+1]); err != nil {
					return err
				}
			}
			return nil
		}), "AllOrNone"},
		{"nothing is ever rejected", appends(func(s *shelf, ctx context.Context, entries []ledger.Entry) error {
			err := s.Append(ctx, entries)
			if errors.Is(err, ledger.ErrRejected) {
				return passing
			}
			return err
		}), "AllOrNone"},
		{"alone it isn't rejected", appends(func(s *shelf, ctx context.Context, entries []ledger.Entry) error {
			err := s.Append(ctx, entries)
			if errors.Is(err, ledger.ErrRejected) && len(entries) == 1 {
				return passing
			}
			return err
		}), "AllOrNone"},
		{"what is odd is left out", appends(func(s *shelf, ctx context.Context, entries []ledger.Entry) error {
			return s.Append(ctx, slices.DeleteFunc(slices.Clone(entries), func(e ledger.Entry) bool { return len(e.Reason) > 1000 }))
		}), "AllOrNone"},
		{"a rejected entry spoils the handle", appends(func(s *shelf, ctx context.Context, entries []ledger.Entry) error {
			if s.knows("spoilt") {
				return passing
			}
			err := s.Append(ctx, entries)
			if errors.Is(err, ledger.ErrRejected) && len(entries) == 1 {
				s.ids["spoilt"] = true
			}
			return err
		}), "AllOrNone"},

		{"half is stored when the context has ended", appends(func(s *shelf, ctx context.Context, entries []ledger.Entry) error {
			if ctx.Err() != nil {
				_ = s.Append(context.WithoutCancel(ctx), entries[:len(entries)/2])
			}
			return s.Append(ctx, entries)
		}), "ContextEnded"},
		{"an ended context is no failure", appends(func(s *shelf, ctx context.Context, entries []ledger.Entry) error {
			_ = s.Append(ctx, entries)
			return nil
		}), "ContextEnded"},
		{"hangs when the context has ended", appends(func(s *shelf, ctx context.Context, entries []ledger.Entry) error {
			if ctx.Err() != nil {
				forever()
			}
			return s.Append(ctx, entries)
		}), "ContextEnded"},
		{"hangs when the context ends", appends(func(s *shelf, ctx context.Context, entries []ledger.Entry) error {
			if _, ends := ctx.Deadline(); ends {
				<-ctx.Done()
				forever()
			}
			return s.Append(ctx, entries)
		}), "ContextEndsMeanwhile"},
		{"one at a time", appends(func(s *shelf, ctx context.Context, entries []ledger.Entry) error {
			for i := range entries {
				time.Sleep(10 * time.Microsecond)
				if err := s.Append(ctx, entries[i:i+1]); err != nil {
					return err
				}
			}
			return nil
		}), "AllOrNone ContextEndsMeanwhile WholeBatchesShow"},

		{"locked while an Append runs", brokenStore{
			append: func(s *shelf, ctx context.Context, entries []ledger.Entry) error {
				s.mu.Lock()
				time.Sleep(time.Millisecond)
				s.mu.Unlock()
				return s.Append(ctx, entries)
			},
			sums: func(s *shelf, ctx context.Context, q ledger.Query) ([]ledger.Sum, error) {
				if !s.mu.TryLock() {
					return nil, errors.New("database is locked")
				}
				s.mu.Unlock()
				return s.Sums(ctx, q)
			},
		}, "WholeBatchesShow"},
		{"looks before it stores", appends(func(s *shelf, _ context.Context, entries []ledger.Entry) error {
			var fresh []ledger.Entry
			for _, e := range entries {
				if !s.knows(e.ID) {
					fresh = append(fresh, e)
				}
			}
			time.Sleep(time.Millisecond)
			s.anew(fresh...)
			s.mu.Lock()
			defer s.mu.Unlock()
			for _, e := range fresh {
				s.ids[e.ID] = true
			}
			return nil
		}), "SharedTable"},
		{"keeps to itself", brokenStore{another: func(*shelf) ledger.Store { return newShelf() }}, "Reopened SharedTable"},
		{"opens a copy", brokenStore{another: func(s *shelf) ledger.Store {
			copied := newShelf()
			_ = copied.Append(context.Background(), s.all())
			return copied
		}}, "Reopened SharedTable"},
		{"one handle shuts the other out", brokenStore{another: func(*shelf) ledger.Store {
			return brokenStore{shelf: newShelf(), append: func(*shelf, context.Context, []ledger.Entry) error { return passing }}
		}}, "SharedTable"},
	}
}
