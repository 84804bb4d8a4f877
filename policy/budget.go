package policy

import "context"

// Budget acts once an identity's budget for the server is spent: it prefers the
// browser, or forbids the server where the budget is hard, both with
// budget_exhausted. An identity without a budget is left alone.
type Budget struct {
	// ReserveMicroUSD is what to keep back: a budget with no more than this left
	// counts as spent. Millionths of a US dollar. Defaults to 0.
	ReserveMicroUSD int64 `json:"reserveMicroUSD,omitempty"`

	// Hard treats every budget as hard, whatever its balance says of itself.
	// Defaults to false.
	Hard bool `json:"hard,omitempty"`
}

// Name implements [Namer].
func (Budget) Name() string { return NameBudget }

// Validate reports an option out of range.
func (p Budget) Validate() error {
	return checkOptions(option{name: "ReserveMicroUSD", value: p.ReserveMicroUSD})
}

func (p Budget) settled() portable { return p }

// Evaluate implements [Policy].
func (p Budget) Evaluate(_ context.Context, in *Input) (Verdict, error) {
	switch balance := in.Subject.Budget; {
	case balance == nil || balance.RemainingMicroUSD > p.ReserveMicroUSD:
		return Verdict{}, nil
	case balance.Hard || p.Hard:
		return Verdict{Forbid: SetOf(Server), Reason: BudgetExhausted}, nil
	}
	return Verdict{Prefer: Browser, Reason: BudgetExhausted}, nil
}

// Explain implements [Explainer].
func (p Budget) Explain(in *Input) map[string]int64 {
	detail := map[string]int64{"reserveMicroUSD": p.ReserveMicroUSD}
	if balance := in.Subject.Budget; balance != nil {
		detail["remainingMicroUSD"] = balance.RemainingMicroUSD
	}
	return detail
}
