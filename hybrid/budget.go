package hybrid

import (
	"context"
	"time"

	"github.com/edgewise-ai/edgewise/hybrid/limit"
	"github.com/edgewise-ai/edgewise/policy"
)

// budgets reads what is left of the identity's budgets. What can't be read is
// spent if it is hard, and unknown otherwise.
func (r *Router) budgets(ctx context.Context, who policy.Identity, k *known) {
	a := r.allowance(who.Tier)
	if !a.hasBudget() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, limitTime)
	defer cancel()
	now := r.opts.Now()
	for _, b := range []struct {
		limit.Budget
		key string
	}{
		{a.Budget, userBudget(identityKey(who.Subject))},
		{a.TierBudget, tierBudget(who.Tier)},
	} {
		account, limited := b.Account(b.key)
		if !limited {
			continue
		}
		var left int64
		err := contain(func() (err error) {
			left, err = r.opts.LimitStore.Left(ctx, now, account)
			return err
		})
		switch {
		case err == nil && left <= 0:
			k.renewed = latest(k.renewed, account.Period.End(now))
		case err != nil:
			r.complaints.hear("the limit store", "", err)
			if !b.Hard {
				continue
			}
			left = 0
		}
		k.limit(policy.Balance{RemainingMicroUSD: coarse(left, account.Capacity), Hard: b.Hard})
	}
}

func latest(one, other time.Time) time.Time {
	if one.After(other) {
		return one
	}
	return other
}

// coarse rounds what is left down to hundredths of the whole, but for the last of
// them, and what is owed up to nothing: pages fetch their snapshot anew whenever a
// balance in it changes.
func coarse(left, whole int64) int64 {
	if step := whole / 100; step > 0 && left >= step {
		return left - left%step
	}
	return max(left, 0)
}
