package policy_test

import (
	"github.com/edgewise-ai/edgewise/capability"
	"github.com/edgewise-ai/edgewise/policy"
)

func budgetCases() []testCase {
	left := func(microUSD int64, hard bool) policy.Input {
		return from(policy.Subject{Budget: &policy.Balance{RemainingMicroUSD: microUSD, Hard: hard}})
	}
	free := goes(browser, policy.OptimalForBrowser)
	spent := goes(browser, policy.BudgetExhausted)
	spentHard := must(browser, policy.BudgetExhausted)

	cases := both("budget", policy.Budget{},
		row{"none", policy.Input{}, free},
		row{"a millionth left", left(1, false), free},
		row{"spent", left(0, false), spent},
		row{"overspent", left(-1, false), spent},
		row{"plenty", left(capability.MaxCount, false), free},
		row{"a millionth of a hard one left", left(1, true), free},
		row{"a hard one spent", left(0, true), spentHard},
		row{"a hard one overspent", left(-capability.MaxCount, true), spentHard},
	)
	cases = append(cases, both("budget with a reserve", policy.Budget{ReserveMicroUSD: 1_000},
		row{"just over the reserve", left(1_001, false), free},
		row{"down to the reserve", left(1_000, false), spent},
		row{"under the reserve", left(999, true), spentHard},
	)...)
	return append(cases, both("budgets that are all hard", policy.Budget{Hard: true},
		row{"none", policy.Input{}, free},
		row{"a millionth left", left(1, false), free},
		row{"spent", left(0, false), spentHard},
	)...)
}
