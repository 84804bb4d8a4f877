package limittest

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/edgewise-ai/edgewise/hybrid/limit"
)

// byState is what a store comes to: states, and nothing else.
type byState map[string]limit.State

func (s byState) take(now time.Time, charges []limit.Charge) *limit.Refusal {
	states := make([]limit.State, len(charges))
	for i, c := range charges {
		states[i] = s[c.Account.Key]
	}
	refusal := limit.TakeAll(states, now, charges)
	for i, c := range charges {
		s[c.Account.Key] = states[i]
	}
	return refusal
}

func (s byState) settle(now time.Time, charges []limit.Charge) {
	for _, c := range charges {
		s[c.Account.Key] = c.Account.Settle(s[c.Account.Key], now, c.Amount)
	}
}

func (s byState) left(now time.Time, a limit.Account) int64 { return a.Left(s[a.Key], now) }

// checkRandom does the same things with the store and with states.
func (k *kit) checkRandom() error {
	accounts := []limit.Account{
		k.rate("requests", 60, 60, time.Minute),
		k.rate("tokens", 200_000, 100_000, time.Minute),
		k.rate("burst", 3, 7, 11*time.Second),
		k.rate("odd", 1_000_003, 997, 1_009*time.Millisecond),
		k.budget("hourly", 1_000, limit.Hour),
		k.budget("monthly", 5_000_000, limit.Month),
	}
	states, r, now := make(byState), rand.New(rand.NewPCG(5, 5)), noon
	for range 500 {
		now = now.Add(time.Duration(r.Int64N(1 << r.IntN(43)))) // up to two hours, and mostly less
		var charges []limit.Charge
		for _, i := range r.Perm(len(accounts))[:1+r.IntN(3)] {
			charges = append(charges, charge(accounts[i], amount(r, accounts[i].Capacity)))
		}
		if r.IntN(3) == 0 {
			for i := range charges {
				charges[i].Amount *= 1 - 2*r.Int64N(2)
			}
			states.settle(now, charges)
			if err := k.settle(now, charges...); err != nil {
				return err
			}
		} else if err := k.refuse(now, states.take(now, charges), charges...); err != nil {
			return err
		}
		looked := accounts[r.IntN(len(accounts))]
		if err := k.left(now, looked, states.left(now, looked)); err != nil {
			return err
		}
	}
	var err error
	for _, a := range accounts {
		err = cmp.Or(err, k.left(now, a, states.left(now, a)))
	}
	if err != nil {
		return fmt.Errorf("in the end: %w", err)
	}
	return nil
}

// amount is at most a little more than a capacity.
func amount(r *rand.Rand, capacity int64) int64 {
	if r.IntN(4) == 0 {
		return capacity - 1 + r.Int64N(3)
	}
	return r.Int64N(capacity/(1<<r.IntN(6)) + 1)
}
