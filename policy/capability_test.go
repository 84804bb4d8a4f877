package policy_test

import (
	"github.com/edgewise-ai/edgewise/capability"
	"github.com/edgewise-ai/edgewise/policy"
)

func capabilityCases() []testCase {
	gpus := func(webGPU, webGL2 capability.Presence) policy.Input {
		return on(func(d *capability.Device) { d.WebGPU, d.WebGL2 = webGPU, webGL2 })
	}
	ram := func(available, memory capability.Memory) policy.Input {
		return on(func(d *capability.Device) { d.AvailableRAM, d.Memory = available, memory })
	}
	free := goes(browser, policy.OptimalForBrowser)
	lacking := must(server, policy.InsufficientDevice)

	cases := both("capability", policy.Capability{},
		row{"nothing known", policy.Input{Device: &capability.Device{}}, free},
		row{"neither GPU", gpus(capability.No, capability.No), lacking},
		row{"WebGL2 alone", gpus(capability.No, capability.Yes), free},
		row{"WebGPU alone", gpus(capability.Yes, capability.No), free},
		row{"WebGL2 unknown", gpus(capability.No, capability.Unknown), free},
		row{"WebGPU unknown", gpus(capability.Unknown, capability.No), free},
		row{"just under 2 GB", ram(2_047, 0), lacking},
		row{"2 GB", ram(2_048, 0), free},
		row{"just over 2 GB", ram(2_049, 0), free},
		row{"a MiB", ram(1, 0), lacking},
		row{"just under 2 GB in all", ram(0, 2_047), lacking},
		row{"2 GB in all", ram(0, 2_048), free},
		row{"an estimate counts before all there is", ram(2_048, 512), free},
		row{"a low estimate counts before all there is", ram(2_047, 16*capability.GB), lacking},
		row{"memory unknown", ram(0, 0), free},
	)
	cases = append(cases, both("capability that allows CPUs", policy.Capability{AllowCPU: true},
		row{"neither GPU", gpus(capability.No, capability.No), free.with("desktop-3.8b-gguf")},
		row{"just under 2 GB", ram(2_047, 0), lacking},
	)...)
	cases = append(cases, both("capability from 4 GB", policy.Capability{MinRAM: 4 * capability.GB},
		row{"just under", ram(4_095, 0), lacking},
		row{"just enough", ram(4_096, 0), free},
	)...)
	return append(cases, both("capability from a MiB", policy.Capability{MinRAM: 1},
		row{"a gigabyte", ram(capability.GB, 0), free.with("phone-350m")},
	)...)
}
