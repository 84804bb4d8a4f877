package hybrid

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/edgewise-ai/edgewise/policy"
)

const (
	// grantLifetime is how long a page may report on a grant without its reports
	// being late.
	grantLifetime = 24 * time.Hour

	// grantWindow is how often a page that revalidates gets a new one.
	grantWindow = 6 * time.Hour

	// maxReports is how many reports a grant is good for: one a minute for the
	// better part of a day.
	maxReports = 1000
)

// snapshotTail is what a snapshot holds for one identity only.
type snapshotTail struct {
	Subject policy.Subject `json:"subject"`
	Grant   *policy.Grant  `json:"grant"`
}

// serveSnapshot answers with policies, models and the asking identity's facts.
//
// Its ETag is a weak one over all of that, the grant's expiry, which moves once a
// window, and the key that signs it; not over the grant's ID, which is new in
// every answer. So a page can revalidate, and yet no two pages share a grant:
// they would number their reports alike, and all but one would count as
// duplicates.
func (r *Router) serveSnapshot(w http.ResponseWriter, req *http.Request, who policy.Identity) error {
	v := r.view.Load()
	k := r.know(req.Context(), who)
	defer k.release()
	tail := snapshotTail{Subject: k.subject}
	expires := r.opts.Now().Truncate(grantWindow).Add(grantLifetime)

	facts, err := json.Marshal([]any{v.snapshotTag, r.keys.id(), identityKey(who.Subject), tail.Subject, expires.Unix()})
	if err != nil {
		return err
	}
	w.Header().Set(headerRevision, v.revision)
	if notModified(w, req, `W/"`+fingerprint(facts)+`"`) {
		return nil
	}
	g := grant{
		ID:       newID(),
		Identity: identityKey(who.Subject),
		Tier:     who.Tier,
		Revision: v.revision,
		Expires:  expires.Unix(),
		Max:      maxReports,
	}
	if prices := k.subject.Prices; prices != nil {
		g.PromptPrice, g.CompletionPrice = prices.PromptMicroUSDPerMTok, prices.CompletionMicroUSDPerMTok
	}
	tail.Grant = r.keys.issue(g)
	own, err := json.Marshal(tail)
	if err != nil {
		return err
	}
	body := make([]byte, 0, len(v.snapshot)+len(own))
	body = append(append(body, v.snapshot...), ',')
	body = append(body, own[1:]...) // without its opening brace
	writeBody(w, http.StatusOK, body)
	return nil
}
