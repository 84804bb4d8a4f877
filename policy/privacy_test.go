package policy_test

import (
	"testing"

	"github.com/edgewise-ai/edgewise/policy"
)

func privacyCases() []testCase {
	return both("privacy", policy.Privacy{},
		row{"local-only", asks(policy.Request{Privacy: policy.PrivacyLocalOnly}), must(browser, policy.LocalOnly)},
		row{"not local-only", asks(policy.Request{}), goes(browser, policy.OptimalForBrowser)},
		row{
			"local-only in no context window",
			asks(policy.Request{Privacy: policy.PrivacyLocalOnly, PromptTokens: 8_192}), nowhere(policy.LocalOnlyUnavailable),
		},
		row{
			"local-only, which no engine can honour",
			asks(policy.Request{Privacy: policy.PrivacyLocalOnly, Engines: []string{}}), nowhere(policy.LocalOnlyUnavailable),
		},
	)
}

func TestPrivacyIsAlwaysAsked(t *testing.T) {
	toServer := says("acme.server", policy.Verdict{Prefer: server, Reason: "acme_server"})
	for name, policies := range map[string][]policy.Policy{"no policies": {}, "others": {policy.Complexity{}, toServer}} {
		d := newDecider(t, policy.Options{Policies: policies})
		got := d.Decide(t.Context(), complete(asks(policy.Request{PromptLength: 9_000, Privacy: policy.PrivacyLocalOnly})))
		if got.Target != browser && got.Target != none || got.Fallback != none {
			t.Errorf("%s: local-only went to %v with fallback %v", name, got.Target, got.Fallback)
		}
	}
}
