package registry_test

import (
	"fmt"
	"math/rand/v2"

	"github.com/edgewise-ai/edgewise/capability"
	"github.com/edgewise-ai/edgewise/registry"
)

// generator makes random registries and queries from few values, so that they
// meet: equal sizes, engines that are there, limits that are just met. A varied
// one takes figures from wide ranges, so that hardly two models share one.
type generator struct {
	*rand.Rand
	varied bool
}

func newGenerator(seed uint64) generator { return generator{Rand: rand.New(rand.NewPCG(seed, 0))} }

func newVariedGenerator(seed uint64) generator {
	g := newGenerator(seed)
	g.varied = true
	return g
}

func pick[T any](g generator, from ...T) T { return from[g.IntN(len(from))] }

// figure is one of a few, or else anything below most.
func figure[T ~int | ~int64](g generator, most T, few ...T) T {
	if g.varied {
		return T(g.Int64N(int64(most)))
	}
	return pick(g, few...)
}

// sometimes is true once in n times.
func (g generator) sometimes(n int) bool { return g.IntN(n) == 0 }

var (
	someEngines  = []string{registry.WebLLM, registry.Transformers, registry.Wllama}
	someTasks    = []string{"chat", "code", "classification", "autocomplete"}
	someFeatures = []string{"shader-f16", "subgroups"}
	someSizes    = []int64{0, 200 << 20, 600 << 20, 600<<20 + 1, 2 << 30, 4 << 30}
)

func (g generator) subset(from []string) []string {
	var list []string
	for _, s := range from {
		if g.sometimes(2) {
			list = append(list, s)
		}
	}
	return list
}

func (g generator) model(id string) registry.Model {
	return registry.Model{
		ID: id, Framework: pick(g, someEngines...),
		Parameters: pick(g, "", "350M", "0.5B", "1.1B", "1100M", "3B", "7B"),
		SizeBytes:  figure(g, 4<<30, someSizes...), ContextWindow: 1 + figure(g, 4096, 1023, 2047, 4095),
		MinRAM:        figure(g, 5*capability.GB, 0, capability.GB, 2*capability.GB, 3*capability.GB, 4*capability.GB),
		MinDeviceTier: capability.DeviceTier(g.IntN(4)),
		Capabilities:  g.subset(someTasks),
		Requires: registry.Requirements{
			GPU:            pick(g, "", registry.NeedsNoGPU, registry.NeedsWebGPU),
			Features:       g.subset(someFeatures),
			MinBufferBytes: figure(g, 300<<20, 0, int64(128<<20), 256<<20),
		},
		Supports: registry.Features{
			Tools: g.sometimes(2), JSONSchema: g.sometimes(2), Images: g.sometimes(2), Logprobs: g.sometimes(2), N: g.IntN(4),
		},
		Disabled: g.sometimes(10),
	}
}

func (g generator) models(n int) []registry.Model {
	models := make([]registry.Model, n)
	for i := range models {
		models[i] = g.model(fmt.Sprintf("model-%d", i))
	}
	g.Shuffle(n, func(i, j int) { models[i], models[j] = models[j], models[i] })
	return models
}

func (g generator) presence() capability.Presence { return capability.Presence(g.IntN(3)) }

func (g generator) device() *capability.Device {
	d := &capability.Device{
		WebGPU:       pick(g, capability.Unknown, capability.Yes, capability.Yes, capability.No),
		GPUTier:      capability.GPUTier(g.IntN(5)),
		AvailableRAM: figure(g, 9*capability.GB, 0, capability.GB, 2*capability.GB, 4*capability.GB, 8*capability.GB),
		IsMobile:     g.presence(), IsTablet: pick(g, capability.Unknown, capability.No, capability.No, capability.Yes),
		StorageQuotaMB: figure[capability.Count](g, 6_000, 0, 200, 601, 2048, 100_000),
	}
	if g.sometimes(8) {
		d.GPU.Fallback = capability.Yes
	}
	if g.sometimes(2) {
		d.GPU.Features = append([]string{}, g.subset(someFeatures)...)
		d.GPU.Limits.MaxBufferSize = figure[capability.Count](g, 300<<20, 0, 128<<20, 256<<20)
		d.GPU.Limits.MaxStorageBufferBindingSize = figure[capability.Count](g, 300<<20, 0, 128<<20, 256<<20)
	}
	if g.sometimes(2) {
		d.Engines = append([]string{}, g.subset(someEngines)...)
	}
	return d
}

func (g generator) query(n int) registry.Query {
	q := registry.Query{Tokens: figure[int64](g, 3000, 0, 100, 1024, 1025, 3000), Task: pick(g, append(someTasks, "", "poetry")...)}
	if !g.sometimes(10) {
		q.Device = g.device()
	}
	if g.sometimes(4) {
		q.Needs = registry.Features{
			Tools: g.sometimes(2), JSONSchema: g.sometimes(2), Images: g.sometimes(8), Logprobs: g.sometimes(8), N: g.IntN(4),
		}
	}
	if g.sometimes(4) {
		q.Engines = append([]string{}, g.subset(someEngines)...)
	}
	if g.sometimes(3) {
		q.Network = registry.Network{Offline: g.sometimes(2), SaveData: g.sometimes(3), Metered: g.sometimes(3)}
	}
	if g.sometimes(2) {
		q.Limits = &registry.Limits{
			AllowSoftwareGPU: g.sometimes(2), MaxModelBytes: figure(g, 4<<30, someSizes...),
			MaxFailures: g.IntN(5), MinTokensPerSecondMilli: pick[int64](g, 0, 0, 5000),
			FastTokensPerSecondMilli: pick[int64](g, 0, 0, 1, 4999, 20_001),
		}
		if g.sometimes(4) {
			q.Limits.DisabledEngines = g.subset(someEngines)
		}
	}
	q.States = g.states(n, g.IntN(8))
	return q
}

// states are about models 0 to n-1 and a few that are in no registry.
func (g generator) states(n, count int) map[string]registry.ModelState {
	states := make(map[string]registry.ModelState, count)
	for range count {
		states[fmt.Sprintf("model-%d", g.IntN(n+3))] = registry.ModelState{
			Status:               pick(g, "", registry.Absent, registry.Cached, registry.Cached, registry.Loaded),
			Failures:             pick[capability.Count](g, 0, 0, 0, 1, 3),
			TokensPerSecondMilli: pick[capability.Count](g, 0, 4999, 5000, 20_000),

			PredictedTokensPerSecondMilli: pick[capability.Count](g, 0, 1, 4999, 5000),
		}
	}
	return states
}
