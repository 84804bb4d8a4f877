package ledger_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgewise-ai/edgewise/hybrid/ledger"
)

func entry(id string) ledger.Entry {
	return ledger.Entry{ID: id, Source: ledger.Browser, Model: "m", Reason: "r", PromptTokens: 2, CompletionTokens: 3, Success: true}
}

func entries(from, to int) []ledger.Entry {
	var list []ledger.Entry
	for n := from; n < to; n++ {
		list = append(list, entry(fmt.Sprintf("g.%d", n)))
	}
	return list
}

func ids(list []ledger.Entry) []string {
	var names []string
	for _, e := range list {
		names = append(names, e.ID)
	}
	return names
}

func TestMemoryCountsAnIDOnce(t *testing.T) {
	var m ledger.Memory
	for i, test := range []struct {
		entries []ledger.Entry
		want    ledger.Receipt
	}{
		{nil, ledger.Receipt{}},
		{entries(0, 2), ledger.Receipt{Accepted: 2}},
		{entries(1, 4), ledger.Receipt{Accepted: 2, Duplicates: 1}},
		{[]ledger.Entry{entry("x"), entry("x")}, ledger.Receipt{Accepted: 1, Duplicates: 1}},
		{[]ledger.Entry{entry(""), entry("")}, ledger.Receipt{Accepted: 2}}, // nameless ones are never the same
	} {
		if got := m.Record(test.entries); got != test.want {
			t.Errorf("%d: got %+v, want %+v", i, got, test.want)
		}
	}
	if n := m.Summary().Total.Requests; n != 7 {
		t.Errorf("%d entries", n)
	}
	if err := m.Flush(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestMemoryIsBounded(t *testing.T) {
	m := ledger.NewMemory(ledger.MemoryOptions{MaxEntries: 3})
	m.Record(entries(0, 8))
	if got := ids(m.Recent(99)); !cmp.Equal(got, []string{"g.7", "g.6", "g.5"}) {
		t.Errorf("got %v", got)
	}
	if got := ids(m.Recent(2)); !cmp.Equal(got, []string{"g.7", "g.6"}) {
		t.Errorf("got %v", got)
	}
	if got := m.Recent(-1); len(got) != 0 {
		t.Errorf("got %v", got)
	}
	if n := m.Summary().Total.Requests; n != 3 || m.Evicted() != 5 {
		t.Errorf("%d entries, %d evicted", n, m.Evicted())
	}
	if got := m.Record(entries(5, 9)); got != (ledger.Receipt{Accepted: 1, Duplicates: 3}) {
		t.Errorf("got %+v", got)
	}
}

// IDs leave with their entries, or the map would grow for ever.
func TestMemoryForgetsIDs(t *testing.T) {
	m := ledger.NewMemory(ledger.MemoryOptions{MaxEntries: 3})
	m.Record(entries(0, 8))
	if got := m.Record(entries(0, 5)); got != (ledger.Receipt{Accepted: 5}) {
		t.Errorf("got %+v: evicted IDs are still known", got)
	}
}

// Sums refuses what would be a long answer; the summary of it is not long.
func TestMemorySumsManyGroups(t *testing.T) {
	var m ledger.Memory
	list := entries(0, ledger.MaxGroups+1)
	for i := range list {
		list[i].Reason = list[i].ID
	}
	m.Record(list)
	if sums, err := m.Sums(t.Context(), ledger.Query{}); !errors.Is(err, ledger.ErrTooManyGroups) {
		t.Errorf("got %d sums, %v", len(sums), err)
	}
	if s := m.Summary(); s.Total.Requests != ledger.MaxGroups+1 || len(s.ByReason) != ledger.MaxGroups+1 || len(s.ByModel) != 1 {
		t.Errorf("the summary has %d requests, %d reasons, %d models", s.Total.Requests, len(s.ByReason), len(s.ByModel))
	}
}

func TestMemoryConcurrent(t *testing.T) {
	m := ledger.NewMemory(ledger.MemoryOptions{MaxEntries: 100})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for n := range 200 {
				m.Record(entries(n, n+1))
				m.Recent(3)
				if n%50 == 0 {
					m.Summary()
				}
			}
		})
	}
	wg.Wait()
	if n := m.Summary().Total.Requests; n != 100 {
		t.Errorf("%d entries", n)
	}
}
