package policy_test

import (
	"github.com/edgewise-ai/edgewise/capability"
	"github.com/edgewise-ai/edgewise/policy"
	"github.com/edgewise-ai/edgewise/registry"
)

// condition is a circumstance of a request. They combine.
type condition func(*policy.Input)

// given is a short prompt on a capable desktop, under conditions.
func given(conditions ...condition) policy.Input {
	in := complete(while(every(registry.ModelState{})))
	for _, c := range conditions {
		c(&in)
	}
	return in
}

// What the request says.
var (
	localOnly condition = func(in *policy.Input) { in.Request.Privacy = policy.PrivacyLocalOnly }
	neverNow  condition = func(in *policy.Input) { in.Request.Preference = policy.ModeNever }
	overlong  condition = func(in *policy.Input) { in.Request.PromptTokens = 9_000 } // for any window
	hard      condition = func(in *policy.Input) { in.Request.Complexity = policy.Complex }
	simple    condition = func(in *policy.Input) { in.Request.Complexity = policy.Simple }
	wordy     condition = func(in *policy.Input) { in.Request.PromptLength, in.Request.MaxTokens = 12_000, 501 }
	scoring   condition = func(in *policy.Input) { in.Request.Features = full() }
)

func task(name string) condition { return func(in *policy.Input) { in.Request.Task = name } }

func inLoop(at policy.Target) condition { return func(in *policy.Input) { in.Request.InToolLoop = at } }

func lastAt(at policy.Target) condition {
	return func(in *policy.Input) { in.Request.ConversationID, in.Request.LastTarget = "c-1", at }
}

// What the page knows.
var (
	never      condition = func(in *policy.Input) { in.State.Mode = policy.ModeNever }
	wanted     condition = func(in *policy.Input) { in.State.Mode = policy.ModeAlways }
	offline    condition = func(in *policy.Input) { in.State.Network.Offline = true }
	metered    condition = func(in *policy.Input) { in.State.Network.Metered = true }
	noGPU      condition = func(in *policy.Input) { in.Device.WebGPU, in.Device.WebGL2 = capability.No, capability.No }
	lowBattery condition = func(in *policy.Input) {
		in.State.Battery = policy.BatteryState{LevelPermille: 1, Charging: capability.No}
	}

	absent     = eachModel(func(m *registry.ModelState) { m.Status = registry.Absent })
	cached     = eachModel(func(m *registry.ModelState) { m.Status = registry.Cached })
	loaded     = eachModel(func(m *registry.ModelState) { m.Status = registry.Loaded })
	slowToLoad = eachModel(func(m *registry.ModelState) { m.Status, m.LoadMs = registry.Cached, 60_000 })
	slow       = eachModel(func(m *registry.ModelState) { m.TokensPerSecondMilli = 1 })
	failing    = eachModel(func(m *registry.ModelState) { m.Failures = 3 })
)

func eachModel(change func(*registry.ModelState)) condition {
	return func(in *policy.Input) {
		for id, m := range in.State.Models {
			change(&m)
			in.State.Models[id] = m
		}
	}
}

// What the server knows.
var (
	outsideRollout condition = func(in *policy.Input) { in.Subject.RolloutBucket = 5_000 }
	spent          condition = func(in *policy.Input) { in.Subject.Budget = &policy.Balance{} }
	spentHard      condition = func(in *policy.Input) { in.Subject.Budget = &policy.Balance{Hard: true} }
	serverDown     condition = func(in *policy.Input) { in.Subject.Server.Unavailable = true }
	dearTokens     condition = func(in *policy.Input) {
		in.Subject.Prices = &policy.Prices{CompletionMicroUSDPerMTok: policy.MaxPrice}
	}
	dearDownloads condition = func(in *policy.Input) {
		in.Subject.Prices = &policy.Prices{EgressMicroUSDPerGB: policy.MaxPrice}
	}
)

// ruled puts the subject into the tier that has the rule in [tiers].
func ruled(rule policy.TierRule) condition {
	return func(in *policy.Input) { in.Subject.Tier = string(rule) }
}
