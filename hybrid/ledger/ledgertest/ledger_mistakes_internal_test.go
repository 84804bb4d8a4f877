package ledgertest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/edgewise-ai/edgewise/hybrid/ledger"
)

// brokenLedger is one in memory with a mistake in it, in whichever function is set.
type brokenLedger struct {
	*ledger.Memory
	record func(entries []ledger.Entry) ledger.Receipt
	flush  func(ctx context.Context) error
}

func (b brokenLedger) Record(entries []ledger.Entry) ledger.Receipt {
	if b.record != nil {
		return b.record(entries)
	}
	return b.Memory.Record(entries)
}

func (b brokenLedger) Flush(ctx context.Context) error {
	if b.flush != nil {
		return b.flush(ctx)
	}
	return b.Memory.Flush(ctx)
}

type ledgerMistake struct {
	name   string
	broken func(*ledger.Memory) brokenLedger
	fails  string // the checks, or some of them
}

// receipts is a mistake made with each receipt.
func receipts(f func(r *ledger.Receipt)) func(*ledger.Memory) brokenLedger {
	return func(m *ledger.Memory) brokenLedger {
		return brokenLedger{Memory: m, record: func(entries []ledger.Entry) ledger.Receipt {
			r := m.Record(entries)
			f(&r)
			return r
		}}
	}
}

// records is a mistake made with each entry, which is a copy.
func records(f func(n int, e *ledger.Entry)) func(*ledger.Memory) brokenLedger {
	return func(m *ledger.Memory) brokenLedger {
		var mu sync.Mutex
		n := 0
		return brokenLedger{Memory: m, record: func(entries []ledger.Entry) (all ledger.Receipt) {
			mu.Lock()
			defer mu.Unlock()
			for _, e := range entries {
				n++
				f(n, &e)
				r := m.Record([]ledger.Entry{e})
				all.Accepted += r.Accepted
				all.Duplicates += r.Duplicates
			}
			return all
		}}
	}
}

// flushes is a mistake made with each Flush.
func flushes(f func(ctx context.Context, n int) error) func(*ledger.Memory) brokenLedger {
	return func(m *ledger.Memory) brokenLedger {
		var mu sync.Mutex
		n := 0
		return brokenLedger{Memory: m, flush: func(ctx context.Context) error {
			mu.Lock()
			defer mu.Unlock()
			n++
			return f(ctx, n)
		}}
	}
}

func ledgerMistakes() []ledgerMistake {
	return []ledgerMistake{
		{"none", receipts(func(*ledger.Receipt) {}), ""},

		{"no receipt", receipts(func(r *ledger.Receipt) { *r = ledger.Receipt{} }), "Receipts"},
		{"duplicates are dropped", receipts(func(r *ledger.Receipt) { r.Dropped, r.Duplicates = r.Duplicates, 0 }), "Receipts"},
		{"duplicates are accepted, too", receipts(func(r *ledger.Receipt) { r.Accepted += r.Duplicates }), "Receipts"},
		{"all are duplicates", receipts(func(r *ledger.Receipt) { *r = ledger.Receipt{Duplicates: r.Accepted + r.Duplicates} }), "Receipts"},
		{"fewer than none are duplicates", receipts(func(r *ledger.Receipt) { r.Accepted, r.Duplicates = r.Accepted+1, r.Duplicates-1 }), "Receipts"},

		{"counts all", records(func(n int, e *ledger.Entry) {
			if e.ID != "" {
				e.ID += fmt.Sprint("#", n)
			}
		}), "IDsCountOnce Concurrent RandomSums"},
		{"no ID is an ID", records(func(_ int, e *ledger.Entry) {
			if e.ID == "" {
				e.ID = "none"
			}
		}), "NamelessAllCount"},
		{"every fiftieth is lost", records(func(n int, e *ledger.Entry) {
			if n%50 == 0 {
				e.ID = "lost"
			}
		}), "FlushContextEnded Concurrent RandomSums"},

		{"keeps the slice", func(m *ledger.Memory) brokenLedger {
			var mu sync.Mutex
			var kept [][]ledger.Entry
			return brokenLedger{
				Memory: m,
				record: func(entries []ledger.Entry) ledger.Receipt {
					mu.Lock()
					defer mu.Unlock()
					kept = append(kept, entries)
					return ledger.Receipt{Accepted: len(entries)}
				},
				flush: func(context.Context) error {
					mu.Lock()
					defer mu.Unlock()
					for _, entries := range kept {
						m.Record(entries)
					}
					kept = nil
					return nil
				},
			}
		}, "SliceIsTheCallers"},
		{"gives the caller's entries IDs", func(m *ledger.Memory) brokenLedger {
			return brokenLedger{Memory: m, record: func(entries []ledger.Entry) ledger.Receipt {
				for i := range entries {
					if entries[i].ID == "" {
						entries[i].ID = fmt.Sprint("given.", i)
					}
				}
				return m.Record(entries)
			}}
		}, "SliceIsTheCallers"},

		{"Flush flushes nothing", func(m *ledger.Memory) brokenLedger {
			return brokenLedger{Memory: m, record: func(entries []ledger.Entry) ledger.Receipt {
				return ledger.Receipt{Accepted: len(entries)}
			}}
		}, "IDsCountOnce NamelessAllCount SliceIsTheCallers FlushContextEnded Concurrent"},
		{"Flush hangs when the context has ended", flushes(func(ctx context.Context, _ int) error {
			if ctx.Err() != nil {
				forever()
			}
			return nil
		}), "FlushContextEnded"},
		{"Flush hangs the second time", flushes(func(_ context.Context, n int) error {
			if n == 2 {
				forever()
			}
			return nil
		}), "FlushContextEnded"},
		{"Flush fails the third time", flushes(func(_ context.Context, n int) error {
			if n == 3 {
				return errors.New("nothing to flush")
			}
			return nil
		}), "FlushContextEnded"},

		{"drops what comes while it is busy", func(m *ledger.Memory) brokenLedger {
			var mu sync.Mutex
			return brokenLedger{Memory: m, record: func(entries []ledger.Entry) ledger.Receipt {
				if !mu.TryLock() {
					return ledger.Receipt{Dropped: len(entries)}
				}
				defer mu.Unlock()
				time.Sleep(time.Millisecond)
				return m.Record(entries)
			}}
		}, "Concurrent"},
	}
}
