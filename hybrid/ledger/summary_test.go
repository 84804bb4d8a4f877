package ledger_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edgewise-ai/edgewise/hybrid/ledger"
	"github.com/edgewise-ai/edgewise/hybrid/ledger/ledgertest"
)

func TestSummary(t *testing.T) {
	monday := time.Date(2026, 11, 23, 23, 0, 0, 0, time.UTC)
	list := append(entries(0, 2), ledger.Entry{Source: ledger.Server, Model: "s", ErrorCode: "upstream_timeout", CostMicroUSD: 5})
	list = append(list, ledger.Entry{Source: ledger.Browser, Model: "m", PromptTokens: 1e12, AvoidedMicroUSD: 1e12, Suspect: "too_many_tokens"})
	list[0].AvoidedMicroUSD = 7
	for i := range list {
		list[i].Time = monday.Add(time.Duration(i) * time.Hour)
	}
	var m ledger.Memory
	m.Record(list)

	first := ledger.Tally{Requests: 1, PromptTokens: 2, CompletionTokens: 3, AvoidedMicroUSD: 7}
	second := ledger.Tally{Requests: 1, PromptTokens: 2, CompletionTokens: 3}
	suspect := ledger.Tally{Suspect: 1}
	both := ledger.Tally{Requests: 2, PromptTokens: 4, CompletionTokens: 6, AvoidedMicroUSD: 7}
	page := both
	page.Add(suspect)
	secondDay := second
	secondDay.Add(suspect)
	server := ledger.Tally{Requests: 1, Failures: 1, CostMicroUSD: 5}
	want := ledger.Summary{
		Total:    ledger.Tally{Requests: 3, Failures: 1, PromptTokens: 4, CompletionTokens: 6, CostMicroUSD: 5, AvoidedMicroUSD: 7, Suspect: 1},
		BySource: ledger.BySource{ledger.Browser: page, ledger.Server: server},
		ByModel:  map[string]ledger.BySource{"m": {ledger.Browser: page}, "s": {ledger.Server: server}},
		ByReason: map[string]ledger.BySource{"r": {ledger.Browser: both}},
		ByDay: map[string]ledger.BySource{
			"2026-11-23": {ledger.Browser: first},
			"2026-11-24": {ledger.Browser: secondDay, ledger.Server: server},
		},
	}
	if diff := cmp.Diff(want, m.Summary()); diff != "" {
		t.Error(diff)
	}
}

// A page that reads the summary of nothing can read it like any other.
func TestSummaryOfNothingIsComplete(t *testing.T) {
	got, err := json.Marshal(ledger.Summarize(nil))
	const zero = `{"requests":0,"failures":0,"promptTokens":0,"completionTokens":0,"costMicroUSD":0,"avoidedMicroUSD":0,"suspect":0}`
	want := `{"total":` + zero + `,"bySource":{},"byModel":{},"byReason":{},"byDay":{}}`
	if err != nil || string(got) != want {
		t.Errorf("got %s, %v", got, err)
	}
}

// FuzzSummarize cuts entries into two ledgers: what their sums add up to together is
// the summary of the one that holds all of them.
func FuzzSummarize(f *testing.F) {
	f.Add(uint64(1), uint16(300), uint16(100))
	f.Add(uint64(2), uint16(50), uint16(0))
	f.Add(uint64(3), uint16(1), uint16(1))
	f.Add(uint64(4), uint16(0), uint16(0))
	f.Fuzz(func(t *testing.T, seed uint64, n, cut uint16) {
		all := ledgertest.Random(seed, int(n%2000))
		at := int(cut) % (len(all) + 1)
		var whole ledger.Memory
		whole.Record(all)
		var parts []ledger.Sum
		for _, part := range [][]ledger.Entry{all[:at], all[at:]} {
			var m ledger.Memory
			m.Record(part)
			sums, err := m.Sums(t.Context(), ledger.Query{})
			if err != nil {
				t.Fatal(err)
			}
			parts = append(parts, sums...)
		}
		got := ledger.Summarize(parts)
		if diff := cmp.Diff(whole.Summary(), got); diff != "" {
			t.Errorf("the parts are not the whole:\n%s", diff)
		}
		for _, views := range []map[string]ledger.BySource{{"": got.BySource}, got.ByModel, got.ByDay} {
			var total ledger.Tally
			for _, bySource := range views {
				for _, tally := range bySource {
					total.Add(tally)
				}
			}
			if total != got.Total {
				t.Errorf("the parts of %v add up to %+v, want %+v", views, total, got.Total)
			}
		}
	})
}
