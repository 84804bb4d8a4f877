package hybrid

import (
	"context"
	"net/http"

	"github.com/edgewise-ai/edgewise/policy"
)

// permit refuses a generating request that must not run on the server, whatever
// the page decided. It asks the policies again, with what the server knows for
// itself: the identity and the request, no device and no state. The error has
// the reason as its code. What was asked, and why it refused, stand in h too. The
// prices are those that the app knows for the identity.
func (r *Router) permit(ctx context.Context, h http.Header, who policy.Identity, request *policy.Request) (*policy.Prices, error) {
	v := r.view.Load()
	h.Set(headerRevision, v.revision)
	k := r.know(ctx, who)
	defer k.release()
	d := v.decider.Decide(ctx, policy.Input{Identity: who, Request: request, Subject: &k.subject})
	why := d.Forbidden(policy.Server)
	o := r.observing(ctx)
	if why == "" {
		o.decided(RequestDecided{Target: policy.Server, Revision: v.revision})
		return k.own(), nil
	}
	o.decided(RequestDecided{Target: policy.None, Reason: why, Revision: v.revision})
	h.Set(headerReason, string(why))
	refusal := problem(http.StatusForbidden, string(why), "", "the server may not answer this request: %s", why)
	if why == policy.BudgetExhausted {
		refusal.status, refusal.kind = http.StatusTooManyRequests, typeQuota
		if !k.renewed.IsZero() {
			refusal.wait = k.renewed.Sub(r.opts.Now())
		}
	}
	return nil, refusal
}
