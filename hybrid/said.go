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

	DecisionID string
	Reason     string // of the decision
	Fallback   bool   // another target was tried first
}

// UnmarshalJSON implements [json.Unmarshaler].
func (s *saidField) UnmarshalJSON(data []byte) error {
	s.present = true
	var said struct {
		DecisionID string `json:"decisionId"`
		Reason     string `json:"reason"`
		Fallback   bool   `json:"fallback"`
	}
	if err := json.Unmarshal(data, &said); err != nil {
		return err
	}
	s.DecisionID, s.Reason, s.Fallback = said.DecisionID, said.Reason, said.Fallback
	return nil
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

// decider says who sent a request to the server: nobody knows of one that says
// nothing.
func (r *Router) decider(s *saidField, who policy.Identity) string {
	switch {
	case r.keys.decided(s.DecisionID, identityKey(who.Subject)):
		return byServer
	case s.Reason != "":
		return byPage
	default:
		return ""
	}
}
