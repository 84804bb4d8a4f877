package policy_test

import (
	"context"

	"github.com/edgewise-ai/edgewise/capability"
	"github.com/edgewise-ai/edgewise/policy"
	"github.com/edgewise-ai/edgewise/registry"
)

// exampleDecider decides over two models, by the default policies and the given
// ones. The examples keep their errors out of sight; an app should not.
func exampleDecider(policies ...policy.Policy) *policy.Decider {
	index, err := registry.NewIndex(registry.Listing{Models: []registry.Model{
		{ID: "small", Framework: registry.Transformers, Parameters: "350M", SizeBytes: 250e6, ContextWindow: 8192, Capabilities: []string{"classification"}},
		{ID: "large", Framework: registry.WebLLM, Parameters: "3.8B", SizeBytes: 2300e6, ContextWindow: 4096, MinDeviceTier: capability.TierDesktop},
	}})
	if err != nil {
		panic(err)
	}
	d, err := policy.NewDecider(index, policy.Options{Policies: policy.Defaults(policies...)})
	if err != nil {
		panic(err)
	}
	return d
}

// decide makes one decision.
func decide(in policy.Input, policies ...policy.Policy) policy.Decision {
	return exampleDecider(policies...).Decide(context.Background(), in)
}
