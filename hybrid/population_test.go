package hybrid_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"

	"github.com/edgewise-ai/edgewise/capability"
	"github.com/edgewise-ai/edgewise/policy"
	"github.com/edgewise-ai/edgewise/registry"
)

// population draws models, and pages with their users and requests, from one
// seed. No public trace has devices, batteries or tiers; the shares are set by
// hand, so that every policy has something to say now and then.
type population struct{ *rand.Rand }

func newPopulation() population { return population{rand.New(rand.NewPCG(42, 0))} }

func oneOf[T any](p population, from ...T) T { return from[p.IntN(len(from))] }

// chance is true in so many of a hundred cases.
func (p population) chance(percent int) bool { return p.IntN(100) < percent }

var (
	engines = []string{registry.Transformers, registry.WebLLM, registry.Wllama, registry.ONNX, registry.PromptAPI}
	tasks   = []string{"chat", "classification", "autocomplete", "summarization", "translation", "code"}
)

// sizes are what models of so many parameters need.
var sizes = []struct {
	parameters string
	megabytes  int64
	tier       capability.DeviceTier
}{
	{"135M", 140, capability.TierMobile}, {"360M", 270, capability.TierMobile}, {"500M", 400, capability.TierMobile},
	{"1B", 750, capability.TierMobile}, {"1.5B", 1100, capability.TierDesktop}, {"3B", 1900, capability.TierDesktop},
	{"4B", 2600, capability.TierDesktop}, {"7B", 4300, capability.TierHighEnd}, {"8B", 5100, capability.TierHighEnd},
}

func modelID(i int) string { return fmt.Sprintf("model-%05d", i) }

func (p population) models(n int) []registry.Model {
	models := make([]registry.Model, n)
	for i := range models {
		size := oneOf(p, sizes...)
		size.megabytes += p.Int64N(200)
		m := registry.Model{
			ID: modelID(i), Name: fmt.Sprintf("Model %d", i), Framework: oneOf(p, engines...),
			Parameters: size.parameters, Quantization: oneOf(p, "q4f16_1", "q4f32_1", "q8"),
			SizeBytes: size.megabytes << 20, ContextWindow: 1024 << p.IntN(6),
			MinRAM: capability.Memory(size.megabytes * 3 / 2), MinDeviceTier: size.tier,
			Capabilities: []string{"chat", oneOf(p, tasks...), oneOf(p, tasks...)},
			Disabled:     p.chance(2),
		}
		if m.Framework == registry.WebLLM {
			m.Requires.MinBufferBytes = oneOf[int64](p, 128<<20, 256<<20, 1<<30)
			if m.Quantization == "q4f16_1" {
				m.Requires.Features = []string{"shader-f16"}
			}
		}
		if p.chance(30) {
			m.Supports = registry.Features{Tools: p.chance(50), JSONSchema: true, N: 1 + p.IntN(3)}
		}
		models[i] = m
	}
	return models
}

// inputs are decisions to be made by pages that know some of n models.
func (p population) inputs(count, n int) []policy.Input {
	inputs := make([]policy.Input, count)
	for i := range inputs {
		inputs[i] = policy.Input{
			Identity: policy.Identity{Subject: fmt.Sprintf("user-%d@example.com", i), Tier: oneOf(p, "free", "free", "pro", "team")},
			Device:   p.device(),
			Request:  p.request(),
			State:    p.state(n),
		}
	}
	return inputs
}

func (p population) device() *capability.Device {
	d := &capability.Device{
		WebGPU: capability.Yes, WebGL2: capability.Yes, GPUTier: oneOf(p, capability.GPUUnknown, capability.GPULow, capability.GPUMedium, capability.GPUHigh),
		IsMobile: capability.No, IsTablet: capability.No, IsDesktop: capability.Yes,
		Memory: capability.GB * oneOf[capability.Memory](p, 4, 8, 16), AvailableRAM: 512 * capability.Memory(2+p.IntN(16)),
		BrowserName: oneOf(p, "chrome", "edge", "firefox", "safari"), BrowserVersion: strconv.Itoa(120 + p.IntN(40)),
		StorageQuotaMB: capability.Count(500 + p.IntN(50_000)), Cores: oneOf[capability.Count](p, 4, 8, 16),
		ConnectionType: oneOf(p, "wifi", "4g", ""), Engines: slices.Clone(engines[:1+p.IntN(len(engines))]),
	}
	switch {
	case p.chance(10): // no adapter
		d.WebGPU, d.WebGL2 = capability.No, oneOf(p, capability.No, capability.Yes)
		return d
	case p.chance(40):
		d.IsMobile, d.IsDesktop = capability.Yes, capability.No
	}
	d.GPU = capability.GPU{
		Vendor: oneOf(p, "apple", "nvidia", "amd", "intel", "qualcomm"), Architecture: "generation-" + strconv.Itoa(p.IntN(9)),
		Features: oneOf(p, []string{"shader-f16", "timestamp-query", "subgroups"}, []string{"timestamp-query"}, nil),
	}
	d.GPU.Limits.MaxBufferSize = oneOf[capability.Count](p, 256<<20, 1<<30, 4<<30)
	d.GPU.Limits.MaxStorageBufferBindingSize = d.GPU.Limits.MaxBufferSize - 4
	return d
}

func (p population) request() *policy.Request {
	r := &policy.Request{
		PromptLength: 20 + p.Int64N(600), MaxTokens: oneOf[int64](p, 0, 64, 256, 400),
		Complexity: oneOf(p, "", policy.Auto, policy.Auto, policy.Simple), Task: oneOf(p, append(tasks, "", "")...),
		ConversationID: fmt.Sprintf("conversation-%d", p.IntN(1000)), LastTarget: oneOf(p, policy.None, policy.Browser, policy.Server),
	}
	if p.chance(15) {
		r.PromptLength *= 10
	}
	if p.chance(60) {
		r.Features = &policy.TextFeatures{
			CodePoints: r.PromptLength, Messages: 1 + p.Int64N(8), CodeFences: p.Int64N(2), Digits: p.Int64N(30),
			Operators: p.Int64N(10), QuestionWords: p.Int64N(3), ReasoningVerbs: p.Int64N(2), CJK: oneOf(p, 0, 0, r.PromptLength/2),
		}
	}
	if p.chance(10) {
		r.Needs = registry.Features{JSONSchema: true, Tools: p.chance(50)}
		r.InToolLoop = oneOf(p, policy.None, policy.Server)
	}
	if p.chance(10) {
		r.Engines = slices.Clone(engines[p.IntN(len(engines)):])
	}
	if p.chance(5) {
		r.Privacy = policy.PrivacyLocalOnly
	}
	return r
}

func (p population) state(n int) *policy.State {
	s := &policy.State{
		Battery: policy.BatteryState{LevelPermille: capability.Count(p.IntN(1001)), Charging: oneOf(p, capability.Unknown, capability.No, capability.Yes)},
		Network: registry.Network{SaveData: p.chance(5), Metered: p.chance(10), Offline: p.chance(2)},
		Mode:    oneOf(p, "", policy.ModeAuto, policy.ModeAuto, policy.ModeAlways),
	}
	for range p.IntN(5) {
		if s.Models == nil {
			s.Models = make(map[string]registry.ModelState)
		}
		s.Models[modelID(p.IntN(n))] = registry.ModelState{
			Status: oneOf(p, registry.Absent, registry.Cached, registry.Loaded), LoadMs: capability.Count(p.IntN(8000)),
			TokensPerSecondMilli: capability.Count(p.IntN(60_000)), PredictedTokensPerSecondMilli: capability.Count(p.IntN(60_000)),
			TTFTMs: capability.Count(p.IntN(2000)), Failures: oneOf[capability.Count](p, 0, 0, 0, 0, 1, 3),
		}
	}
	return s
}
