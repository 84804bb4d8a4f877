package policy_test

import "github.com/edgewise-ai/edgewise/policy"

// tiers has a tier for each rule, of the rule's name.
func tiers() policy.Tier {
	rules := make(map[string]policy.TierRule)
	for _, rule := range []policy.TierRule{policy.BrowserOnly, policy.ServerOnly, policy.PreferBrowser, policy.PreferServer} {
		rules[string(rule)] = rule
	}
	return policy.Tier{Rules: rules}
}

// inTier is a subject in the tier that has the rule in [tiers].
func inTier(rule policy.TierRule) policy.Subject { return policy.Subject{Tier: string(rule)} }

func tierCases() []testCase {
	tier := func(name string) policy.Input { return from(policy.Subject{Tier: name}) }
	free := goes(browser, policy.OptimalForBrowser)

	cases := both("tier", tiers(),
		row{"browser only", from(inTier(policy.BrowserOnly)), must(browser, policy.TierBrowserOnly)},
		row{"server only", from(inTier(policy.ServerOnly)), must(server, policy.TierServerOnly)},
		row{"browser first", from(inTier(policy.PreferBrowser)), goes(browser, policy.TierPrefersBrowser)},
		row{"server first", from(inTier(policy.PreferServer)), goes(server, policy.TierPrefersServer)},
		row{"without a rule", tier("gold"), free},
		row{"none", tier(""), free},
		row{"spelt otherwise", tier("Server-only"), free},
		row{"a word that objects know", tier("constructor"), free},
	)
	cases = append(cases, both("no tiers", policy.Tier{}, row{"any", tier("gold"), free})...)
	return append(cases, both("tier with a rule for the rest", policy.Tier{
		Rules:     map[string]policy.TierRule{"gold": policy.PreferBrowser, "silver": "", "": policy.BrowserOnly},
		Otherwise: policy.ServerOnly,
	},
		row{"named", tier("gold"), goes(browser, policy.TierPrefersBrowser)},
		row{"named, without a rule", tier("silver"), free},
		row{"none, which has a rule", tier(""), must(browser, policy.TierBrowserOnly)},
		row{"the rest", tier("bronze"), must(server, policy.TierServerOnly)},
		row{"the rest, a word that objects know", tier("__proto__"), must(server, policy.TierServerOnly)},
	)...)
}
