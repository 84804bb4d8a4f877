package policy_test

import "github.com/edgewise-ai/edgewise/policy"

func enabledCases() []testCase {
	bucket := func(n int) policy.Input { return from(policy.Subject{RolloutBucket: n}) }
	off := must(server, policy.BrowserInferenceDisabled)
	free := goes(browser, policy.OptimalForBrowser)

	cases := both("enabled for everyone", policy.Enabled{},
		row{"the first bucket", bucket(0), free},
		row{"the last bucket", bucket(9_999), free},
	)
	cases = append(cases, both("enabled for half", policy.Enabled{RolloutBasisPoints: 5_000},
		row{"the first bucket", bucket(0), free},
		row{"the last within", bucket(4_999), free},
		row{"the first without", bucket(5_000), off},
		row{"the last bucket", bucket(9_999), off},
	)...)
	cases = append(cases, both("enabled for a ten-thousandth", policy.Enabled{RolloutBasisPoints: 1},
		row{"the first bucket", bucket(0), free},
		row{"the second bucket", bucket(1), off},
	)...)
	return append(cases, both("disabled", policy.Enabled{Disabled: true},
		row{"the first bucket", bucket(0), off},
		row{"local-only", asks(policy.Request{Privacy: policy.PrivacyLocalOnly}), nowhere(policy.LocalOnlyUnavailable)},
	)...)
}
