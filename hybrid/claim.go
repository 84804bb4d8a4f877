package hybrid

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/edgewise-ai/edgewise/backend"
	"github.com/edgewise-ai/edgewise/hybrid/limit"
	"github.com/edgewise-ai/edgewise/policy"
)

// unit is what an account counts.
type unit int

const (
	requests unit = iota
	tokens
	money // millionths of a US dollar
)

// share is one account that a request takes from.
type share struct {
	limit.Charge
	unit unit
	firm bool // there must be enough
}

// claim is what one request takes of its identity's allowance: an estimate before it
// is generated, and what it really took afterwards. The zero claim takes nothing.
type claim struct {
	router *Router
	shares []share
}

// settleTime bounds the correction after an answer.
const settleTime = 5 * time.Second

// stake takes what the request is going to need, or refuses it.
func (g *generation) stake(ctx context.Context) error {
	r, a, key := g.router, g.allowance, identityKey(g.who.Subject)
	g.claim = claim{router: r}
	prompt, completion := g.prompt.Tokens(), g.expected
	for _, s := range []struct {
		account func(string) (limit.Account, bool)
		key     string
		unit    unit
		firm    bool
		amount  int64
	}{
		{a.Requests.Account, "requests/" + key, requests, true, 1},
		{a.Tokens.Account, "tokens/" + key, tokens, true, prompt + completion},
		{a.Budget.Account, userBudget(key), money, a.Budget.Hard, cost(g.prices, prompt, completion)},
		{a.TierBudget.Account, tierBudget(g.who.Tier), money, a.TierBudget.Hard, cost(g.prices, prompt, completion)},
	} {
		account, limited := s.account(s.key)
		if !limited {
			continue
		}
		if !s.firm {
			s.amount = 0
		}
		// What takes more than an account holds at most would wait for ever.
		charge := limit.Charge{Account: account, Amount: min(s.amount, account.Capacity)}
		g.claim.shares = append(g.claim.shares, share{charge, s.unit, s.firm})
	}
	return g.claim.take(ctx)
}

func userBudget(key string) string  { return "budget/" + key }
func tierBudget(tier string) string { return "budget/tier/" + tier }

// take takes the firm shares, all of them or none.
func (c *claim) take(ctx context.Context) error {
	var charges []limit.Charge
	var units []unit
	for _, s := range c.shares {
		if s.firm {
			charges, units = append(charges, s.Charge), append(units, s.unit)
		}
	}
	if len(charges) == 0 {
		return nil
	}
	refusal, err := c.router.charge(ctx, charges)
	if err != nil || refusal != nil {
		c.shares = nil // nothing was taken
	}
	switch {
	case err != nil:
		return err
	case refusal == nil:
		return nil
	case units[refusal.Index] == money:
		spent := problem(http.StatusTooManyRequests, string(policy.BudgetExhausted), "", "the budget is spent")
		spent.kind, spent.wait = typeQuota, refusal.Wait
		return spent
	case units[refusal.Index] == tokens:
		return tooMany(refusal, "there were too many tokens for now")
	default:
		return tooMany(refusal, "there were too many requests for now")
	}
}

func tooMany(refusal *limit.Refusal, message string) error {
	refused := problem(http.StatusTooManyRequests, string(backend.CodeRateLimited), "", "%s", message)
	refused.wait = refusal.Wait
	return refused
}

// charge asks the store. One that can't say is a refusal: a limit that holds only
// while all is well is none.
func (r *Router) charge(ctx context.Context, charges []limit.Charge) (refusal *limit.Refusal, err error) {
	err = contain(func() (err error) {
		refusal, err = r.opts.LimitStore.Take(ctx, r.opts.Now(), charges)
		return err
	})
	if err == nil && refusal != nil && (refusal.Index < 0 || refusal.Index >= len(charges)) {
		err = fmt.Errorf("it refused charge %d of %d", refusal.Index, len(charges))
	}
	if err != nil {
		r.complaints.hear("the limit store", "", err)
		return nil, problem(http.StatusServiceUnavailable, codeNoLimits, "", "it can't be found out what is left of your limits")
	}
	return refusal, nil
}

// settle corrects what was taken by what the request really took: also where its
// client has gone.
func (c *claim) settle(ctx context.Context, spentTokens, spentMoney int64) {
	var charges []limit.Charge
	for _, s := range c.shares {
		more := -s.Amount
		switch s.unit {
		case requests:
			more = 0
		case tokens:
			more += spentTokens
		case money:
			more += spentMoney
		}
		if !s.firm {
			more += s.Amount // nothing was taken yet
		}
		if more != 0 {
			charges = append(charges, limit.Charge{Account: s.Account, Amount: more})
		}
	}
	c.shares = nil
	if len(charges) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	err := contain(func() error { return c.router.opts.LimitStore.Settle(ctx, c.router.opts.Now(), charges) })
	if err != nil {
		c.router.complaints.hear("the limit store", "", err)
	}
}

// budgets reads what is left of the identity's budgets. What can't be read is
// spent if it is hard, and unknown otherwise.
func (r *Router) budgets(ctx context.Context, who policy.Identity, k *known) {
	a := r.allowance(who.Tier)
	if !a.hasBudget() {
		return
	}
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
		if err != nil {
			r.complaints.hear("the limit store", "", err)
			if !b.Hard {
				continue
			}
			left = 0
		}
		k.limit(policy.Balance{RemainingMicroUSD: coarse(left, account.Capacity), Hard: b.Hard})
	}
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
