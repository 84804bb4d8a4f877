package ledgertest

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/edgewise-ai/edgewise/hybrid/ledger"
)

// checkFields wants back what was put, times to the millisecond.
func (k kit) checkFields(ctx context.Context) error {
	lister, ok := k.subject().(Lister)
	if !ok {
		return skip("it is no Lister")
	}
	entries := append(extremes(), Random(70, 200)...)
	if err := k.put(ctx, entries); err != nil {
		return err
	}
	got, err := lister.Entries(ctx)
	if err != nil {
		return fmt.Errorf("Entries: %w", err)
	}
	byID := make(map[string]ledger.Entry)
	for _, e := range got {
		byID[e.ID] = e
	}
	if len(got) != len(entries) || len(byID) != len(entries) {
		return fmt.Errorf("Entries: %d with %d IDs, want %d", len(got), len(byID), len(entries))
	}
	for _, want := range entries {
		e, ok := byID[want.ID]
		if !ok {
			return fmt.Errorf("Entries: %q is missing", want.ID)
		}
		if err := sameFields(e, want); err != nil {
			return fmt.Errorf("Entries: %q: %w", want.ID, err)
		}
	}
	return nil
}

// sameFields says which field differs first.
func sameFields(got, want ledger.Entry) error {
	got.Time, want.Time = time.UnixMilli(got.Time.UnixMilli()), time.UnixMilli(want.Time.UnixMilli())
	g, w := reflect.ValueOf(got), reflect.ValueOf(want)
	for i := range w.NumField() {
		if g.Field(i).Interface() != w.Field(i).Interface() {
			return fmt.Errorf("%s is %+q, want %+q", w.Type().Field(i).Name, fmt.Sprint(g.Field(i)), fmt.Sprint(w.Field(i)))
		}
	}
	return nil
}

// extremes are entries whose fields are as empty, long, large and odd as a router
// lets them be.
func extremes() []ledger.Entry {
	fill := func(id string, at time.Time, text func(most int) string, n int64, b bool) ledger.Entry {
		return ledger.Entry{
			ID: id, Time: at, Identity: text(32), Tier: text(300), Source: ledger.Server,
			Model: text(200), Framework: text(64), Reason: text(64), DecidedBy: text(6),
			PromptTokens: n, CompletionTokens: n, Estimated: b, CostMicroUSD: n, AvoidedMicroUSD: n,
			LatencyMs: n, TTFTMs: n, TokensPerSecondMilli: n,
			Success: b, FinishReason: text(64), ErrorCode: text(64),
			Endpoint: text(200), Fallback: b, Attempts: int(min(n, 1<<31-1)), Late: b, Suspect: text(64),
		}
	}
	repeat := func(r string) func(int) string {
		return func(most int) string { return strings.Repeat(r, most) }
	}
	entries := []ledger.Entry{
		{ID: "least", Source: ledger.Browser},
		fill("large", monday.Add(24*time.Hour-1), repeat("m"), maxCount, true),
		fill(strings.Repeat("long", 50), monday, repeat("界"), 1, true),
		fill("emoji", monday.Add(time.Millisecond), repeat("\U0001f642"), 0, false),
	}
	for i, name := range names {
		odd := func(int) string { return name }
		entries = append(entries, fill(fmt.Sprintf("name %d %s", i, name), monday.Add(time.Duration(i)), odd, int64(i), i%2 == 0))
	}
	// Each field alone, so that none can stand in for another.
	types := reflect.TypeFor[ledger.Entry]()
	for i := range types.NumField() {
		e := ledger.Entry{ID: "alone." + types.Field(i).Name, Time: monday, Source: ledger.Browser}
		switch field := reflect.ValueOf(&e).Elem().Field(i); field.Kind() {
		case reflect.Bool:
			field.SetBool(true)
		case reflect.Int, reflect.Int64:
			field.SetInt(int64(1000 + i))
		case reflect.String:
			if field.IsZero() {
				field.SetString(types.Field(i).Name)
			}
		}
		entries = append(entries, e)
	}
	return entries
}
