package policy_test

import (
	"slices"
	"testing"

	"github.com/edgewise-ai/edgewise/policy"
)

// The fixed orders of the decision rule, written out once more.
var (
	preferOrder = []string{
		policy.NameHealth, policy.NameBudget, policy.NameSticky, policy.NamePreference, policy.NameReadiness, policy.NameBattery,
		policy.NameSpeed, policy.NameTier, policy.NameTask, policy.NameComplexity, policy.NameCost,
	}
	forbidOrder = []string{
		policy.NameEnabled, policy.NameCapability, candidate, policy.NamePrivacy, policy.NamePreference, policy.NameBudget,
		policy.NameTier, policy.NameHealth,
	}
)

// candidate is the place of the choice of a model among those who forbid.
const candidate = "candidate"

// voice is a policy, and what brings it to speak.
type voice struct {
	policy string
	target policy.Target // which it prefers or forbids
	reason policy.Reason
	when   condition
}

func (v voice) String() string {
	return v.policy + " on " + v.target.String() + ", " + string(v.reason)
}

// preferring are all the preferences of the built-in policies. Those of different
// policies do not hinder each other from speaking.
var preferring = []voice{
	{policy.NameHealth, browser, policy.ServerUnavailable, serverDown},
	{policy.NameBudget, browser, policy.BudgetExhausted, spent},
	{policy.NameSticky, browser, policy.KeptInPlace, inLoop(browser)},
	{policy.NameSticky, server, policy.KeptInPlace, inLoop(server)},
	{policy.NamePreference, browser, policy.UserPrefersBrowser, wanted},
	{policy.NameReadiness, server, policy.ModelNotReady, absent},
	{policy.NameBattery, server, policy.LowBattery, lowBattery},
	{policy.NameSpeed, server, policy.TooSlow, slow},
	{policy.NameTier, browser, policy.TierPrefersBrowser, ruled(policy.PreferBrowser)},
	{policy.NameTier, server, policy.TierPrefersServer, ruled(policy.PreferServer)},
	{policy.NameTask, browser, policy.TaskPrefersBrowser, task("classification")},
	{policy.NameComplexity, server, policy.RequestTooComplex, hard},
	{policy.NameCost, browser, policy.CheaperInBrowser, dearTokens},
	{policy.NameCost, server, policy.CheaperOnServer, dearDownloads},
}

// forbidding are all who forbid.
var forbidding = []voice{
	{policy.NameEnabled, browser, policy.BrowserInferenceDisabled, outsideRollout},
	{policy.NameCapability, browser, policy.InsufficientDevice, noGPU},
	{candidate, browser, policy.ContextWindowExceeded, overlong},
	{policy.NamePreference, browser, policy.UserDisabledBrowser, neverNow},
	{policy.NameTier, browser, policy.TierServerOnly, ruled(policy.ServerOnly)},
	{policy.NamePrivacy, server, policy.LocalOnly, localOnly},
	{policy.NameBudget, server, policy.BudgetExhausted, spentHard},
	{policy.NameTier, server, policy.TierBrowserOnly, ruled(policy.BrowserOnly)},
	{policy.NameHealth, server, policy.Offline, func(in *policy.Input) {
		offline(in)
		loaded(in) // so that the models can be had without a connection
	}},
}

// pairs calls f with every two voices of different policies, in the given order of
// policies.
func pairs(voices []voice, order []string, f func(earlier, later voice)) {
	for _, a := range voices {
		for _, b := range voices {
			if slices.Index(order, a.policy) < slices.Index(order, b.policy) {
				f(a, b)
			}
		}
	}
}

// preferOrderCases set every preference against every other: the earlier wins.
func preferOrderCases() []testCase {
	var rows []row
	pairs(preferring, preferOrder, func(a, b voice) {
		rows = append(rows, row{a.String() + " before " + b.String(), given(a.when, b.when), goes(a.target, a.reason)})
	})
	return by("preferences", everyone(), rows...)
}

// forbidOrderCases set every forbid against every other. Of two against one target
// the reason is that of the earlier; two against both leave nothing.
func forbidOrderCases() []testCase {
	var rows []row
	pairs(forbidding, forbidOrder, func(a, b voice) {
		name := a.String() + " and " + b.String()
		switch {
		case a.target == browser && b.target == browser:
			rows = append(rows, row{name, given(a.when, b.when), must(server, a.reason)})
		case a.target == server && b.target == server:
			rows = append(rows, row{name, given(a.when, b.when), must(browser, a.reason)})
		default:
			rows = append(rows, row{name, given(a.when, b.when), nowhere(leastHopeful(a, b))})
		}
	})
	return by("forbids", everyone(), rows...)
}

// leastHopeful is the reason when one of the voices forbids the browser and the
// other the server.
func leastHopeful(a, b voice) policy.Reason {
	if a.target == server {
		a, b = b, a
	}
	switch b.policy {
	case policy.NamePrivacy:
		return policy.LocalOnlyUnavailable
	case policy.NameHealth:
		return policy.Offline
	}
	return a.reason
}

// oneLeftCases set every preference against every forbid: the forbid decides.
func oneLeftCases() []testCase {
	var rows []row
	for _, p := range preferring {
		for _, f := range forbidding {
			if p.policy == f.policy {
				continue
			}
			left := server
			if f.target == server {
				left = browser
			}
			rows = append(rows, row{p.String() + " against " + f.String(), given(p.when, f.when), must(left, f.reason)})
		}
	}
	return by("one left", everyone(), rows...)
}

// A pair proves nothing about the order unless both of it speak.
func TestBothOfAPairSpeak(t *testing.T) {
	d := newDecider(t, everyone())
	check := func(a, b voice) {
		in := given(a.when, b.when)
		in.Trace = true
		trace := d.Decide(t.Context(), in).Trace
		for _, v := range []voice{a, b} {
			if step := policyStep(trace, v.policy); step.Said != string(v.reason) || step.Target != v.target.String() {
				t.Errorf("%s and %s: the trace has %+v of %s", a, b, step, v.policy)
			}
		}
	}
	pairs(preferring, preferOrder, check)
	pairs(forbidding, forbidOrder, check)
}
