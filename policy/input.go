package policy

import (
	"github.com/edgewise-ai/edgewise/capability"
	"github.com/edgewise-ai/edgewise/registry"
)

// Input is everything a decision depends on. The caller sets the upper part and
// may leave any pointer nil, which means that nothing is known; a policy finds
// no nil pointer among them, because the [Decider] puts zero values in their
// place.
type Input struct {
	Identity Identity
	Device   *capability.Device
	Request  *Request
	State    *State
	Subject  *Subject
	Trace    bool // explain the decision in [Decision.Trace]

	// Candidate is the model that would answer in the browser, and CandidateState
	// what the page said of it. It is nil if no model passed the filters, and
	// NoCandidate says why. The decider sets them before it asks the policies.
	Candidate      *registry.Model
	CandidateState registry.ModelState
	NoCandidate    Reason
}

// Identity is who asks, as the app's own authentication knows it. Nothing in it
// comes from the page.
type Identity struct {
	// Subject is stable for one user and opaque to this library: it is hashed
	// for the rollout bucket and the grant. Empty means anonymous.
	Subject string
	// Tier is the app's word for the user's plan: "free", "pro".
	Tier string
}
