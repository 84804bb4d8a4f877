package vectors

import (
	"math/rand/v2"
	"strconv"

	"github.com/edgewise-ai/edgewise/capability"
	"github.com/edgewise-ai/edgewise/registry"
)

// RandomModels makes up to eight models that differ in what the filters and the
// ranking look at, often by just one step, and are now and then equal in it.
func RandomModels(r *rand.Rand) []registry.Model {
	// Odd IDs: the property of every JavaScript object, and two whose order in
	// UTF-8 is not that in UTF-16.
	ids := []string{"constructor", "model \uff5e", "model \U0001f600"}
	for i := range 6 {
		ids = append(ids, "model-"+strconv.Itoa(i))
	}
	r.Shuffle(len(ids), func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
	models := make([]registry.Model, pick(r, 0, 1, 2, 3, 4, 5, 6, 7, 8, 8, 8, 8))
	for i := range models {
		models[i] = randomModel(r, ids[i])
	}
	return models
}

func randomModel(r *rand.Rand, id string) registry.Model {
	m := registry.Model{
		ID:            id,
		Framework:     pick(r, engines...),
		Parameters:    pick(r, "", "350M", "0.5B", "1.1B", "1100M", "3.8B", "7b"),
		SizeBytes:     pick(r, sizes...),
		ContextWindow: pick(r, 512, 2048, 4096, 8192, 8192, 1<<30),
		MinRAM:        pick(r, 0, 0, capability.GB, 2*capability.GB-1, 2*capability.GB, 2*capability.GB, 4*capability.GB+1, capability.MaxMemory),
		MinDeviceTier: pick(r, capability.TierAny, capability.TierMobile, capability.TierDesktop, capability.TierHighEnd),
		Capabilities:  subset(r, "chat", "code", "classification", "constructor"),
		Disabled:      r.IntN(12) == 0,
	}
	m.Requires.GPU = pick(r, "", "", registry.NeedsNoGPU, registry.NeedsWebGPU)
	if r.IntN(2) == 0 {
		m.Requires.Features = subset(r, "shader-f16", "subgroups")
		m.Requires.MinBufferBytes = pick[int64](r, 0, 0, 128<<20, 256<<20, 256<<20, capability.MaxCount)
	}
	if r.IntN(2) == 0 {
		m.Supports = registry.Features{
			Tools: r.IntN(2) == 0, JSONSchema: r.IntN(2) == 0, Images: r.IntN(2) == 0, Logprobs: r.IntN(2) == 0, N: r.IntN(4),
		}
	}
	return m
}

var (
	engines = []string{registry.WebLLM, registry.Transformers, registry.Wllama, registry.PromptAPI, "acme/mlx"}
	sizes   = []int64{0, 250e6, 250e6, 600 << 20, 600 << 20, 600<<20 + 1, 2300e6, capability.MaxCount}
)

// RandomLimits makes the limits of a decider: each set or not.
func RandomLimits(r *rand.Rand) registry.Limits {
	var l registry.Limits
	if r.IntN(2) == 0 {
		return l
	}
	l.AllowSoftwareGPU = r.IntN(2) == 0
	l.MaxModelBytes = pick[int64](r, 0, 0, 0, 600<<20-1, 600<<20, 2300e6, capability.MaxCount)
	l.MaxFailures = r.IntN(4)
	l.MinTokensPerSecondMilli = pick[int64](r, 0, 0, 0, 2_999, 3_000, 3_001, capability.MaxCount)
	l.FastTokensPerSecondMilli = pick[int64](r, 0, 0, 0, 1, 2_999, 3_000, 20_001, capability.MaxCount)
	if r.IntN(6) == 0 {
		l.DisabledEngines = subset(r, engines...)
	}
	return l
}
