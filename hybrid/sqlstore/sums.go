package sqlstore

import (
	"context"
	"fmt"
	"strings"

	"github.com/edgewise-ai/edgewise/hybrid/ledger"
)

// Sums implements [ledger.Reader].
func (s *Store) Sums(ctx context.Context, q ledger.Query) ([]ledger.Sum, error) {
	where, args := conditions(q)
	found, err := s.db.QueryContext(ctx, s.dialect.bind(`
		SELECT day, source, model, reason,
			CAST(SUM(requests) AS bigint), CAST(SUM(failures) AS bigint),
			CAST(SUM(prompt_tokens) AS bigint), CAST(SUM(completion_tokens) AS bigint),
			CAST(SUM(cost_micro_usd) AS bigint), CAST(SUM(avoided_micro_usd) AS bigint),
			CAST(SUM(suspect) AS bigint)
		FROM edgewise_savings`+where+`
		GROUP BY day, source, model, reason
		ORDER BY day, source, model, reason
		LIMIT ?`), append(args, ledger.MaxGroups+1)...)
	if err != nil {
		return nil, fmt.Errorf("sqlstore: sums: %w", err)
	}
	sums := []ledger.Sum{}
	err = forEach(found, func() error {
		var sum ledger.Sum
		err := found.Scan(&sum.Day, &sum.Source, &sum.Model, &sum.Reason,
			&sum.Requests, &sum.Failures, &sum.PromptTokens, &sum.CompletionTokens,
			&sum.CostMicroUSD, &sum.AvoidedMicroUSD, &sum.Suspect)
		sums = append(sums, sum)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("sqlstore: sums: %w", err)
	}
	if len(sums) > ledger.MaxGroups {
		return nil, ledger.ErrTooManyGroups
	}
	return sums, nil
}

// conditions returns what chooses the entries of a query.
func conditions(q ledger.Query) (where string, args []any) {
	var all []string
	if !q.From.IsZero() {
		all, args = append(all, `at_ms >= ?`), append(args, q.From.UnixMilli())
	}
	if !q.Until.IsZero() {
		all, args = append(all, `at_ms < ?`), append(args, q.Until.UnixMilli())
	}
	if q.Identity != "" {
		all, args = append(all, `identity = ?`), append(args, q.Identity)
	}
	if len(all) == 0 {
		return "", nil
	}
	return ` WHERE ` + strings.Join(all, ` AND `), args
}
