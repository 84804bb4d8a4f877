package policy_test

import (
	"github.com/edgewise-ai/edgewise/policy"
	"github.com/edgewise-ai/edgewise/registry"
)

func healthCases() []testCase {
	loaded := every(registry.ModelState{Status: registry.Loaded})
	offline := loaded
	offline.Network.Offline = true
	down := policy.Subject{Server: policy.ServerFacts{Unavailable: true}}

	return both("health", policy.Health{},
		row{"all well", while(loaded), goes(browser, policy.OptimalForBrowser)},
		row{"server unavailable", from(down), goes(browser, policy.ServerUnavailable)},
		row{"offline, a model loaded", while(offline), must(browser, policy.Offline)},
		row{"offline and server unavailable", policy.Input{State: &offline, Subject: &down}, must(browser, policy.Offline)},
		row{
			"offline, no model here", while(policy.State{Network: registry.Network{Offline: true}}), nowhere(policy.Offline),
		},
	)
}
