package policy

import "context"

// Privacy forbids the server to a request that asked to stay on the device,
// with local_only. It has no options: a promise has no threshold.
type Privacy struct{}

// Name implements [Namer].
func (Privacy) Name() string { return NamePrivacy }

func (p Privacy) settled() portable { return p }

// Evaluate implements [Policy].
func (Privacy) Evaluate(_ context.Context, in *Input) (Verdict, error) {
	if in.Request.Privacy == PrivacyLocalOnly {
		return Verdict{Forbid: SetOf(Server), Reason: LocalOnly}, nil
	}
	return Verdict{}, nil
}
