package policy_test

import "github.com/edgewise-ai/edgewise/policy"

// everyone are all built-in policies with a tier for each rule, half of the
// identities in the rollout, and a prior for two tasks.
func everyone(changed ...policy.Policy) policy.Options {
	return policy.Options{Policies: policy.Defaults(append([]policy.Policy{
		tiers(), policy.Enabled{RolloutBasisPoints: 5_000},
		policy.Complexity{Tasks: map[string]policy.Level{"poetry": policy.Complex, "letters": policy.Simple}},
	}, changed...)...)}
}

// conflictCases are requests about which policies, devices and wishes disagree.
func conflictCases() []testCase {
	stranded := nowhere(policy.LocalOnlyUnavailable)
	stays := must(browser, policy.LocalOnly)
	kept := goes(browser, policy.KeptInPlace)

	cases := by("conflicts", everyone(),
		row{"local-only and never", given(localOnly, loaded, never), stranded},
		row{"local-only and always", given(localOnly, loaded, wanted), stays},
		row{"local-only in a tier of the server", given(localOnly, ruled(policy.ServerOnly)), stranded},
		row{"local-only in a tier of the browser", given(localOnly, ruled(policy.BrowserOnly)), stays},
		row{"local-only in a tier that prefers the server", given(localOnly, ruled(policy.PreferServer)), stays},
		row{"local-only outside the rollout", given(localOnly, outsideRollout), stranded},
		row{"local-only without a GPU", given(localOnly, noGPU), stranded},
		row{"local-only and absent", given(localOnly, absent), stays},
		row{"local-only, absent and metered", given(localOnly, absent, metered), stranded},
		row{"local-only, absent and offline", given(localOnly, absent, offline), stranded},
		row{"local-only, cached and offline", given(localOnly, cached, offline), stays},
		row{"local-only and complex", given(localOnly, hard), stays},
		row{"local-only in a loop on the server", given(localOnly, inLoop(server)), stays},
		row{"local-only and slow", given(localOnly, slow), stays},
		row{"local-only and failed too often", given(localOnly, failing), stranded},

		row{"offline and absent", given(offline, absent), nowhere(policy.Offline)},
		row{"offline and cached", given(offline, cached), must(browser, policy.Offline)},
		row{"offline and loaded", given(offline, loaded), must(browser, policy.Offline)},
		row{"offline, loaded and never", given(offline, loaded, never), nowhere(policy.Offline)},
		row{"offline, loaded, in a tier of the server", given(offline, loaded, ruled(policy.ServerOnly)), nowhere(policy.Offline)},
		row{"offline, loaded, without a GPU", given(offline, loaded, noGPU), nowhere(policy.Offline)},
		row{"offline and slow to load", given(offline, slowToLoad), must(browser, policy.Offline)},
		row{"offline, loaded, in a loop on the server", given(offline, loaded, inLoop(server)), must(browser, policy.Offline)},

		row{"budget spent, without a GPU", given(spent, noGPU), must(server, policy.InsufficientDevice)},
		row{"budget spent, absent", given(spent, absent), goes(browser, policy.BudgetExhausted)},
		row{"budget spent, complex", given(spent, hard), goes(browser, policy.BudgetExhausted)},
		row{"hard budget spent, without a GPU", given(spentHard, noGPU), nowhere(policy.InsufficientDevice)},
		row{"hard budget spent, never", given(spentHard, never), nowhere(policy.UserDisabledBrowser)},
		row{"hard budget spent, in no window", given(spentHard, overlong), nowhere(policy.ContextWindowExceeded)},
		row{"hard budget spent, outside the rollout", given(spentHard, outsideRollout), nowhere(policy.BrowserInferenceDisabled)},
		row{"hard budget spent, in a tier of the server", given(spentHard, ruled(policy.ServerOnly)), nowhere(policy.TierServerOnly)},
		row{"hard budget spent, local-only", given(spentHard, localOnly), stays},
		row{"hard budget spent, offline and absent", given(spentHard, offline, absent), nowhere(policy.Offline)},
		row{"hard budget spent, absent", given(spentHard, absent), must(browser, policy.BudgetExhausted)},

		row{"a loop in the browser, absent", given(inLoop(browser), absent), kept},
		row{"a loop in the browser, slow to load", given(inLoop(browser), slowToLoad), kept},
		row{"a loop in the browser, low battery", given(inLoop(browser), lowBattery), kept},
		row{"a loop in the browser, slow", given(inLoop(browser), slow), kept},
		row{"a loop in the browser, complex", given(inLoop(browser), hard), kept},
		row{"a loop in the browser, in no window any more", given(inLoop(browser), overlong), must(server, policy.ContextWindowExceeded)},
		row{"a loop in the browser, never", given(inLoop(browser), never), must(server, policy.UserDisabledBrowser)},
		row{"a loop in the browser, failed too often", given(inLoop(browser), failing), must(server, policy.BrowserUnhealthy)},
		row{"a loop on the server, always", given(inLoop(server), wanted), goes(server, policy.KeptInPlace)},
		row{"a loop on the server, which is unavailable", given(inLoop(server), serverDown), goes(browser, policy.ServerUnavailable)},
		row{"a loop on the server, budget spent", given(inLoop(server), spent), goes(browser, policy.BudgetExhausted)},
		row{"a loop on the server, hard budget spent", given(inLoop(server), spentHard), must(browser, policy.BudgetExhausted)},
		row{"a loop on the server, in a tier of the browser", given(inLoop(server), ruled(policy.BrowserOnly)), must(browser, policy.TierBrowserOnly)},
		row{"a loop on the server, a task for the browser", given(inLoop(server), task("classification")), goes(server, policy.KeptInPlace)},

		row{"always, and complex", given(wanted, hard), goes(browser, policy.UserPrefersBrowser)},
		row{"always, without a GPU", given(wanted, noGPU), must(server, policy.InsufficientDevice)},
		row{"never, without a GPU", given(never, noGPU), must(server, policy.InsufficientDevice)},
		row{"never, with the server unavailable", given(never, serverDown), must(server, policy.UserDisabledBrowser)},

		row{"a simple task against length and score", given(task("letters"), wordy, scoring), goes(browser, policy.OptimalForBrowser)},
		row{"a complex task against a short prompt", given(task("poetry")), goes(server, policy.RequestTooComplex)},
		row{"declared simple against the task", given(simple, task("poetry")), goes(browser, policy.OptimalForBrowser)},
		row{"declared simple against length and score", given(simple, wordy, scoring), goes(browser, policy.OptimalForBrowser)},
		row{"declared complex against the task", given(hard, task("letters")), goes(server, policy.RequestTooComplex)},
		row{"declared complex against a task for the browser", given(hard, task("classification")), goes(browser, policy.TaskPrefersBrowser)},
		row{"declared simple against the cost", given(simple, dearDownloads), goes(server, policy.CheaperOnServer)},
		row{"declared complex against the cost", given(hard, dearTokens), goes(server, policy.RequestTooComplex)},
	)
	return append(cases, by("conflicts, sticky conversations", everyone(policy.Sticky{Conversations: true}),
		row{"on the server, always", given(lastAt(server), wanted), goes(server, policy.KeptInPlace)},
		row{"on the server, which is unavailable", given(lastAt(server), serverDown), goes(browser, policy.ServerUnavailable)},
		row{"on the server, now local-only", given(lastAt(server), localOnly), stays},
		row{"in the browser, absent by now", given(lastAt(browser), absent), kept},
		row{"in the browser, never by now", given(lastAt(browser), never), must(server, policy.UserDisabledBrowser)},
		row{"in the browser, a loop on the server", given(lastAt(browser), inLoop(server)), goes(server, policy.KeptInPlace)},
	)...)
}
