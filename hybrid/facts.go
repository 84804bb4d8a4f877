package hybrid

import (
	"context"
	"sync"

	"github.com/edgewise-ai/edgewise/capability"
	"github.com/edgewise-ai/edgewise/policy"
)

// known is what the server knows of one identity and of itself, with the memory
// that the subject points to: reused, so that a decision allocates nothing.
type known struct {
	subject policy.Subject
	budget  policy.Balance
	prices  policy.Prices
}

var knowns = sync.Pool{New: func() any { return new(known) }}

// know returns what is known of an identity. The caller releases it.
func (r *Router) know(ctx context.Context, who policy.Identity) *known {
	k := knowns.Get().(*known)
	k.subject = policy.Subject{
		Tier:          who.Tier,
		RolloutBucket: bucketOf(who.Subject),
		Server:        r.server,
	}
	if r.opts.Facts != nil {
		r.complete(ctx, who, k)
	}
	return k
}

func (k *known) release() { knowns.Put(k) }

// complete asks the app for what it knows, and takes over what makes sense.
func (r *Router) complete(ctx context.Context, who policy.Identity, k *known) {
	own := k.subject
	if err := contain(func() error { r.opts.Facts(ctx, who, &k.subject); return nil }); err != nil {
		r.complaints.hear("Options.Facts", "", err)
	}
	said := k.subject
	k.subject = own
	k.subject.Server.Unavailable = said.Server.Unavailable
	if said.Budget != nil {
		k.budget = *said.Budget
		k.budget.RemainingMicroUSD = min(max(k.budget.RemainingMicroUSD, -capability.MaxCount), capability.MaxCount)
		k.subject.Budget = &k.budget
	}
	if said.Prices != nil {
		k.prices = *said.Prices
		if err := k.prices.Validate(); err != nil {
			r.complaints.hear("Options.Facts", "", err)
		} else {
			k.subject.Prices = &k.prices
		}
	}
}
