package policy_test

import (
	"math/rand/v2"

	"github.com/edgewise-ai/edgewise/capability"
	"github.com/edgewise-ai/edgewise/policy"
	"github.com/edgewise-ai/edgewise/registry"
)

// randomInput makes an input whose every field is now known, now unknown, with
// values around the edges of the thresholds.
func randomInput(r *rand.Rand) policy.Input {
	device := &capability.Device{
		WebGPU:       pick(r, capability.Unknown, capability.No, capability.Yes, capability.Yes),
		WebGL2:       pick(r, capability.Unknown, capability.No, capability.Yes, capability.Yes),
		GPUTier:      capability.GPUTier(r.IntN(5)),
		AvailableRAM: pick(r, 0, 2047, 2048, 3*capability.GB, 4*capability.GB, 8*capability.GB, 16*capability.GB),
		Memory:       pick[capability.Memory](r, 0, 0, 512, 4*capability.GB, 16*capability.GB),
		IsMobile:     pick(r, capability.Unknown, capability.No, capability.No, capability.Yes),
		Engines:      pick(r, nil, nil, []string{registry.WebLLM}, []string{registry.Transformers, registry.Wllama}),
	}
	device.GPU.Fallback = pick(r, capability.Unknown, capability.No, capability.No, capability.Yes)
	device.GPU.Features = pick(r, nil, []string{"subgroups"}, []string{"shader-f16"})
	device.GPU.Limits.MaxBufferSize = pick[capability.Count](r, 0, 262143999, 262144000, 1<<30)
	device.StorageQuotaMB = pick[capability.Count](r, 0, 572, 573, 10_000)

	request := &policy.Request{
		PromptLength:   pick[int64](r, 0, 40, 1_999, 2_000, 2_001, 7_168, 7_169, 40_000),
		PromptTokens:   pick[int64](r, 0, 0, 10, 1_792, 1_793),
		MaxTokens:      pick[int64](r, 0, 100, 500, 501),
		Complexity:     pick(r, "", policy.Auto, policy.Simple, policy.Medium, policy.Complex),
		Task:           pick(r, "", "", "code", "classification", "poetry"),
		Privacy:        pick(r, "", "", "", policy.PrivacyLocalOnly),
		Preference:     pick(r, "", "", policy.ModeAuto, policy.ModeAlways, policy.ModeNever),
		ConversationID: pick(r, "", "c-1"),
	}
	if r.IntN(4) == 0 {
		request.Needs = registry.Features{Tools: r.IntN(2) == 0, JSONSchema: r.IntN(2) == 0, N: r.IntN(3)}
	}
	if r.IntN(4) == 0 {
		request.Features = &policy.TextFeatures{
			CodePoints: pick(r, 0, 10, request.PromptLength, 16_384),
			CJK:        pick[int64](r, 0, 5, 8_000),
		}
	}

	state := &policy.State{
		Mode:    pick(r, "", "", policy.ModeAuto, policy.ModeAlways, policy.ModeNever),
		Network: registry.Network{Offline: r.IntN(6) == 0, SaveData: r.IntN(6) == 0, Metered: r.IntN(6) == 0},
	}
	if r.IntN(3) > 0 {
		state.Models = make(map[string]registry.ModelState)
		for _, m := range models() {
			if r.IntN(2) == 0 {
				continue
			}
			state.Models[m.ID] = registry.ModelState{
				Status:               pick(r, "", registry.Absent, registry.Absent, registry.Cached, registry.Loaded),
				LoadMs:               pick[capability.Count](r, 0, 4_999, 5_000, 5_001),
				TokensPerSecondMilli: pick[capability.Count](r, 0, 2_999, 3_000, 20_000),
				Failures:             pick[capability.Count](r, 0, 0, 0, 2, 3),
			}
		}
	}
	return policy.Input{
		Device: device, Request: request, State: state,
		Subject: &policy.Subject{RolloutBucket: pick(r, 0, 4_999, 5_000, 9_999)},
	}
}

func pick[T any](r *rand.Rand, values ...T) T { return values[r.IntN(len(values))] }
