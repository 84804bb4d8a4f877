package hybrid

import (
	"context"
	"net/http"

	"github.com/edgewise-ai/edgewise/policy"
)

// permit refuses a generating request that must not run on the server, whatever
// the page decided. It asks the policies again, with what the server knows for
// itself: the identity and the request, no device and no state. The error has
// the reason as its code.
func (r *Router) permit(ctx context.Context, who policy.Identity, request *policy.Request) error {
	if request.Privacy == policy.PrivacyLocalOnly {
		// Not a matter of policies: an app may have left privacy out of them.
		// The prompt should not have come, and goes no further.
		return forbidden(policy.LocalOnly)
	}
	d := r.decide(ctx, r.view.Load(), policy.Input{Identity: who, Request: request})
	if why := d.Forbidden(policy.Server); why != "" {
		return forbidden(why)
	}
	return nil
}

func forbidden(why policy.Reason) error {
	return problem(http.StatusForbidden, string(why), "", "the server may not answer this request: %s", why)
}
