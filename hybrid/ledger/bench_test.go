package ledger_test

import (
	"context"
	"testing"

	"github.com/edgewise-ai/edgewise/hybrid/ledger"
	"github.com/edgewise-ai/edgewise/hybrid/ledger/ledgertest"
)

// batches returns entries in turn, so many that a Memory has forgotten them by the
// time they come round.
func batches(size int) func() []ledger.Entry {
	all, next := ledgertest.Random(1, 2*ledger.DefaultMaxEntries), 0
	return func() []ledger.Entry {
		at := next
		next = (next + size) % len(all)
		return all[at : at+size]
	}
}

func BenchmarkMemoryRecord(b *testing.B) {
	m, next := ledger.NewMemory(ledger.MemoryOptions{}), batches(50)
	b.ReportAllocs()
	for b.Loop() {
		m.Record(next())
	}
}

// swallow is a store that takes no time.
type swallow struct{}

func (swallow) Append(context.Context, []ledger.Entry) error { return nil }

func BenchmarkQueueRecord(b *testing.B) {
	for name, store := range map[string]ledger.Store{"flowing": swallow{}, "full": hanging{}} {
		b.Run(name, func(b *testing.B) {
			q, next := ledger.NewQueue(store, ledger.QueueOptions{}), batches(50)
			ended, cancel := context.WithCancel(b.Context())
			cancel()
			b.ReportAllocs()
			for b.Loop() {
				if q.Record(next()).Dropped > 0 && name == "flowing" {
					_ = q.Flush(b.Context())
				}
			}
			_ = q.Close(ended)
		})
	}
}

func BenchmarkMemorySums(b *testing.B) {
	m := ledger.NewMemory(ledger.MemoryOptions{})
	m.Record(ledgertest.Random(1, 100_000))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := m.Sums(b.Context(), ledger.Query{}); err != nil {
			b.Fatal(err)
		}
	}
}
