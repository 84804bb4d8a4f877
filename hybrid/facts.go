package hybrid

import (
	"cmp"
	"context"
	"sync"
	"time"

	"github.com/edgewise-ai/edgewise/backend"
	"github.com/edgewise-ai/edgewise/capability"
	"github.com/edgewise-ai/edgewise/policy"
)

// Facts are what the app knows of one identity, for [Options.Facts]. The zero
// Facts are nothing known. What they point to is copied at once.
type Facts struct {
	// Budget is what the identity has left, by an account of the app's own; beside
	// the allowance's budgets the one that is worse off counts. Nil is unknown: no
	// limit. The exact balance is part of the snapshot's ETag, so whenever it
	// changes, pages fetch their snapshot anew: round one that moves with every
	// request.
	Budget *policy.Balance

	// Prices are those that hold for the identity, in place of Options.Prices and
	// whatever the model. Nil is unknown. Prices out of range are logged and left
	// out, all together.
	Prices *policy.Prices

	// ServerUnavailable says that the server can't generate for now. A backend that
	// is a [backend.Readier], as a pool is, says so by itself.
	ServerUnavailable bool
}

// known is what the server knows of one identity and of itself, with the memory
// that the subject points to: reused, so that a decision allocates nothing.
type known struct {
	subject policy.Subject
	budget  policy.Balance
	prices  policy.Prices
	renewed time.Time // when there is money again in all budgets that are spent; zero if none of the allowance's is
}

var knowns = sync.Pool{New: func() any { return new(known) }}

// know returns what is known of an identity. The caller releases it.
func (r *Router) know(ctx context.Context, who policy.Identity) *known {
	k := knowns.Get().(*known)
	k.subject = policy.Subject{
		Tier:          who.Tier,
		RolloutBucket: bucketOf(who.Subject),
		Prices:        r.usual(r.allowance(who.Tier)),
		Server:        r.server(),
	}
	r.budgets(ctx, who, k)
	if r.opts.Facts != nil {
		k.take(r.facts(ctx, who), r.complaints)
	}
	return k
}

// server returns what the backend says of itself.
func (r *Router) server() policy.ServerFacts {
	facts := policy.ServerFacts{Continuation: string(backend.ContinuationNone)}
	if r.continuer != nil {
		facts.Continuation = string(r.continuer.Continuation())
	}
	if r.readier != nil {
		facts.Unavailable = !r.readier.Ready()
	}
	return facts
}

// release hands the memory to another identity, which finds nothing in it.
func (k *known) release() {
	*k = known{}
	knowns.Put(k)
}

// facts asks the app.
func (r *Router) facts(ctx context.Context, who policy.Identity) Facts {
	var facts Facts
	err := contain(func() (err error) {
		facts, err = r.opts.Facts(ctx, who)
		return err
	})
	if err != nil {
		r.complaints.hear("Options.Facts", "", err)
		return Facts{}
	}
	return facts
}

// take fills in what makes sense.
func (k *known) take(f Facts, c *complaints) {
	k.subject.Server.Unavailable = k.subject.Server.Unavailable || f.ServerUnavailable
	if f.Budget != nil {
		k.limit(*f.Budget)
	}
	if f.Prices != nil {
		k.prices = *f.Prices
		if err := k.prices.Validate(); err != nil {
			c.hear("Options.Facts", "", err)
		} else {
			k.subject.Prices = &k.prices
		}
	}
}

// limit takes the balance, unless the one that is known already is worse.
func (k *known) limit(b policy.Balance) {
	b.RemainingMicroUSD = min(max(b.RemainingMicroUSD, -capability.MaxCount), capability.MaxCount)
	if k.subject.Budget == nil || worse(&b, k.subject.Budget) {
		k.budget = b
		k.subject.Budget = &k.budget
	}
}

// worse reports whether one balance leaves less than another: spent and hard is the
// worst, then spent, then the smaller one.
func worse(one, other *policy.Balance) bool {
	rank := func(b *policy.Balance) int {
		switch {
		case b.RemainingMicroUSD > 0:
			return 0
		case !b.Hard:
			return 1
		default:
			return 2
		}
	}
	return cmp.Or(cmp.Compare(rank(one), rank(other)), cmp.Compare(other.RemainingMicroUSD, one.RemainingMicroUSD)) > 0
}

// own returns the prices that the app knows for the identity, nil if it knows none.
func (k *known) own() *policy.Prices {
	if k.subject.Prices != &k.prices {
		return nil
	}
	return clone(&k.prices)
}
