package hybrid

import (
	"encoding/json"

	"github.com/edgewise-ai/edgewise/policy"
)

// saidField is the field "edgewise" of a generating request: what the page says of how
// it came to ask the server. It goes into the ledger, and no further. All of it is a
// claim but the decision's ID, which is signed.
type saidField struct {
	present bool // be it null

	DecisionID string `json:"decisionId"`
	Reason     string `json:"reason"`   // of the decision
	Fallback   bool   `json:"fallback"` // another target was tried first
}

// UnmarshalJSON implements [json.Unmarshaler].
func (s *saidField) UnmarshalJSON(data []byte) error {
	type plain saidField // without this method
	*s = saidField{present: true}
	return json.Unmarshal(data, (*plain)(s))
}

// validate refuses what could be a prompt dressed up as a reason.
func (s *saidField) validate() error {
	if s.Reason != "" && !reasonWord.MatchString(s.Reason) {
		return &policy.FieldError{Field: "edgewise.reason", Problem: "must match " + reasonWord.String()}
	}
	return nil
}

// Who decided, as the ledger says.
const (
	byPage   = "page"
	byServer = "server"
)

// other stands in the ledger for reasons and models that only the page knows. It could
// make up any number of them, and who adds up the ledger would drown in groups.
const other = "other"

// decided returns a reason as the ledger has it, and who decided: nobody knows of a
// request without one. An app's own reasons count where the decision's ID proves them.
func (r *Router) decided(id, identity, reason string) (shown, decidedBy string) {
	switch {
	case r.keys.decided(id, identity, reason):
		return reason, byServer
	case reason == "":
		return "", ""
	case !policy.Reason(reason).BuiltIn():
		return other, byPage
	default:
		return reason, byPage
	}
}
