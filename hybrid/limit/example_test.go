package limit_test

import (
	"context"
	"fmt"
	"time"

	"github.com/edgewise-ai/edgewise/hybrid/limit"
)

// A request takes what it is likely to need, and is corrected once that is known.
func Example() {
	ctx, now := context.Background(), time.Date(2026, time.November, 23, 12, 0, 0, 0, time.UTC)
	store := limit.NewMemory(limit.MemoryOptions{})
	tokens, _ := limit.Rate{Amount: 1_000}.Account("tokens/user-1")
	budget, _ := limit.Budget{MicroUSD: 50_000, Per: limit.Day}.Account("budget/user-1")

	estimate := []limit.Charge{{Account: tokens, Amount: 600}, {Account: budget, Amount: 1_200}}
	refusal, err := store.Take(ctx, now, estimate)
	fmt.Println("refused:", refusal != nil, err)

	refusal, err = store.Take(ctx, now, estimate) // in the same moment
	fmt.Println("refused:", refusal != nil, err)
	fmt.Println("for want of", estimate[refusal.Index].Account.Key, "until", refusal.Wait, "later")

	used := []limit.Charge{{Account: tokens, Amount: -350}, {Account: budget, Amount: -700}} // only 250 tokens came
	if err := store.Settle(ctx, now, used); err != nil {
		fmt.Println(err)
	}
	left, err := store.Left(ctx, now, budget)
	fmt.Println(left, "micro-dollars left", err)
	// Output:
	// refused: false <nil>
	// refused: true <nil>
	// for want of tokens/user-1 until 12s later
	// 49500 micro-dollars left <nil>
}
