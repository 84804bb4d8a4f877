package policy_test

import (
	"context"
	"testing"

	"github.com/edgewise-ai/edgewise/capability"
	"github.com/edgewise-ai/edgewise/policy"
	"github.com/edgewise-ai/edgewise/registry"
)

// models are six entries that differ in what the filters look at.
func models() []registry.Model {
	return []registry.Model{
		{
			ID: "phone-350m", Framework: registry.Transformers, Parameters: "350M", SizeBytes: 250e6,
			ContextWindow: 2048, MinRAM: capability.GB, MinDeviceTier: capability.TierMobile,
			Capabilities: []string{"chat", "classification"},
		},
		{
			ID: "phone-1b", Framework: registry.WebLLM, Parameters: "1.1B", SizeBytes: 600e6,
			ContextWindow: 2048, MinRAM: 2 * capability.GB, MinDeviceTier: capability.TierMobile,
			Capabilities: []string{"chat"}, Requires: registry.Requirements{Features: []string{"shader-f16"}},
		},
		{
			ID: "desktop-2b", Framework: registry.WebLLM, Parameters: "2B", SizeBytes: 1300e6,
			ContextWindow: 4096, MinRAM: 3 * capability.GB, MinDeviceTier: capability.TierDesktop,
			Capabilities: []string{"chat"}, Requires: registry.Requirements{MinBufferBytes: 262144000},
			Supports: registry.Features{JSONSchema: true},
		},
		{
			ID: "desktop-3.8b", Framework: registry.WebLLM, Parameters: "3.8B", SizeBytes: 2300e6,
			ContextWindow: 4096, MinRAM: 4 * capability.GB, MinDeviceTier: capability.TierDesktop,
			Capabilities: []string{"chat", "code"}, Supports: registry.Features{JSONSchema: true},
		},
		{
			ID: "desktop-3.8b-gguf", Framework: registry.Wllama, Parameters: "3.8B", SizeBytes: 2300e6,
			ContextWindow: 8192, MinRAM: 4 * capability.GB, MinDeviceTier: capability.TierDesktop,
			Capabilities: []string{"chat"}, Supports: registry.Features{Tools: true, JSONSchema: true, N: 4},
		},
		{
			ID: "high-7b", Framework: registry.WebLLM, Parameters: "7B", SizeBytes: 4000e6,
			ContextWindow: 8192, MinRAM: 8 * capability.GB, MinDeviceTier: capability.TierHighEnd,
			Capabilities: []string{"chat", "code"},
		},
	}
}

// desktop is a capable desktop computer.
func desktop() *capability.Device {
	return &capability.Device{
		WebGPU: capability.Yes, WebGL2: capability.Yes, GPUTier: capability.GPUMedium,
		GPU:    capability.GPU{Vendor: "apple", Fallback: capability.No, Features: []string{"shader-f16"}},
		Memory: 16 * capability.GB, AvailableRAM: 8 * capability.GB, IsDesktop: capability.Yes,
		StorageQuotaMB: 50_000, Cores: 8,
	}
}

func newDecider(t testing.TB, opts policy.Options) *policy.Decider {
	t.Helper()
	index, err := registry.NewIndex(registry.Listing{Revision: "test", Models: models()})
	if err != nil {
		t.Fatal(err)
	}
	d, err := policy.NewDecider(index, opts)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// says is a policy that gives one verdict to every request.
func says(name string, v policy.Verdict) policy.Policy {
	return policy.Named(name, policy.PolicyFunc(func(context.Context, *policy.Input) (policy.Verdict, error) {
		return v, nil
	}))
}
