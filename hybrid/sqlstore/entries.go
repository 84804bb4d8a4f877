package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/edgewise-ai/edgewise/hybrid/ledger"
)

// columns are those of edgewise_entries.
var columns = []struct {
	name  string
	value func(*ledger.Entry) any
}{
	{"id", func(e *ledger.Entry) any { return e.ID }},
	{"at_ms", func(e *ledger.Entry) any { return e.Time.UnixMilli() }},
	{"day", func(e *ledger.Entry) any { return ledger.DayOf(e.Time) }},
	{"identity", func(e *ledger.Entry) any { return e.Identity }},
	{"tier", func(e *ledger.Entry) any { return e.Tier }},
	{"source", func(e *ledger.Entry) any { return string(e.Source) }},
	{"model", func(e *ledger.Entry) any { return e.Model }},
	{"framework", func(e *ledger.Entry) any { return e.Framework }},
	{"reason", func(e *ledger.Entry) any { return e.Reason }},
	{"decided_by", func(e *ledger.Entry) any { return e.DecidedBy }},
	{"prompt_tokens", func(e *ledger.Entry) any { return e.PromptTokens }},
	{"completion_tokens", func(e *ledger.Entry) any { return e.CompletionTokens }},
	{"estimated", func(e *ledger.Entry) any { return e.Estimated }},
	{"cost_micro_usd", func(e *ledger.Entry) any { return e.CostMicroUSD }},
	{"avoided_micro_usd", func(e *ledger.Entry) any { return e.AvoidedMicroUSD }},
	{"latency_ms", func(e *ledger.Entry) any { return e.LatencyMs }},
	{"ttft_ms", func(e *ledger.Entry) any { return e.TTFTMs }},
	{"tokens_per_second_milli", func(e *ledger.Entry) any { return e.TokensPerSecondMilli }},
	{"success", func(e *ledger.Entry) any { return e.Success }},
	{"finish_reason", func(e *ledger.Entry) any { return e.FinishReason }},
	{"error_code", func(e *ledger.Entry) any { return e.ErrorCode }},
	{"endpoint", func(e *ledger.Entry) any { return e.Endpoint }},
	{"fallback", func(e *ledger.Entry) any { return e.Fallback }},
	{"attempts", func(e *ledger.Entry) any { return int64(e.Attempts) }},
	{"late", func(e *ledger.Entry) any { return e.Late }},
	{"suspect", func(e *ledger.Entry) any { return e.Suspect }},
}

// Append implements [ledger.Store]. It may also delete what is past its time, but
// never much of it at once.
func (s *Store) Append(ctx context.Context, entries []ledger.Entry) error {
	err := s.tx(ctx, func(tx *sql.Tx) error { return s.insert(ctx, tx, entries) })
	switch {
	case err == nil:
		s.prune(ctx)
		return nil
	case s.dialect.judge(err) == rejected:
		return fmt.Errorf("%w: sqlstore: %w", ledger.ErrRejected, err)
	}
	return fmt.Errorf("sqlstore: entries: %w", err)
}

// insert takes chunks of one row, of two, of four and so on, so that however many
// entries come, a database sees few different statements and can keep their plans.
func (s *Store) insert(ctx context.Context, tx *sql.Tx, entries []ledger.Entry) error {
	args := make([]any, 0, s.dialect.chunk*len(columns))
	for n := s.dialect.chunk; len(entries) > 0; {
		if n > len(entries) {
			n /= 2
			continue
		}
		args = args[:0]
		for i := range entries[:n] {
			for _, column := range columns {
				args = append(args, column.value(&entries[i]))
			}
		}
		if _, err := tx.ExecContext(ctx, s.inserts[n], args...); err != nil {
			return err
		}
		entries = entries[n:]
	}
	return nil
}

// insertEntries returns the statements by the number of their rows, powers of two: they
// are long, and the same for every Append.
func insertEntries(d *Dialect) map[int]string {
	names := make([]string, len(columns))
	for i, column := range columns {
		names[i] = column.name
	}
	statements := make(map[int]string)
	for n := 1; n <= d.chunk; n *= 2 {
		statements[n] = d.bind(`INSERT INTO edgewise_entries (` + strings.Join(names, ", ") + `) VALUES ` +
			rows("("+rows("?", len(names))+")", n) + ` ON CONFLICT (id) DO NOTHING`)
	}
	return statements
}
