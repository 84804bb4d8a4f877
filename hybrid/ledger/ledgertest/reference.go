package ledgertest

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/edgewise-ai/edgewise/hybrid/ledger"
)

// Sums is what a [ledger.Reader] must answer that was given these entries: of those
// that share an ID the first counts, and one without an ID shares it with none. It
// has nothing in common with the package it checks, and no [ledger.MaxGroups].
func Sums(entries []ledger.Entry, q ledger.Query) []ledger.Sum {
	seen := make(map[string]bool)
	sums := make(map[ledger.Group]*ledger.Sum)
	for _, e := range entries {
		if e.ID != "" && seen[e.ID] {
			continue
		}
		seen[e.ID] = true
		switch {
		case q.Identity != "" && e.Identity != q.Identity,
			!q.From.IsZero() && milliseconds(e.Time) < milliseconds(q.From),
			!q.Until.IsZero() && milliseconds(e.Time) >= milliseconds(q.Until):
			continue
		}
		year, month, day := e.Time.UTC().Date()
		group := ledger.Group{
			Day:    fmt.Sprintf("%04d-%02d-%02d", year, month, day),
			Source: e.Source,
			Model:  e.Model,
			Reason: e.Reason,
		}
		sum := sums[group]
		if sum == nil {
			sum = &ledger.Sum{Group: group}
			sums[group] = sum
		}
		if e.Suspect != "" {
			sum.Suspect++
			continue
		}
		sum.Requests++
		if !e.Success {
			sum.Failures++
		}
		sum.PromptTokens += e.PromptTokens
		sum.CompletionTokens += e.CompletionTokens
		sum.CostMicroUSD += e.CostMicroUSD
		sum.AvoidedMicroUSD += e.AvoidedMicroUSD
	}
	list := make([]ledger.Sum, 0, len(sums))
	for _, sum := range sums {
		list = append(list, *sum)
	}
	slices.SortFunc(list, func(a, b ledger.Sum) int {
		return cmp.Or(cmp.Compare(a.Day, b.Day), cmp.Compare(a.Source, b.Source), cmp.Compare(a.Model, b.Model), cmp.Compare(a.Reason, b.Reason))
	})
	return list
}

// milliseconds cuts off what is below, as Time.UnixMilli does.
func milliseconds(t time.Time) int64 {
	return t.Unix()*1000 + int64(t.Nanosecond()/int(time.Millisecond))
}
