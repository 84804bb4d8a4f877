package ledgertest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/edgewise-ai/edgewise/hybrid/ledger"
)

func readerMistakes() []storeMistake {
	const odd = 999
	mistakes := []storeMistake{
		{"a sum of nothing", misadds(func(sums []ledger.Sum) []ledger.Sum {
			if len(sums) == 0 {
				sums = append(sums, ledger.Sum{})
			}
			return sums
		}), "Empty"},
		{"the last is lost", misadds(func(sums []ledger.Sum) []ledger.Sum { return sums[:max(len(sums)-1, 0)] }), "Groups Days RandomSums"},
		{"a group comes in two parts", misadds(func(sums []ledger.Sum) []ledger.Sum {
			if len(sums) > 0 && sums[0].Requests > 1 {
				sums = slices.Insert(sums, 0, sums[0])
				sums[0].Requests--
				sums[1].Requests = 1
			}
			return sums
		}), "RandomSums"},

		{"sorted for people", missorts(func(s ledger.Sum) string {
			return s.Day + "\x00" + string(s.Source) + "\x00" + strings.ToLower(s.Model) + "\x00" + strings.ToLower(s.Reason)
		}), "Groups"},
		{"sorted as UTF-16", missorts(func(s ledger.Sum) string {
			var b strings.Builder
			for _, unit := range utf16.Encode([]rune(s.Model)) {
				fmt.Fprintf(&b, "%04x", unit)
			}
			return s.Day + "\x00" + string(s.Source) + "\x00" + b.String() + "\x00" + s.Reason
		}), "Groups"},
		{"sorted by source", missorts(func(s ledger.Sum) string { return string(s.Source) }), "Groups RandomSums"},
		{"sorted by model before source", missorts(func(s ledger.Sum) string { return s.Day + "\x00" + s.Model }), "Groups RandomSums"},
		{"not sorted by reason", misadds(func(sums []ledger.Sum) []ledger.Sum {
			slices.SortStableFunc(sums, func(a, b ledger.Sum) int {
				return strings.Compare(a.Day+"\x00"+string(a.Source)+"\x00"+a.Model+"\x00"+b.Reason, b.Day+"\x00"+string(b.Source)+"\x00"+b.Model+"\x00"+a.Reason)
			})
			return sums
		}), "Groups RandomSums"},

		{"names in either case are the same", misreads(func(e *ledger.Entry) { e.Model = strings.ToLower(e.Model) }), "Groups RandomSums"},
		{"names end before a space", misreads(func(e *ledger.Entry) { e.Model = strings.TrimRight(e.Model, " ") }), "Groups"},
		{"names that look alike are the same", misreads(func(e *ledger.Entry) { e.Reason = strings.ReplaceAll(e.Reason, "a\u0308", "ä") }), "Groups"},
		{"names of 128 letters", misreads(func(e *ledger.Entry) { e.Model = e.Model[:min(len(e.Model), 128)] }), "Groups"},
		{"names of 16 bits", misreads(func(e *ledger.Entry) { e.Model = strings.ReplaceAll(e.Model, "\U0001f642", "?") }), "Groups"},
		{"no reason is a reason", misreads(func(e *ledger.Entry) {
			if e.Reason == "" {
				e.Reason = "null"
			}
		}), "Groups RandomSums"},
		{"one source", misreads(func(e *ledger.Entry) { e.Source = ledger.Server }), "Groups RandomSums"},

		{"days where the user is", misreads(func(e *ledger.Entry) {
			_, offset := e.Time.Zone()
			e.Time = e.Time.Add(time.Duration(offset) * time.Second)
		}), "Days RandomSums"},
		{"days in Seattle", misreads(func(e *ledger.Entry) { e.Time = e.Time.Add(-8 * time.Hour) }), "Days RandomSums"},
		{"times are rounded", misreads(func(e *ledger.Entry) { e.Time = e.Time.Round(time.Microsecond) }), "Days Bounds"},
		{"times before 1970 are cut upward", misreads(func(e *ledger.Entry) {
			if e.Time.Before(time.Unix(0, 0)) {
				e.Time = e.Time.Add(time.Millisecond - 1)
			}
		}), "Days Bounds"},
		{"an unknown time is none", misreads(func(e *ledger.Entry) {
			if e.Time.IsZero() {
				e.Time = time.Unix(0, 0)
			}
		}), "Days"},

		{"From is left out", misasks(func(q *ledger.Query) {
			if !q.From.IsZero() {
				q.From = q.From.Add(time.Millisecond)
			}
		}), "Bounds"},
		{"From is ignored", misasks(func(q *ledger.Query) { q.From = time.Time{} }), "Bounds Identity RandomSums"},
		{"From is not cut off", brokenStore{sums: func(s *shelf, ctx context.Context, q ledger.Query) ([]ledger.Sum, error) {
			chosen := newShelf()
			chosen.put(slices.DeleteFunc(s.all(), func(e ledger.Entry) bool { return e.Time.Before(q.From) })...)
			return chosen.Sums(ctx, ledger.Query{Until: q.Until, Identity: q.Identity})
		}}, "Bounds"},
		{"Until is included", misasks(func(q *ledger.Query) {
			if !q.Until.IsZero() {
				q.Until = q.Until.Add(time.Millisecond)
			}
		}), "Bounds"},
		{"Until is rounded up", misasks(func(q *ledger.Query) { q.Until = q.Until.Add(time.Millisecond - 1).Truncate(time.Millisecond) }), "Bounds"},
		{"Until is ignored", misasks(func(q *ledger.Query) { q.Until = time.Time{} }), "Bounds Identity RandomSums TooManyGroups"},
		{"bounds in seconds", misasks(func(q *ledger.Query) { q.From, q.Until = q.From.Truncate(time.Second), q.Until.Truncate(time.Second) }), "Bounds"},

		{"anybody's", misasks(func(q *ledger.Query) { q.Identity = "" }), "Identity RandomSums"},
		{"nobody's, not everybody's", brokenStore{sums: func(s *shelf, ctx context.Context, q ledger.Query) ([]ledger.Sum, error) {
			if q.Identity == "" {
				q.Identity = "nobody"
			}
			return s.Sums(ctx, q)
		}}, "Identity RandomSums"},
		{"an identity in either case", brokenStore{sums: func(s *shelf, ctx context.Context, q ledger.Query) ([]ledger.Sum, error) {
			chosen := newShelf()
			chosen.put(slices.DeleteFunc(s.all(), func(e ledger.Entry) bool {
				return q.Identity != "" && !strings.EqualFold(e.Identity, q.Identity)
			})...)
			return chosen.Sums(ctx, ledger.Query{From: q.From, Until: q.Until})
		}}, "Identity"},

		{"suspects count", misreads(func(e *ledger.Entry) { e.Suspect = "" }), "Suspects RandomSums"},
		{"suspects are requests", misadds(func(sums []ledger.Sum) []ledger.Sum {
			for i := range sums {
				sums[i].Requests += sums[i].Suspect
			}
			return sums
		}), "Suspects RandomSums"},
		{"suspects alone make no group", misadds(func(sums []ledger.Sum) []ledger.Sum {
			return slices.DeleteFunc(sums, func(s ledger.Sum) bool { return s.Requests == 0 })
		}), "Suspects"},

		{"sums are floats", misadds(func(sums []ledger.Sum) []ledger.Sum {
			for i := range sums {
				sums[i].CostMicroUSD = int64(float64(sums[i].CostMicroUSD))
			}
			return sums
		}), "LargeNumbers"},
		{"sums of 32 bits", misadds(func(sums []ledger.Sum) []ledger.Sum {
			for i := range sums {
				sums[i].PromptTokens = int64(int32(sums[i].PromptTokens))
			}
			return sums
		}), "LargeNumbers"},

		{"as many groups as fit", brokenStore{sums: func(s *shelf, ctx context.Context, q ledger.Query) ([]ledger.Sum, error) {
			sums := Sums(s.all(), q)
			return sums[:min(len(sums), ledger.MaxGroups)], ctx.Err()
		}}, "TooManyGroups"},
		{"a group too few", misadds(func(sums []ledger.Sum) []ledger.Sum { return sums[:min(len(sums), ledger.MaxGroups-1)] }), "TooManyGroups"},
		{"too many groups in words of its own", brokenStore{sums: func(s *shelf, ctx context.Context, q ledger.Query) ([]ledger.Sum, error) {
			sums, err := s.Sums(ctx, q)
			if err != nil {
				err = errors.New("please ask for less")
			}
			return sums, err
		}}, "TooManyGroups"},

		{"nothing when the context has ended", brokenStore{sums: func(s *shelf, ctx context.Context, q ledger.Query) ([]ledger.Sum, error) {
			sums, _ := s.Sums(ctx, q)
			return sums, nil
		}}, "SumsContextEnded"},
		{"Sums hangs when the context has ended", brokenStore{sums: func(s *shelf, ctx context.Context, q ledger.Query) ([]ledger.Sum, error) {
			if ctx.Err() != nil {
				forever()
			}
			return s.Sums(ctx, q)
		}}, "SumsContextEnded"},

		{"an entry is missing", relists(func(entries []ledger.Entry) []ledger.Entry { return entries[1:] }), "Fields"},
		{"an entry comes twice", relists(func(entries []ledger.Entry) []ledger.Entry { return append(entries, entries[0]) }), "Fields"},
		{"another entry", rewrites(func(e *ledger.Entry) { e.ID = strings.ToLower(e.ID) }), "Fields"},
		{"times in seconds", rewrites(func(e *ledger.Entry) { e.Time = e.Time.Truncate(time.Second) }), "Fields"},
		{"tiers of 255 letters", rewrites(func(e *ledger.Entry) { e.Tier = string([]rune(e.Tier)[:min(len([]rune(e.Tier)), 255)]) }), "Fields"},
		{"columns out of order", rewrites(func(e *ledger.Entry) { e.FinishReason, e.ErrorCode = e.ErrorCode, e.FinishReason }), "Fields"},
		{"flags out of order", rewrites(func(e *ledger.Entry) { e.Late, e.Fallback = e.Fallback, e.Late }), "Fields"},
	}
	for i := range reflect.TypeFor[ledger.Tally]().NumField() {
		mistakes = append(mistakes, storeMistake{
			"no sum of " + reflect.TypeFor[ledger.Tally]().Field(i).Name,
			misadds(func(sums []ledger.Sum) []ledger.Sum {
				for j := range sums {
					reflect.ValueOf(&sums[j].Tally).Elem().Field(i).SetInt(odd)
				}
				return sums
			}),
			"Groups RandomSums",
		})
	}
	for i := range reflect.TypeFor[ledger.Entry]().NumField() {
		mistakes = append(mistakes, storeMistake{
			"no column for " + reflect.TypeFor[ledger.Entry]().Field(i).Name,
			rewrites(func(e *ledger.Entry) { reflect.ValueOf(e).Elem().Field(i).SetZero() }),
			"Fields",
		})
	}
	return mistakes
}

// relists is a mistake made with the list of entries.
func relists(f func([]ledger.Entry) []ledger.Entry) brokenStore { return brokenStore{entries: f} }

// rewrites is a mistake made with each entry that is handed back.
func rewrites(f func(*ledger.Entry)) brokenStore {
	return relists(func(entries []ledger.Entry) []ledger.Entry {
		for i := range entries {
			f(&entries[i])
		}
		return entries
	})
}
