package policy_test

import (
	"fmt"

	"github.com/edgewise-ai/edgewise/capability"
	"github.com/edgewise-ai/edgewise/policy"
)

func ExampleEnabled() {
	half := policy.Enabled{RolloutBasisPoints: 5_000} // half of all identities
	for _, bucket := range []int{4_999, 5_000} {
		d := decide(policy.Input{Subject: &policy.Subject{RolloutBucket: bucket}}, half)
		fmt.Println(bucket, d.Target, d.Reason)
	}
	// Output:
	// 4999 browser optimal_for_browser
	// 5000 server browser_inference_disabled
}

func ExampleCapability() {
	noGPU := &capability.Device{WebGPU: capability.No, WebGL2: capability.No}
	d := decide(policy.Input{Device: noGPU})
	fmt.Println(d.Target, d.Reason)

	d = decide(policy.Input{Device: noGPU}, policy.Capability{AllowCPU: true})
	fmt.Println(d.Target, d.Model.ID) // only the model that needs no GPU
	// Output:
	// server insufficient_device_capabilities
	// browser small
}

func ExamplePrivacy() {
	d := decide(policy.Input{Request: &policy.Request{Privacy: policy.PrivacyLocalOnly}})
	fmt.Println(d.Target, d.Reason, "fallback:", d.Fallback)
	// Output: browser local_only fallback: none
}

func ExamplePreference() {
	d := decide(policy.Input{State: &policy.State{Mode: policy.ModeNever}})
	fmt.Println(d.Target, d.Reason)

	d = decide(policy.Input{State: &policy.State{Mode: policy.ModeAlways}})
	fmt.Println(d.Target, d.Reason, "fallback:", d.Fallback)
	// Output:
	// server user_disabled_browser
	// browser user_prefers_browser fallback: server
}

func ExampleBudget() {
	spent := &policy.Subject{Budget: &policy.Balance{RemainingMicroUSD: 0}}
	d := decide(policy.Input{Subject: spent})
	fmt.Println(d.Target, d.Reason, "fallback:", d.Fallback)

	d = decide(policy.Input{Subject: spent}, policy.Budget{Hard: true})
	fmt.Println(d.Target, d.Reason, "fallback:", d.Fallback)
	// Output:
	// browser budget_exhausted fallback: server
	// browser budget_exhausted fallback: none
}

func ExampleTier() {
	byTier := policy.Tier{
		Rules:     map[string]policy.TierRule{"pro": policy.PreferServer},
		Otherwise: policy.BrowserOnly, // free users cost nothing
	}
	for _, tier := range []string{"pro", "free"} {
		d := decide(policy.Input{Subject: &policy.Subject{Tier: tier}}, byTier)
		fmt.Println(tier, d.Target, d.Reason, "fallback:", d.Fallback)
	}
	// Output:
	// pro server tier_prefers_server fallback: browser
	// free browser tier_browser_only fallback: none
}
