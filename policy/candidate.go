package policy

import (
	"context"

	"github.com/edgewise-ai/edgewise/registry"
)

// candidateName is that of the candidate choice among the forbids and in traces.
const candidateName = "candidate"

// candidate speaks for the candidate choice, as a policy would: it forbids the
// browser when no model is left. Nobody can leave it out or place it elsewhere.
type candidate struct{}

// Evaluate implements [Policy].
func (candidate) Evaluate(_ context.Context, in *Input) (Verdict, error) {
	if in.Candidate == nil {
		return Verdict{Forbid: SetOf(Browser), Reason: in.NoCandidate}, nil
	}
	return Verdict{}, nil
}

// choose sets the candidate and returns the selection that it leads.
func (d *Decider) choose(in *Input, query *registry.Query) registry.Selection {
	selection := d.index.Select(*query)
	in.Candidate, in.CandidateState, in.NoCandidate = selection.Model, selection.State, ""
	if in.Candidate == nil {
		in.NoCandidate = reasonOf(selection.Emptied)
	}
	return selection
}

// reasonOf is why the browser is forbidden when a filter left no model.
func reasonOf(f registry.Filter) Reason {
	switch f {
	case registry.FilterEnabled:
		return BrowserInferenceDisabled
	case registry.FilterGPU:
		return InsufficientDevice
	case registry.FilterSize:
		return ModelTooLarge
	case registry.FilterContext:
		return ContextWindowExceeded
	case registry.FilterFeatures:
		return FeatureUnsupported
	case registry.FilterMetered:
		return MeteredNetwork
	case registry.FilterOffline:
		return Offline
	case registry.FilterHealth:
		return BrowserUnhealthy
	case registry.FilterSpeed:
		return TooSlow
	default:
		return NoCompatibleModel
	}
}
