package policy

import "github.com/edgewise-ai/edgewise/registry"

// Decision is where a request runs, why, and what may follow if that fails.
type Decision struct {
	Target Target // [None] if nothing is permitted
	Reason Reason

	// Model is the candidate if the browser is permitted, nil otherwise.
	Model *registry.Model

	// Fallback is the other target if it is permitted, else [None]. Nothing may
	// ever fall back, hand over or retry to a target that is not permitted.
	Fallback Target

	// Preload is the candidate if the page could fetch or load it ahead of need:
	// nil if it is loaded, or the browser is not permitted. Whether to is the
	// page's to say: after cheaper_on_server a download would cost more than it
	// saves.
	Preload *registry.Model

	// Trace explains the decision step by step, if [Input.Trace] asked for it.
	Trace []Step

	selection registry.Selection
	why       [targetCount]Reason
}

// Forbidden returns why a target is not permitted, or "" if it is.
func (d *Decision) Forbidden(t Target) Reason {
	if t >= targetCount {
		return ""
	}
	return d.why[t]
}

// Alternates returns the next best models for the browser, best first, or nil
// if the browser is not permitted.
func (d *Decision) Alternates() []*registry.Model {
	if d.Model == nil {
		return nil
	}
	return d.selection.Alternates()
}

// Step is one line of a trace: who said what, with the numbers it used. The
// candidate choice has a line among the policies, by "candidate"; a policy that
// forbids both targets has two.
type Step struct {
	Step      string           `json:"step"`                // "filter", "forbid", "prefer", "abstain", "error" or "outcome"
	By        string           `json:"by"`                  // the filter or policy
	Said      string           `json:"said,omitempty"`      // the reason given
	Target    string           `json:"target,omitempty"`    // the target it speaks of
	Failed    bool             `json:"failed,omitempty"`    // the policy failed, and this is what it counts as
	Detail    map[string]int64 `json:"detail,omitempty"`    // the numbers it used
	Remaining *int             `json:"remaining,omitempty"` // models left after a filter
}
