package policytest

import (
	"math/rand/v2"

	"github.com/edgewise-ai/edgewise/capability"
	"github.com/edgewise-ai/edgewise/policy"
	"github.com/edgewise-ai/edgewise/registry"
)

// RandomInput makes an input whose every field is now known, now unknown. Its
// values lie at the edges, a step before and a step after them: the default
// thresholds of the built-in policies, what the given models need, and the
// largest number there is. It is valid as it came off the wire, and no pointer
// for the caller to set is nil.
//
// The candidate is one of the models or none, for tests that call a policy
// directly; a [policy.Decider] chooses its own. The models are shared with the
// input, everything else is new, so the same random numbers make an equal input
// that can be kept to compare with.
func RandomInput(r *rand.Rand, models []registry.Model) policy.Input {
	g := generator{Rand: r}
	if len(models) > 0 {
		g.model = &models[r.IntN(len(models))]
	}
	in := policy.Input{
		Identity: policy.Identity{Subject: pick(g, "", "user-1", "user-2")},
		Device:   g.device(models),
		Request:  g.request(models),
		State:    g.state(models),
		Subject:  g.subject(),
	}
	in.Identity.Tier = in.Subject.Tier
	if g.model != nil && !g.oneIn(4) {
		in.Candidate, in.CandidateState = g.model, in.State.Models[g.model.ID]
	} else {
		in.NoCandidate = policy.NoCompatibleModel
	}
	return in
}

// generator makes the parts of an input.
type generator struct {
	*rand.Rand
	model *registry.Model // the one whose needs are met just so; nil without models
}

func pick[T any](g generator, values ...T) T { return values[g.IntN(len(values))] }

func (g generator) oneIn(n int) bool { return g.IntN(n) == 0 }

// around is a number at an edge or a step to either side, of what there can be.
func around[N ~int64](g generator, edge N) N {
	return min(max(0, edge+N(g.IntN(3))-1), capability.MaxCount)
}

// count is one of the values, or once in a while the largest there is.
func count[N ~int64](g generator, usual ...N) N {
	if g.oneIn(24) {
		return capability.MaxCount
	}
	return pick(g, usual...)
}

// presence is yes more often than not: too many devices that can do nothing leave
// policies nothing to say.
func (g generator) presence() capability.Presence {
	return pick(g, capability.Unknown, capability.No, capability.Yes, capability.Yes, capability.Yes)
}

func (g generator) device(models []registry.Model) *capability.Device {
	d := &capability.Device{
		WebGPU:         g.presence(),
		WebGL2:         g.presence(),
		GPUTier:        pick(g, capability.GPUUnknown, capability.GPUNone, capability.GPULow, capability.GPUMedium, capability.GPUMedium, capability.GPUHigh, capability.GPUHigh),
		AvailableRAM:   pick(g, 0, 0, 4*capability.GB, 4*capability.GB, 8*capability.GB, 16*capability.GB, capability.MaxMemory),
		Memory:         pick[capability.Memory](g, 0, 0, 0, 0, 512, 4*capability.GB),
		StorageQuotaMB: count[capability.Count](g, 0, 0, 0, 100, 10_000, 50_000),
		Engines:        g.engines(models),
	}
	if g.oneIn(8) {
		d.GPU.Fallback = pick(g, capability.No, capability.Yes)
		d.GPU.Architecture = pick(g, "", "ampere", "swiftshader")
	}
	if g.oneIn(4) {
		d.GPU.Features = pick(g, []string{}, []string{"subgroups"}, []string{"shader-f16"}, []string{"shader-f16", "subgroups"})
	}
	switch pick(g, "", "", "", "", "desktop", "desktop", "desktop", "desktop", "mobile", "tablet") {
	case "desktop":
		d.IsDesktop = capability.Yes
	case "mobile":
		d.IsMobile = capability.Yes
	case "tablet":
		d.IsTablet, d.IsMobile = capability.Yes, capability.No
	}
	if m := g.model; m != nil {
		if g.oneIn(6) {
			d.AvailableRAM = min(around(g, pick(g, max(m.MinRAM, 1), policy.DefaultMinRAM)), capability.MaxMemory)
		}
		if g.oneIn(6) {
			const mib = 1 << 20
			d.StorageQuotaMB = capability.Count(around(g, m.SizeBytes/mib+1))
		}
		if g.oneIn(2) {
			d.GPU.Limits.MaxBufferSize = capability.Count(around(g, m.Requires.MinBufferBytes))
		}
		if g.oneIn(4) {
			d.GPU.Limits.MaxStorageBufferBindingSize = capability.Count(around(g, m.Requires.MinBufferBytes))
		}
	}
	if g.oneIn(4) { // of use to an app's own policies alone
		d.WebNN, d.CrossOriginIsolated = g.presence(), g.presence()
		d.BrowserName, d.BrowserVersion = pick(g, "", "chrome", "safari"), pick(g, "", "156")
		d.ConnectionType = pick(g, "", "wifi", "cellular")
		d.Cores = count[capability.Count](g, 0, 1, 8)
		d.GPU.Vendor = pick(g, "", "apple", "nvidia")
	}
	return d
}

// engines are none that the page told of, or some that the models run on.
func (g generator) engines(models []registry.Model) []string {
	if !g.oneIn(6) {
		return nil
	}
	engines := []string{}
	for range min(g.IntN(6), len(models)) {
		engines = append(engines, models[g.IntN(len(models))].Framework)
	}
	return engines
}

func (g generator) state(models []registry.Model) *policy.State {
	s := &policy.State{
		Mode:    pick(g, "", "", "", "", policy.ModeAuto, policy.ModeAuto, policy.ModeAlways, policy.ModeNever),
		Network: registry.Network{Offline: g.oneIn(8), SaveData: g.oneIn(12), Metered: g.oneIn(12)},
	}
	if g.oneIn(2) {
		s.Battery = policy.BatteryState{
			LevelPermille: pick(g, 0, around[capability.Count](g, policy.DefaultMinLevelPermille), 1_000),
			Charging:      g.presence(),
		}
	}
	if g.oneIn(4) {
		return s
	}
	s.Models = make(map[string]registry.ModelState)
	for i := range models {
		if id := models[i].ID; g.oneIn(2) || g.model.ID == id {
			s.Models[id] = g.modelState()
		}
	}
	return s
}

func (g generator) modelState() registry.ModelState {
	// 8,533 and 8,534 are the edge of the default deadline: 256 tokens at so many
	// thousandths of a token a second.
	speed := func() capability.Count {
		return count(g, 0, 0, 1, around[capability.Count](g, 3_000), around[capability.Count](g, registry.DefaultFastTokensPerSecondMilli), 8_533, 8_534, 20_000)
	}
	return registry.ModelState{
		Status:                        pick(g, "", registry.Absent, registry.Absent, registry.Cached, registry.Cached, registry.Loaded),
		LoadMs:                        count(g, 0, 0, around[capability.Count](g, policy.DefaultMaxLoadMs)),
		TokensPerSecondMilli:          speed(),
		PredictedTokensPerSecondMilli: speed(),
		TTFTMs:                        count[capability.Count](g, 0, 0, 2, 3, 4, 500),
		Failures:                      count[capability.Count](g, 0, 0, 0, 0, 1, 2, 3),
	}
}

func (g generator) subject() *policy.Subject {
	s := &policy.Subject{
		Tier:          pick(g, "", "", "free", "pro", "enterprise"),
		RolloutBucket: pick(g, 0, 4_999, 5_000, policy.FullRollout-1),
		Server: policy.ServerFacts{
			Unavailable:  g.oneIn(6),
			Continuation: pick(g, "", "native", "none"),
		},
	}
	if g.oneIn(3) {
		s.Budget = &policy.Balance{
			RemainingMicroUSD: count[int64](g, -1, 0, 1, 1_000_000),
			Hard:              g.oneIn(3),
		}
	}
	if g.oneIn(2) {
		s.Prices = &policy.Prices{
			PromptMicroUSDPerMTok: pick[int64](g, 0, 0, 1, 150_000, policy.MaxPrice),
			// The second is the edge of the default saving: 256 tokens at so much.
			CompletionMicroUSDPerMTok: pick[int64](g, 0, around[int64](g, 39_063), 600_000, policy.MaxPrice),
			EgressMicroUSDPerGB:       pick[int64](g, 0, 0, 1, 20_000, 90_000, policy.MaxPrice),
		}
	}
	return s
}
