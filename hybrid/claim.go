package hybrid

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/edgewise-ai/edgewise/backend"
	"github.com/edgewise-ai/edgewise/hybrid/limit"
	"github.com/edgewise-ai/edgewise/policy"
)

const (
	// limitTime bounds what a request waits for the limit store before it is answered.
	limitTime = time.Second

	// settleTime bounds the correction after it.
	settleTime = 5 * time.Second
)

// unit is what an account counts.
type unit int

const (
	requests unit = iota
	tokens
	money // millionths of a US dollar
)

// share is what a request takes from one account.
type share struct {
	account  limit.Account
	unit     unit
	firm     bool  // there must be enough: the estimate is taken before
	estimate int64 // at most the account's capacity: more would wait for ever
}

// taken is how much of the share has been taken.
func (s *share) taken() int64 {
	if s.firm {
		return s.estimate
	}
	return 0
}

// claim is what one request takes of its identity's allowance: an estimate before it
// is generated, and what it really took afterwards. The zero claim takes nothing.
type claim struct {
	shares []share
	at     time.Time // when the estimate was taken
}

// stake takes what the request is going to need, or refuses it.
func (g *generation) stake(ctx context.Context) error {
	r, a := g.router, g.allowance
	if !a.staked() {
		return nil
	}
	if a.hard() && g.prices == nil {
		r.complaints.hear("counting a hard budget", "", errUnpriced)
		return problem(http.StatusServiceUnavailable, codeNoLimits, "model", "nobody knows what this model costs, and there is a budget for it")
	}
	key, size, price := g.key, g.prompt.Tokens()+g.expected, cost(g.prices, g.prompt.Tokens(), g.expected)
	g.claim.at = r.opts.Now()
	g.claim.add(requests, true, 1)(a.Requests.Account("requests/" + key))
	g.claim.add(tokens, true, size)(a.Tokens.Account("tokens/" + key))
	g.claim.add(money, a.Budget.Hard, price)(a.Budget.Account(userBudget(key)))
	g.claim.add(money, a.TierBudget.Hard, price)(a.TierBudget.Account(tierBudget(g.who.Tier)))
	return g.claim.take(ctx, r)
}

var errUnpriced = errors.New("a model has no price in Options.Prices: requests for it are refused")

func userBudget(key string) string  { return "budget/" + key }
func tierBudget(tier string) string { return "budget/tier/" + tier }

// add returns what adds a share of an account, if that has a limit.
func (c *claim) add(of unit, firm bool, estimate int64) func(limit.Account, bool) {
	return func(account limit.Account, limited bool) {
		if limited {
			c.shares = append(c.shares, share{account, of, firm, min(estimate, account.Capacity)})
		}
	}
}

// take takes the firm shares, all of them or none.
func (c *claim) take(ctx context.Context, r *Router) error {
	var charges []limit.Charge
	var units []unit
	for _, s := range c.shares {
		if s.firm {
			charges, units = append(charges, limit.Charge{Account: s.account, Amount: s.estimate}), append(units, s.unit)
		}
	}
	if len(charges) == 0 {
		return nil
	}
	refusal, err := r.charge(ctx, charges)
	if err != nil || refusal != nil {
		c.shares = nil // nothing was taken
	}
	switch {
	case err != nil:
		return err
	case refusal == nil:
		return nil
	case units[refusal.Index] == money:
		spent := problem(http.StatusTooManyRequests, string(policy.BudgetExhausted), "", "too little is left of the budget for this request")
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
	ctx, cancel := context.WithTimeout(ctx, limitTime)
	defer cancel()
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
// client has gone. Where nobody knows what it took, the estimate stands.
func (c *claim) settle(ctx context.Context, r *Router, known bool, spentTokens, spentMoney int64) {
	now := r.opts.Now()
	var charges []limit.Charge
	for i := range c.shares {
		s := &c.shares[i]
		really := s.estimate
		switch {
		case s.unit == tokens && known:
			really = spentTokens
		case s.unit == money && known:
			really = spentMoney
		}
		more := really - s.taken()
		if more < 0 && s.account.Per == 0 && !s.account.Period.Start(c.at).Equal(s.account.Period.Start(now)) {
			continue // it was taken from a period that has ended
		}
		if more != 0 {
			charges = append(charges, limit.Charge{Account: s.account, Amount: more})
		}
	}
	c.shares = nil
	if len(charges) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	err := contain(func() error { return r.opts.LimitStore.Settle(ctx, now, charges) })
	if err != nil {
		r.complaints.hear("the limit store", "", err)
	}
}
