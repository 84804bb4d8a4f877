package policy

import "context"

// Preference follows the user's own switch: "never" forbids the browser
// (user_disabled_browser), "always" prefers it (user_prefers_browser). Neither
// is a matter of privacy: "always" may still fall back to the server.
//
// A request's preference wins over the standing mode.
type Preference struct{}

// Name implements [Namer].
func (Preference) Name() string { return NamePreference }

func (p Preference) settled() portable { return p }

// Evaluate implements [Policy].
func (Preference) Evaluate(_ context.Context, in *Input) (Verdict, error) {
	mode := in.Request.Preference
	if mode == "" || mode == ModeAuto {
		mode = in.State.Mode
	}
	switch mode {
	case ModeNever:
		return Verdict{Forbid: SetOf(Browser), Reason: UserDisabledBrowser}, nil
	case ModeAlways:
		return Verdict{Prefer: Browser, Reason: UserPrefersBrowser}, nil
	}
	return Verdict{}, nil
}
