package limit_test

import (
	"context"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/edgewise-ai/edgewise/hybrid/limit"
)

// crowd is how many users benchmarks have, with three accounts each.
const crowd = 50_000

// allowance is what a user may take: the charges of one request.
func allowance(user int) []limit.Charge {
	account := func(a limit.Account, limited bool) limit.Account {
		if !limited {
			panic("no limit")
		}
		return a
	}
	hash := fmt.Sprintf("%032x", user)
	return []limit.Charge{
		{Account: account(limit.Rate{Amount: 60}.Account("requests/" + hash)), Amount: 1},
		{Account: account(limit.Rate{Amount: 100_000}.Account("tokens/" + hash)), Amount: 700},
		{Account: account(limit.Budget{MicroUSD: 5_000_000}.Account("budget/" + hash)), Amount: 210},
	}
}

// populated returns a store in which all of the crowd have come lately, and their
// charges.
func populated(b *testing.B) (*limit.Memory, [][]limit.Charge) {
	m := limit.NewMemory(limit.MemoryOptions{})
	requests := make([][]limit.Charge, crowd)
	for user := range requests {
		requests[user] = allowance(user)
		if _, err := m.Take(b.Context(), noon, requests[user]); err != nil {
			b.Fatal(err)
		}
	}
	return m, requests
}

// BenchmarkMemoryLeft looks at one account after the other: of a hundred users who are
// there at the time, or of the whole crowd, whose accounts are in no cache.
func BenchmarkMemoryLeft(b *testing.B) {
	m, requests := populated(b)
	ctx, cancel := context.WithCancel(b.Context()) // as a request's
	defer cancel()
	for _, account := range []struct {
		name   string
		charge int
	}{{"rate", 0}, {"budget", 2}} {
		for _, users := range []int{100, crowd} {
			b.Run(fmt.Sprintf("%s/users=%d", account.name, users), func(b *testing.B) {
				b.ReportAllocs()
				b.RunParallel(func(pb *testing.PB) {
					for user := 0; pb.Next(); user = (user + 1) % users {
						if _, err := m.Left(ctx, noon, requests[user][account.charge].Account); err != nil {
							b.Error(err)
						}
					}
				})
			})
		}
	}
}

// BenchmarkMemoryTake takes from the three accounts of one user after the other, who
// come so seldom that they have come back in between.
func BenchmarkMemoryTake(b *testing.B) {
	m, requests := populated(b)
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		now := noon.Add(time.Duration(i) * 10 * time.Microsecond)
		if refusal, err := m.Take(ctx, now, requests[i%crowd]); refusal != nil || err != nil {
			b.Fatal(refusal, err)
		}
	}
}

// BenchmarkMemoryRequest is what one request costs: three accounts are charged, and
// two corrected.
func BenchmarkMemoryRequest(b *testing.B) {
	m, requests := populated(b)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		now := noon.Add(time.Duration(i) * 10 * time.Microsecond)
		charges := requests[i%crowd]
		if refusal, err := m.Take(b.Context(), now, charges); refusal != nil || err != nil {
			b.Fatal(refusal, err)
		}
		corrections := [2]limit.Charge{charges[1], charges[2]}
		corrections[0].Amount, corrections[1].Amount = -300, -90
		if err := m.Settle(b.Context(), now, corrections[:]); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkMemoryAccount says what memory an account takes.
func BenchmarkMemoryAccount(b *testing.B) {
	var before, after runtime.MemStats
	for b.Loop() {
		runtime.GC()
		runtime.ReadMemStats(&before)
		m := limit.NewMemory(limit.MemoryOptions{})
		for user := range limit.DefaultMaxAccounts {
			if _, err := m.Take(b.Context(), noon, allowance(user)[:1]); err != nil {
				b.Fatal(err)
			}
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(m.Len()), "B/account")
	}
}
