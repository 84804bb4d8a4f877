package policy

import (
	"cmp"
	"context"

	"github.com/edgewise-ai/edgewise/registry"
)

// Readiness prefers the server, with model_not_ready, while the candidate would
// first have to be downloaded, or takes long to load. The decision still names
// it as preload, so the page can start on the server and move over later. A
// page that does not say where its models are is left alone.
type Readiness struct {
	// Wait lets the user wait for the model instead: the policy abstains.
	// Defaults to false. It suits models of a few megabytes.
	Wait bool `json:"wait,omitempty"`

	// MaxLoadMs is how long loading a cached model may take before the server
	// answers instead, in milliseconds. A load time the page has not measured
	// is taken to be short. Defaults to 5,000 (book chapter 5.5.7, "Subsequent
	// loads: <5 seconds"); 0 means the default.
	MaxLoadMs int64 `json:"maxLoadMs,omitempty"`
}

// DefaultMaxLoadMs is the default of [Readiness.MaxLoadMs], in milliseconds.
const DefaultMaxLoadMs = 5_000

// Name implements [Namer].
func (Readiness) Name() string { return NameReadiness }

// Validate reports an option out of range.
func (p Readiness) Validate() error {
	return checkOptions(option{name: "MaxLoadMs", value: p.MaxLoadMs})
}

func (p Readiness) withDefaults() Readiness {
	p.MaxLoadMs = cmp.Or(p.MaxLoadMs, DefaultMaxLoadMs)
	return p
}

func (p Readiness) settled() portable { return p.withDefaults() }

// Evaluate implements [Policy].
func (p Readiness) Evaluate(_ context.Context, in *Input) (Verdict, error) {
	if p.Wait || in.Candidate == nil {
		return Verdict{}, nil
	}
	state := in.CandidateState
	slow := state.Status == registry.Cached && int64(state.LoadMs) > p.withDefaults().MaxLoadMs
	if state.Status == registry.Absent || slow {
		return Verdict{Prefer: Server, Reason: ModelNotReady}, nil
	}
	return Verdict{}, nil
}

// Explain implements [Explainer].
func (p Readiness) Explain(in *Input) map[string]int64 {
	return map[string]int64{
		"maxLoadMs": p.withDefaults().MaxLoadMs,
		"loadMs":    int64(in.CandidateState.LoadMs),
	}
}
