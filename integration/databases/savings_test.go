package databases_test

import (
	"go/doc/comment"
	"go/parser"
	"go/token"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edgewise-ai/edgewise/hybrid/ledger"
	"github.com/edgewise-ai/edgewise/hybrid/ledger/ledgertest"
	"github.com/edgewise-ai/edgewise/hybrid/sqlstore"
)

// The statements that the documentation of sqlstore gives operators say what the
// savings endpoint says.
func TestDocumentedSavings(t *testing.T) {
	statements := documented(t)
	each(t, func(t *testing.T, dialect sqlstore.Dialect, at address) {
		db := at.open(t)
		store := newStore(t, db, dialect, keepAll)
		entries := ledgertest.Random(1, 500)
		for i := range entries {
			entries[i].Time = entries[i].Time.AddDate(0, 0, -7*(i%6)) // some before November
		}
		add(t, store, entries...)

		sums, err := store.Sums(t.Context(), ledger.Query{
			From:  time.Date(2026, time.November, 1, 0, 0, 0, 0, time.UTC),
			Until: time.Date(2026, time.December, 1, 0, 0, 0, 0, time.UTC),
		})
		if err != nil {
			t.Fatal(err)
		}
		want := ledger.Summarize(sums)
		got := ledger.Summary{
			Total:    want.Total,
			BySource: make(ledger.BySource),
			ByModel:  make(map[string]ledger.BySource),
			ByReason: make(map[string]ledger.BySource),
			ByDay:    make(map[string]ledger.BySource),
		}
		for _, statement := range statements {
			rows, err := db.QueryContext(t.Context(), statement)
			if err != nil {
				t.Fatalf("%v\n%s", err, statement)
			}
			for rows.Next() {
				var key string
				var source ledger.Source
				var tally ledger.Tally
				fields := []any{&key, &source, &tally.Requests, &tally.Failures, &tally.PromptTokens, &tally.CompletionTokens,
					&tally.CostMicroUSD, &tally.AvoidedMicroUSD, &tally.Suspect}
				property := strings.Fields(strings.ReplaceAll(statement, ",", " "))[1]
				if property == "source" {
					fields = fields[1:]
				}
				if err := rows.Scan(fields...); err != nil {
					t.Fatal(err)
				}
				if property == "source" {
					got.BySource[source] = tally
					continue
				}
				group := map[string]map[string]ledger.BySource{"model": got.ByModel, "reason": got.ByReason, "day": got.ByDay}[property]
				if group[key] == nil {
					group[key] = make(ledger.BySource)
				}
				group[key][source] = tally
			}
			if err := rows.Err(); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if n := want.Total.Requests + want.Total.Suspect; n == 0 || n == int64(len(entries)) {
			t.Errorf("%d of %d entries are of November: the bounds show nothing", n, len(entries))
		}
	})
}

// documented returns the statements in the package comment.
func documented(t *testing.T) (statements []string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../../hybrid/sqlstore/doc.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	var p comment.Parser
	for _, block := range p.Parse(file.Doc.Text()).Content {
		if code, ok := block.(*comment.Code); ok && strings.HasPrefix(code.Text, "SELECT") {
			statements = append(statements, code.Text)
		}
	}
	if len(statements) == 0 {
		t.Fatal("there are none")
	}
	return statements
}
