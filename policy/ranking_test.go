package policy_test

import (
	"slices"

	"github.com/edgewise-ai/edgewise/capability"
	"github.com/edgewise-ai/edgewise/policy"
	"github.com/edgewise-ai/edgewise/registry"
)

// rankingCases choose among models that all pass.
func rankingCases() []testCase {
	states := func(states map[string]registry.Status, task string) policy.Input {
		s := &policy.State{Models: make(map[string]registry.ModelState)}
		for id, status := range states {
			s.Models[id] = registry.ModelState{Status: status}
		}
		return policy.Input{State: s, Request: &policy.Request{PromptLength: 40, Task: task}}
	}
	free := goes(browser, policy.OptimalForBrowser)
	type at = map[string]registry.Status

	cases := by("ranking", alone(),
		row{"more parameters, and of two equal ones the ID", states(nil, ""), free.with("desktop-3.8b")},
		row{"loaded before better", states(at{"phone-350m": registry.Loaded, "desktop-3.8b": registry.Absent}, ""), free.with("phone-350m")},
		row{"loaded before cached", states(at{"phone-350m": registry.Loaded, "desktop-3.8b": registry.Cached}, ""), free.with("phone-350m")},
		row{"cached before absent", states(at{"phone-350m": registry.Cached, "desktop-3.8b": registry.Absent}, ""), free.with("phone-350m")},
		row{"absent and unknown are alike", states(at{"desktop-3.8b": registry.Absent, "desktop-2b": ""}, ""), free.with("desktop-3.8b")},
		row{"of two loaded ones the better", states(at{"phone-350m": registry.Loaded, "phone-1b": registry.Loaded}, ""), free.with("phone-1b")},
		row{"the task before parameters", states(nil, "classification"), free.with("phone-350m")},
		row{"loaded before the task", states(at{"phone-1b": registry.Loaded}, "classification"), free.with("phone-1b")},
		row{"of two loaded ones the task's", states(at{"phone-1b": registry.Loaded, "phone-350m": registry.Loaded}, "classification"), free.with("phone-350m")},
		row{"a task that none names", states(nil, "poetry"), free.with("desktop-3.8b")},
		row{"a model that is not listed", states(at{"another": registry.Loaded}, ""), free.with("desktop-3.8b")},
	)
	model := func(id, parameters string, bytes int64) registry.Model {
		return registry.Model{ID: id, Framework: registry.Transformers, Parameters: parameters, SizeBytes: bytes, ContextWindow: 2048}
	}
	among := func(name, best string, models ...registry.Model) []testCase {
		return over(models, by("ranking", alone(), row{name, policy.Input{}, free.with(best)})...)
	}
	return slices.Concat(cases,
		among("units count", "1.1B", model("350M", "350M", 9), model("1.1B", "1.1B", 9)),
		among("equal in another unit, so the smaller", "b", model("a", "1.1B", 10), model("b", "1100M", 9)),
		among("unknown parameters come last", "known", model("unknown", "", 9), model("known", "1K", 9)),
		among("IDs in the order of their UTF-8", "\uff5e", model("\U0001f600", "1B", 9), model("\uff5e", "1B", 9)),
	)
}

// deviceCases are devices as they come, with the default policies.
func deviceCases() []testCase {
	free := goes(browser, policy.OptimalForBrowser)
	return by("devices", policy.Options{},
		row{"a capable desktop", policy.Input{}, free.with("desktop-3.8b")},
		row{"high-end", on(func(d *capability.Device) { d.GPUTier = capability.GPUHigh }), free.with("high-7b")},
		row{"high-end with little memory", on(func(d *capability.Device) {
			d.GPUTier, d.AvailableRAM = capability.GPUHigh, 8*capability.GB-1
		}), free.with("desktop-3.8b")},
		row{"a phone", on(func(d *capability.Device) { d.IsMobile, d.AvailableRAM = capability.Yes, 2_048 }), free.with("phone-1b")},
		row{"a phone without shader-f16", on(func(d *capability.Device) {
			d.IsMobile, d.GPU.Features = capability.Yes, []string{}
		}), free.with("phone-350m")},
		row{"a tablet with a strong GPU", on(func(d *capability.Device) { d.IsTablet, d.GPUTier = capability.Yes, capability.GPUHigh }), free.with("phone-1b")},
		row{"WebGL2 alone", on(func(d *capability.Device) { d.WebGPU = capability.No }), free.with("desktop-3.8b-gguf")},
		row{"a software adapter", on(func(d *capability.Device) { d.GPU.Fallback = capability.Yes }), free.with("desktop-3.8b-gguf")},
		row{"no engine of ours", on(func(d *capability.Device) { d.Engines = []string{"other"} }), must(server, policy.NoCompatibleModel)},
		row{"WebLLM without WebGPU", on(func(d *capability.Device) {
			d.WebGPU, d.Engines = capability.No, []string{registry.WebLLM}
		}), must(server, policy.NoCompatibleModel)},
		row{"nothing known", policy.Input{Device: &capability.Device{}}, free.with("desktop-3.8b")},
	)
}
