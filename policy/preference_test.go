package policy_test

import "github.com/edgewise-ai/edgewise/policy"

func preferenceCases() []testCase {
	wishes := func(request, standing policy.Mode) policy.Input {
		return policy.Input{Request: &policy.Request{Preference: request}, State: &policy.State{Mode: standing}}
	}
	free := goes(browser, policy.OptimalForBrowser)
	always := goes(browser, policy.UserPrefersBrowser)
	never := must(server, policy.UserDisabledBrowser)

	return both("preference", policy.Preference{},
		row{"no wish", wishes("", ""), free},
		row{"auto", wishes(policy.ModeAuto, policy.ModeAuto), free},
		row{"always", wishes("", policy.ModeAlways), always},
		row{"never", wishes("", policy.ModeNever), never},
		row{"always, for this request", wishes(policy.ModeAlways, ""), always},
		row{"never, for this request", wishes(policy.ModeNever, ""), never},
		row{"always, for this request, against never", wishes(policy.ModeAlways, policy.ModeNever), always},
		row{"never, for this request, against always", wishes(policy.ModeNever, policy.ModeAlways), never},
		row{"auto, for this request, leaves never standing", wishes(policy.ModeAuto, policy.ModeNever), never},
		row{"auto, for this request, leaves always standing", wishes(policy.ModeAuto, policy.ModeAlways), always},
	)
}
