package policy_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/edgewise-ai/edgewise/capability"
	"github.com/edgewise-ai/edgewise/policy"
	"github.com/edgewise-ai/edgewise/registry"
)

// The targets, short for tables.
const (
	none    = policy.None
	browser = policy.Browser
	server  = policy.Server
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

// newDecider returns a decider over models().
func newDecider(t testing.TB, opts policy.Options) *policy.Decider {
	t.Helper()
	return newDeciderOver(t, models(), opts)
}

func newDeciderOver(t testing.TB, models []registry.Model, opts policy.Options) *policy.Decider {
	t.Helper()
	index, err := registry.NewIndex(registry.Listing{Models: models})
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

// wantErrorAbout checks that an error says all of the words.
func wantErrorAbout(t *testing.T, err error, words ...string) {
	t.Helper()
	for _, word := range words {
		if err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("got error %v, want one about %q", err, word)
		}
	}
}

func encoded(t testing.TB, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func nameOf(p policy.Policy) string { return p.(policy.Namer).Name() }

func idOf(m *registry.Model) string {
	if m == nil {
		return ""
	}
	return m.ID
}
