package policy_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/edgewise-ai/edgewise/capability"
	"github.com/edgewise-ai/edgewise/policy"
	"github.com/edgewise-ai/edgewise/registry"
)

// decide makes one decision with the given policies over two small models.
func decide(in policy.Input, policies ...policy.Policy) policy.Decision {
	index, err := registry.NewIndex(registry.Listing{Revision: "1", Models: []registry.Model{
		{ID: "small", Framework: registry.Transformers, Parameters: "350M", SizeBytes: 250e6, ContextWindow: 8192},
		{ID: "large", Framework: registry.WebLLM, Parameters: "3.8B", SizeBytes: 2300e6, ContextWindow: 4096, MinDeviceTier: capability.TierDesktop},
	}})
	if err != nil {
		panic(err)
	}
	d, err := policy.NewDecider(index, policy.Options{Policies: policy.Defaults(policies...)})
	if err != nil {
		panic(err)
	}
	return d.Decide(context.Background(), in)
}

// A custom policy is one method. This one keeps an app's night shift on the
// server.
func ExamplePolicy() {
	nightShift := policy.Named("acme.night_shift", policy.PolicyFunc(
		func(_ context.Context, in *policy.Input) (policy.Verdict, error) {
			if strings.HasPrefix(in.Identity.Subject, "night/") {
				return policy.Verdict{Prefer: policy.Server, Reason: "acme_night_shift"}, nil
			}
			return policy.Verdict{}, nil
		}))

	d := decide(policy.Input{Identity: policy.Identity{Subject: "night/ada"}}, nightShift)
	fmt.Println(d.Target, d.Reason, d.Fallback)
	// Output: server acme_night_shift browser
}

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
	// Output: server user_disabled_browser
}

func ExampleReadiness() {
	fresh := &policy.State{Models: map[string]registry.ModelState{"large": {Status: registry.Absent}}}
	d := decide(policy.Input{State: fresh})
	fmt.Println(d.Target, d.Reason, "preload:", d.Preload.ID)
	// Output: server model_not_ready preload: large
}

func ExampleComplexity() {
	long := policy.Request{PromptLength: 5_000}
	d := decide(policy.Input{Request: &long})
	fmt.Println(d.Target, d.Reason)

	long.Complexity = policy.Simple // the app knows better
	d = decide(policy.Input{Request: &long})
	fmt.Println(d.Target, d.Reason)
	// Output:
	// server request_too_complex
	// browser optimal_for_browser
}
