package ledgertest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/edgewise-ai/edgewise/hybrid/ledger"
)

// readerChecks are what a ledger or store must pass of which something can be read.
var readerChecks = []check{
	{"Empty", kit.checkEmpty},
	{"Fields", kit.checkFields},
	{"Groups", kit.checkGroups},
	{"Days", kit.checkDays},
	{"Bounds", kit.checkBounds},
	{"Identity", kit.checkIdentity},
	{"Suspects", kit.checkSuspects},
	{"LargeNumbers", kit.checkLargeNumbers},
	{"RandomSums", kit.checkRandomSums},
	{"TooManyGroups", kit.checkTooManyGroups},
	{"SumsContextEnded", kit.checkSumsContextEnded},
}

// sample is an entry to vary.
func sample(id any) ledger.Entry {
	return ledger.Entry{
		ID: fmt.Sprint("sample.", id), Time: monday.Add(time.Hour), Source: ledger.Browser,
		Model: "m", Reason: "r", PromptTokens: 3, CompletionTokens: 5, Success: true,
	}
}

func (k kit) checkEmpty(ctx context.Context) error {
	return k.wantSums(ctx, ledger.Query{}, nil)
}

// names are texts that a database may take for the same, put in another order than
// that of their bytes, or not take at all.
var names = []string{
	"", " ", "a", "a ", "A", "b", "B", "_", "-", "~", "0", "00", "null", "ä", "a\u0308", "z", "ß", "ss", "ı", "I",
	"\ufffd", "日本語", "\U0001f642", "\U0010ffff", `a"b`, "a'b", `a\b`, "a%", "a_", "a\tb", "a\nb", "$1", "?", "{}", "a,b", "a;--",
	strings.Repeat("m", 199), strings.Repeat("m", 200), strings.Repeat("界", 200),
}

func (k kit) checkGroups(ctx context.Context) error {
	var entries []ledger.Entry
	for i, name := range names {
		for _, source := range []ledger.Source{ledger.Server, ledger.Browser} {
			model, reason, failure, older := sample(i), sample(i), sample(i), sample(i)
			model.Model = name
			reason.Reason = name
			failure.Reason, failure.Success = name, false
			older.Reason, older.Time = name, monday.Add(-time.Hour)
			for j, e := range []ledger.Entry{older, reason, failure, model} {
				e.ID += fmt.Sprintf(".%s.%d", source, j)
				e.Source = source
				e.PromptTokens, e.CompletionTokens = int64(i), int64(10*j)
				e.CostMicroUSD, e.AvoidedMicroUSD = int64(100*i), int64(1000*j)
				entries = append(entries, e)
			}
		}
	}
	rand.New(rand.NewPCG(1, 1)).Shuffle(len(entries), func(i, j int) { entries[i], entries[j] = entries[j], entries[i] })
	if err := k.put(ctx, entries); err != nil {
		return err
	}
	return k.wantSums(ctx, ledger.Query{}, entries)
}

func (k kit) checkDays(ctx context.Context) error {
	var entries []ledger.Entry
	for i, at := range []time.Time{
		monday.Add(-1), monday, monday.Add(24*time.Hour - 1), monday.Add(24 * time.Hour),
		time.Date(2026, 11, 24, 5, 29, 59, 999_999_999, time.FixedZone("Mumbai", 5*3600+1800)), // the 23rd
		time.Date(2026, 11, 23, 16, 0, 0, 0, time.FixedZone("Seattle", -8*3600)),               // the 24th
		time.Date(2028, 2, 29, 12, 0, 0, 0, time.UTC),
		time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC).Add(-1),
		time.Date(9999, 12, 31, 23, 59, 59, 999_999_999, time.UTC),
		{}, // of an entry whose time is unknown
	} {
		e := sample(i)
		e.Time, e.Model = at, fmt.Sprint("time ", i) // a group of its own
		entries = append(entries, e)
	}
	if err := k.put(ctx, entries); err != nil {
		return err
	}
	return k.wantSums(ctx, ledger.Query{}, entries)
}

func (k kit) checkBounds(ctx context.Context) error {
	var entries []ledger.Entry
	bounds := []time.Time{{}}
	for _, around := range []time.Time{monday, time.Date(1969, 7, 20, 20, 17, 0, 0, time.UTC)} {
		for _, offset := range []time.Duration{-time.Millisecond, -1, 0, 1, time.Millisecond - 1, time.Millisecond, 2 * time.Millisecond} {
			at := around.Add(offset)
			e := sample(at)
			e.Time, e.Model = at, "at "+at.Format(time.RFC3339Nano) // a group of its own
			entries = append(entries, e)
			bounds = append(bounds, at.In(time.FixedZone("Mumbai", 5*3600+1800)))
		}
	}
	if err := k.put(ctx, entries); err != nil {
		return err
	}
	for _, from := range bounds {
		for _, until := range bounds {
			if err := k.wantSums(ctx, ledger.Query{From: from, Until: until}, entries); err != nil {
				return err
			}
		}
	}
	return nil
}

func (k kit) checkIdentity(ctx context.Context) error {
	identities := append([]string{"0a", "0A", "0b", "a_b", "azb", "0c1f"}, names...)
	var entries []ledger.Entry
	for i, identity := range identities {
		e := sample(i)
		e.Identity, e.PromptTokens = identity, int64(1)<<i
		e.Time = monday.Add(time.Duration(i) * time.Hour)
		entries = append(entries, e)
	}
	if err := k.put(ctx, entries); err != nil {
		return err
	}
	for _, identity := range append(identities, "0", "%", "nobody") {
		for _, q := range []ledger.Query{
			{Identity: identity},
			{Identity: identity, From: monday.Add(3 * time.Hour), Until: monday.Add(20 * time.Hour)},
		} {
			if err := k.wantSums(ctx, q, entries); err != nil {
				return err
			}
		}
	}
	return nil
}

func (k kit) checkSuspects(ctx context.Context) error {
	entries := []ledger.Entry{sample(0), sample(1), sample(2), sample(3)}
	for i := range entries {
		entries[i].CostMicroUSD, entries[i].AvoidedMicroUSD = 7, 11
	}
	entries[1].Suspect = "too_many_tokens"
	entries[1].PromptTokens, entries[1].CompletionTokens = maxCount, maxCount
	entries[2].Suspect, entries[2].Success = "too_fast", false
	entries[3].Suspect, entries[3].Model = "unknown_decision", "of which nothing else is known"
	if err := k.put(ctx, entries); err != nil {
		return err
	}
	return k.wantSums(ctx, ledger.Query{}, entries)
}

// maxCount is the largest number of an entry, as of every number on the wire.
const maxCount = 1<<53 - 1

// checkLargeNumbers has sums that a float64 can't say.
func (k kit) checkLargeNumbers(ctx context.Context) error {
	var entries []ledger.Entry
	for i, n := range []int64{maxCount, maxCount, 1} {
		e := sample(i)
		e.PromptTokens, e.CompletionTokens, e.CostMicroUSD, e.AvoidedMicroUSD = n, n, n, n
		entries = append(entries, e)
	}
	if err := k.put(ctx, entries); err != nil {
		return err
	}
	return k.wantSums(ctx, ledger.Query{}, entries)
}

func (k kit) checkRandomSums(ctx context.Context) error {
	var entries []ledger.Entry
	for seed := range uint64(4) {
		some := Random(200+seed, 500)
		again := slices.Clone(some[:50]) // and say something else
		for i := range again {
			again[i].CompletionTokens++
		}
		entries = slices.Concat(entries, some, again)
		if err := errors.Join(k.put(ctx, some), k.put(ctx, again)); err != nil {
			return err
		}
		r := rand.New(rand.NewPCG(seed, 2))
		for range 10 {
			var q ledger.Query
			if r.IntN(4) > 0 {
				q.From = monday.Add(time.Duration(r.Int64N(int64(5 * 24 * time.Hour))))
			}
			if r.IntN(4) > 0 {
				q.Until = monday.Add(time.Duration(r.Int64N(int64(8 * 24 * time.Hour))))
			}
			if r.IntN(2) > 0 {
				q.Identity = entries[r.IntN(len(entries))].Identity
			}
			if err := k.wantSums(ctx, q, entries); err != nil {
				return err
			}
		}
	}
	return nil
}

func (k kit) checkTooManyGroups(ctx context.Context) error {
	if _, err := k.sums(ctx); err != nil {
		return err
	}
	if _, reads := k.subject().(ledger.Reader); !reads {
		return skip("it is no ledger.Reader")
	}
	entries := make([]ledger.Entry, ledger.MaxGroups+1)
	for i := range entries {
		e := sample(i)
		e.Model = fmt.Sprint("m", i)
		entries[i] = e
	}
	last := &entries[ledger.MaxGroups]
	last.Time = monday.Add(24 * time.Hour)
	last.Suspect = "too_fast" // which makes a group like others
	if err := k.put(ctx, entries); err != nil {
		return err
	}
	if sums, err := k.sums(ctx); !errors.Is(err, ledger.ErrTooManyGroups) {
		return fmt.Errorf("Sums of %d groups: %d sums, error %q; want one that wraps ErrTooManyGroups", len(entries), len(sums), fmt.Sprint(err))
	}
	sums, err := sumsOf(ctx, k.subject(), ledger.Query{Until: last.Time})
	if err == nil && len(sums) != ledger.MaxGroups {
		err = fmt.Errorf("Sums of %d groups: %d sums", ledger.MaxGroups, len(sums))
	}
	return err
}

func (k kit) checkSumsContextEnded(ctx context.Context) error {
	entries := Random(60, 100)
	if err := k.put(ctx, entries); err != nil {
		return err
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	return k.promptly("Sums with a context that has ended", func() error {
		sums, err := k.sums(ended)
		if err != nil && !errors.Is(err, errUnreadable) {
			return nil // as it should be, unless it needs no time
		}
		return errors.Join(err, difference(sums, Sums(entries, ledger.Query{})))
	})
}
