package policy_test

import (
	"slices"

	"github.com/edgewise-ai/edgewise/capability"
	"github.com/edgewise-ai/edgewise/policy"
	"github.com/edgewise-ai/edgewise/registry"
)

// demanding is one model that each of the filters can remove.
func demanding() []registry.Model {
	return []registry.Model{{
		ID: "demanding", Framework: registry.WebLLM, Parameters: "1B", SizeBytes: 600 << 20, ContextWindow: 4096,
		MinRAM: 4 * capability.GB, MinDeviceTier: capability.TierDesktop, Capabilities: []string{"chat"},
		Requires: registry.Requirements{Features: []string{"shader-f16"}, MinBufferBytes: 256 << 20},
		Supports: registry.Features{JSONSchema: true, N: 2},
	}}
}

// filterCases take demanding away, or just not.
func filterCases() []testCase {
	free := goes(browser, policy.OptimalForBrowser)
	lacking, incompatible := must(server, policy.InsufficientDevice), must(server, policy.NoCompatibleModel)
	large, over4096 := must(server, policy.ModelTooLarge), must(server, policy.ContextWindowExceeded)
	unsupported, metered := must(server, policy.FeatureUnsupported), must(server, policy.MeteredNetwork)
	unhealthy := must(server, policy.BrowserUnhealthy)

	ram := func(available, memory capability.Memory) policy.Input {
		return on(func(d *capability.Device) { d.AvailableRAM, d.Memory = available, memory })
	}
	quota := func(mib capability.Count, status registry.Status) policy.Input {
		in := here(registry.ModelState{Status: status}, registry.Network{})
		in.Device = on(func(d *capability.Device) { d.StorageQuotaMB = mib }).Device
		return in
	}
	buffers := func(buffer, binding capability.Count) policy.Input {
		return on(func(d *capability.Device) {
			d.GPU.Limits = capability.GPULimits{MaxBufferSize: buffer, MaxStorageBufferBindingSize: binding}
		})
	}
	engines := func(names ...string) policy.Input {
		return on(func(d *capability.Device) { d.Engines = names })
	}
	features := func(names ...string) policy.Input {
		return on(func(d *capability.Device) { d.GPU.Features = names })
	}
	tier := func(gpu capability.GPUTier, mobile, tablet capability.Presence) policy.Input {
		return on(func(d *capability.Device) { d.GPUTier, d.IsMobile, d.IsTablet = gpu, mobile, tablet })
	}
	needs := func(f registry.Features) policy.Input { return asks(policy.Request{PromptLength: 40, Needs: f}) }
	capable := func(names ...string) policy.Input { return asks(policy.Request{PromptLength: 40, Engines: names}) }
	tokens := func(prompt, completion int64) policy.Input {
		return asks(policy.Request{PromptTokens: prompt, MaxTokens: completion})
	}
	yes, no, unknown := capability.Yes, capability.No, capability.Unknown

	cases := twice(
		row{"no need unmet", policy.Input{}, free},
		row{"nothing known", policy.Input{Device: &capability.Device{}}, free},
		row{"no WebGPU", on(func(d *capability.Device) { d.WebGPU = no }), lacking},
		row{"WebGPU unknown", on(func(d *capability.Device) { d.WebGPU = unknown }), free},
		row{"a software adapter", on(func(d *capability.Device) { d.GPU.Fallback = yes }), lacking},
		row{"SwiftShader by its name", on(func(d *capability.Device) { d.GPU.Fallback, d.GPU.Architecture = unknown, "swiftshader" }), lacking},
		row{"llvmpipe by its name", on(func(d *capability.Device) { d.GPU.Fallback, d.GPU.Architecture = no, "llvmpipe" }), lacking},
		row{"engines unknown", engines(), free},
		row{"another engine", engines(registry.Transformers), incompatible},
		row{"the engine among others", engines(registry.Wllama, registry.WebLLM), free},
		row{"another GPU feature", features("subgroups"), incompatible},
		row{"the GPU feature among others", features("subgroups", "shader-f16"), free},
		row{"buffers just too small", buffers(256<<20-1, 0), incompatible},
		row{"buffers just large enough", buffers(256<<20, 256<<20), free},
		row{"bindings just too small", buffers(256<<20, 256<<20-1), incompatible},
		row{"bindings unknown", buffers(256<<20+1, 0), free},
		row{"a phone", tier(capability.GPUHigh, yes, unknown), incompatible},
		row{"a tablet", tier(capability.GPUHigh, no, yes), incompatible},
		row{"no GPU by its tier", tier(capability.GPUNone, unknown, unknown), incompatible},
		row{"a weak GPU", tier(capability.GPULow, unknown, unknown), incompatible},
		row{"a GPU of unknown strength", tier(capability.GPUUnknown, unknown, unknown), free},
		row{"a strong GPU", tier(capability.GPUHigh, no, no), free},
		row{"just too little memory", ram(4_095, 0), incompatible},
		row{"just enough memory", ram(4_096, 0), free},
		row{"just too little memory in all", ram(0, 4_095), incompatible},
		row{"just enough memory in all", ram(0, 4_096), free},
		row{"memory unknown", ram(0, 0), free},
		row{"storage to the last byte", quota(600, ""), large},
		row{"storage and a MiB", quota(601, ""), free},
		row{"storage unknown", quota(0, ""), free},
		row{"storage beyond all measure", quota(capability.MaxCount, ""), free},
		row{"no storage left, absent", quota(1, registry.Absent), large},
		row{"no storage left, cached", quota(1, registry.Cached), free},
		row{"no storage left, loaded", quota(1, registry.Loaded), free},
		row{"a window that is just full", tokens(3_840, 0), free},
		row{"a window that is just too full", tokens(3_841, 0), over4096},
		row{"a long completion that just fits", tokens(3_596, 500), free},
		row{"a long completion that just does not", tokens(3_597, 500), over4096},
		row{"a window full of CJK", asks(policy.Request{PromptLength: 2_000, PromptTokens: 0, MaxTokens: 500,
			Features: &policy.TextFeatures{CodePoints: 2_000, CJK: 2_000}}), free},
		row{"numbers beyond any window", asks(policy.Request{PromptLength: capability.MaxCount, MaxTokens: capability.MaxCount}), over4096},
		row{"JSON schema, which it can", needs(registry.Features{JSONSchema: true}), free},
		row{"tools", needs(registry.Features{Tools: true}), unsupported},
		row{"images", needs(registry.Features{Images: true}), unsupported},
		row{"log probabilities", needs(registry.Features{Logprobs: true}), unsupported},
		row{"one completion", needs(registry.Features{N: 1}), free},
		row{"two completions, which it can", needs(registry.Features{N: 2}), free},
		row{"three completions", needs(registry.Features{N: 3}), unsupported},
		row{"no engine can honour it", capable([]string{}...), unsupported},
		row{"another engine can honour it", capable(registry.Wllama), unsupported},
		row{"the engine can honour it", capable(registry.Wllama, registry.WebLLM), free},
		row{"saves data", here(registry.ModelState{}, registry.Network{SaveData: true}), metered},
		row{"metered", here(registry.ModelState{}, registry.Network{Metered: true}), metered},
		row{"metered, cached", here(registry.ModelState{Status: registry.Cached}, registry.Network{Metered: true, SaveData: true}), free},
		row{"metered, loaded", here(registry.ModelState{Status: registry.Loaded}, registry.Network{Metered: true}), free},
		row{"failed twice", here(registry.ModelState{Failures: 2}, registry.Network{}), free},
		row{"failed three times", here(registry.ModelState{Failures: 3}, registry.Network{}), unhealthy},
		row{"failed three times, loaded", here(registry.ModelState{Status: registry.Loaded, Failures: 3}, registry.Network{}), unhealthy},
		row{"failed more often than can be counted", here(registry.ModelState{Failures: capability.MaxCount}, registry.Network{}), unhealthy},
	)
	cases = append(cases, by("filters, alone", alone(),
		row{"offline", here(registry.ModelState{}, registry.Network{Offline: true}), must(server, policy.Offline)},
		row{"offline and metered", here(registry.ModelState{}, registry.Network{Offline: true, Metered: true}), metered},
		row{"offline, cached", here(registry.ModelState{Status: registry.Cached}, registry.Network{Offline: true}), free},
		row{"offline, loaded", here(registry.ModelState{Status: registry.Loaded}, registry.Network{Offline: true}), free},
		row{"an empty list of engines", on(func(d *capability.Device) { d.Engines = []string{} }), incompatible},
		row{"an empty list of GPU features", on(func(d *capability.Device) { d.GPU.Features = []string{} }), incompatible},
	)...)
	cases = over(demanding(), append(cases, limitCases()...)...)

	off := demanding()
	off[0].Disabled = true
	return slices.Concat(cases, disorderCases(),
		over(off, by("filters, model disabled", alone(), row{"a capable desktop", policy.Input{}, must(server, policy.BrowserInferenceDisabled)})...),
		over([]registry.Model{}, by("filters, no models", alone(), row{"a capable desktop", policy.Input{}, must(server, policy.NoCompatibleModel)})...),
	)
}

// twice makes two cases of each row: decided by nobody, and by the defaults.
func twice(rows ...row) []testCase {
	return append(by("filters, alone", alone(), rows...), by("filters, by default", policy.Options{}, rows...)...)
}

// here is an input with what the page says of demanding and of its connection.
func here(m registry.ModelState, n registry.Network) policy.Input {
	return while(policy.State{Models: map[string]registry.ModelState{"demanding": m}, Network: n})
}

// limitCases are about the operator's limits.
func limitCases() []testCase {
	free := goes(browser, policy.OptimalForBrowser)
	under := func(name string, l registry.Limits, rows ...row) []testCase {
		return by("limits, "+name, policy.Options{Policies: []policy.Policy{}, Limits: l}, rows...)
	}
	measured := func(milli capability.Count) policy.Input {
		return here(registry.ModelState{Status: registry.Loaded, TokensPerSecondMilli: milli}, registry.Network{})
	}
	failed := func(times capability.Count) policy.Input {
		return here(registry.ModelState{Failures: times}, registry.Network{})
	}
	return slices.Concat(
		under("engine disabled", registry.Limits{DisabledEngines: []string{registry.WebLLM}},
			row{"a capable desktop", policy.Input{}, must(server, policy.BrowserInferenceDisabled)}),
		under("another engine disabled", registry.Limits{DisabledEngines: []string{registry.Wllama}},
			row{"a capable desktop", policy.Input{}, free}),
		under("software GPUs allowed", registry.Limits{AllowSoftwareGPU: true},
			row{"a software adapter", on(func(d *capability.Device) { d.GPU.Fallback = capability.Yes }), free},
			row{"no WebGPU", on(func(d *capability.Device) { d.WebGPU = capability.No }), must(server, policy.InsufficientDevice)}),
		under("just large enough", registry.Limits{MaxModelBytes: 600 << 20},
			row{"absent", here(registry.ModelState{Status: registry.Absent}, registry.Network{}), free}),
		under("just too small", registry.Limits{MaxModelBytes: 600<<20 - 1},
			row{"absent", here(registry.ModelState{Status: registry.Absent}, registry.Network{}), must(server, policy.ModelTooLarge)},
			row{"loaded", here(registry.ModelState{Status: registry.Loaded}, registry.Network{}), must(server, policy.ModelTooLarge)}),
		under("one failure", registry.Limits{MaxFailures: 1},
			row{"none", failed(0), free},
			row{"one", failed(1), must(server, policy.BrowserUnhealthy)}),
		under("three tokens a second", registry.Limits{MinTokensPerSecondMilli: 3_000},
			row{"not measured", measured(0), free},
			row{"just too slow", measured(2_999), must(server, policy.TooSlow)},
			row{"just fast enough", measured(3_000), free},
			row{"predicted alone", here(registry.ModelState{PredictedTokensPerSecondMilli: 1}, registry.Network{}), free}),
	)
}

// disorderCases meet several filters at once. The reason is that of the filter
// that removed the last model.
func disorderCases() []testCase {
	small, wordy := demanding()[0], demanding()[0]
	small.ID, small.MinRAM = "small", capability.GB
	wordy.ID, wordy.ContextWindow = "wordy", 8192
	in := func(ram capability.Memory, tokens int64, needs registry.Features, state registry.ModelState) policy.Input {
		in := on(func(d *capability.Device) { d.AvailableRAM = ram })
		in.Request = &policy.Request{PromptTokens: tokens, Needs: needs}
		in.State = &policy.State{Models: map[string]registry.ModelState{"small": state, "wordy": state}}
		return in
	}
	tools := registry.Features{Tools: true}
	elsewhere := in(8_192, 40, registry.Features{}, registry.ModelState{Failures: 3})
	elsewhere.Request.Engines = []string{registry.Wllama}
	return over([]registry.Model{small, wordy}, by("filters in their order", alone(),
		row{"memory removes one, the window the other", in(2_048, 5_000, registry.Features{}, registry.ModelState{}), must(server, policy.ContextWindowExceeded)},
		row{"the window removes one, features the other", in(8_192, 5_000, tools, registry.ModelState{}), must(server, policy.FeatureUnsupported)},
		row{"memory removes both, before the window", in(512, 9_000, tools, registry.ModelState{}), must(server, policy.NoCompatibleModel)},
		row{"health comes after engines that cannot honour it", elsewhere, must(server, policy.FeatureUnsupported)},
		row{"health comes after features", in(8_192, 40, tools, registry.ModelState{Failures: 3}), must(server, policy.FeatureUnsupported)},
		row{"health, and nothing before", in(8_192, 40, registry.Features{}, registry.ModelState{Failures: 3}), must(server, policy.BrowserUnhealthy)},
		row{"one is left", in(8_192, 5_000, registry.Features{}, registry.ModelState{}), goes(browser, policy.OptimalForBrowser).with("wordy")},
	)...)
}
