package policy

import (
	"cmp"
	"context"
)

// Enabled is the operator's switch: it forbids the browser, with
// browser_inference_disabled, for everyone or outside a gradual rollout.
type Enabled struct {
	// Disabled switches browser inference off. Defaults to false.
	Disabled bool `json:"disabled,omitempty"`

	// RolloutBasisPoints is the share of identities that may use the browser,
	// in hundredths of a percent, 1..10,000. An identity keeps its bucket, so
	// raising the share only adds users. Defaults to 10,000, everyone; 0 means
	// the default.
	RolloutBasisPoints int `json:"rolloutBasisPoints,omitempty"`
}

// FullRollout is the default of [Enabled.RolloutBasisPoints].
const FullRollout = 10_000

// Name implements [Namer].
func (Enabled) Name() string { return NameEnabled }

// Validate reports an option out of range.
func (p Enabled) Validate() error {
	return checkOptions(option{name: "RolloutBasisPoints", value: int64(p.RolloutBasisPoints), most: FullRollout})
}

func (p Enabled) withDefaults() Enabled {
	p.RolloutBasisPoints = cmp.Or(p.RolloutBasisPoints, FullRollout)
	return p
}

func (p Enabled) settled() portable { return p.withDefaults() }

// Evaluate implements [Policy].
func (p Enabled) Evaluate(_ context.Context, in *Input) (Verdict, error) {
	if p.Disabled || in.Subject.RolloutBucket >= p.withDefaults().RolloutBasisPoints {
		return Verdict{Forbid: SetOf(Browser), Reason: BrowserInferenceDisabled}, nil
	}
	return Verdict{}, nil
}

// Explain implements [Explainer].
func (p Enabled) Explain(in *Input) map[string]int64 {
	return map[string]int64{
		"rolloutBucket":      int64(in.Subject.RolloutBucket),
		"rolloutBasisPoints": int64(p.withDefaults().RolloutBasisPoints),
	}
}
