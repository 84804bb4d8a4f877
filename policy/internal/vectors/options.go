package vectors

import (
	"math/rand/v2"

	"github.com/edgewise-ai/edgewise/capability"
	"github.com/edgewise-ai/edgewise/policy"
)

// RandomOptions makes the options of a decider that can travel: built-in policies
// alone, each in or out, with options at the edges around which the values of
// [RandomInput] lie.
func RandomOptions(r *rand.Rand) policy.Options {
	opts := policy.Options{Limits: RandomLimits(r)}
	if r.IntN(8) == 0 {
		return opts // of the default policies
	}
	opts.Policies = []policy.Policy{policy.Privacy{}}
	for _, p := range randomPolicies(r) {
		if r.IntN(3) > 0 {
			opts.Policies = append(opts.Policies, p)
		}
	}
	r.Shuffle(len(opts.Policies), func(i, j int) {
		opts.Policies[i], opts.Policies[j] = opts.Policies[j], opts.Policies[i]
	})
	if r.IntN(3) == 0 {
		for _, p := range opts.Policies[:r.IntN(min(4, len(opts.Policies)))] {
			opts.First = append(opts.First, p.(policy.Namer).Name())
		}
	}
	return opts
}

// randomPolicies are all built-in policies but privacy.
func randomPolicies(r *rand.Rand) []policy.Policy {
	return []policy.Policy{
		policy.Enabled{Disabled: r.IntN(24) == 0, RolloutBasisPoints: pick(r, 0, 0, 0, 1, 5_000, policy.FullRollout)},
		policy.Capability{
			AllowCPU: r.IntN(2) == 0,
			MinRAM:   pick(r, 0, 0, 0, 1, policy.DefaultMinRAM-1, policy.DefaultMinRAM+1, capability.MaxMemory),
		},
		policy.Preference{},
		policy.Budget{ReserveMicroUSD: pick[int64](r, 0, 0, 1, 1_000_000, capability.MaxCount), Hard: r.IntN(3) == 0},
		randomTier(r),
		policy.Health{},
		policy.Sticky{Conversations: r.IntN(2) == 0},
		policy.Readiness{Wait: r.IntN(4) == 0, MaxLoadMs: near(r, policy.DefaultMaxLoadMs)},
		policy.Battery{MinLevelPermille: pick[int64](r, 0, 1, 199, 200, 201, 1_000)},
		policy.Speed{DeadlineMs: near(r, policy.DefaultDeadlineMs)},
		policy.Task{Tasks: subset(r, append([]string{"chat", "autocomplete"}, words...)...)},
		randomComplexity(r),
		policy.Cost{
			MinSavingMicroUSD: near(r, policy.DefaultMinSavingMicroUSD),
			ExpectedRequests:  near(r, policy.DefaultExpectedRequests),
		},
	}
}

// near is the default or a number at its edge; now and then the least or the most.
func near(r *rand.Rand, byDefault int64) int64 {
	return pick(r, 0, 0, byDefault-1, byDefault, byDefault+1, 1, capability.MaxCount)
}

func randomTier(r *rand.Rand) policy.Tier {
	rules := []policy.TierRule{"", policy.BrowserOnly, policy.ServerOnly, policy.PreferBrowser, policy.PreferServer}
	t := policy.Tier{Otherwise: pick(r, rules...)}
	if r.IntN(4) > 0 {
		t.Rules = make(map[string]policy.TierRule)
		for _, tier := range subset(r, append([]string{""}, words...)...) {
			t.Rules[tier] = pick(r, rules...)
		}
	}
	return t
}

func randomComplexity(r *rand.Rand) policy.Complexity {
	c := policy.Complexity{
		MaxPromptLength: near(r, policy.DefaultMaxPromptLength),
		MaxOutputTokens: near(r, policy.DefaultMaxOutputTokens),
		MaxScore:        pick[int64](r, 0, 1, 100, 250, 499, 500, 501, policy.MaxScore),
	}
	if r.IntN(2) == 0 {
		c.Tasks = make(map[string]policy.Level)
		for _, task := range subset(r, append([]string{"chat"}, words...)...) {
			c.Tasks[task] = pick(r, policy.Auto, policy.Simple, policy.Medium, policy.Complex)
		}
	}
	if r.IntN(2) == 0 {
		c.Weights = policy.Weights{
			Tokens: randomWeight(r), Messages: randomWeight(r), CodeFences: randomWeight(r), Digits: randomWeight(r),
			Operators: randomWeight(r), QuestionWords: randomWeight(r), ReasoningVerbs: randomWeight(r),
		}
	}
	return c
}

func randomWeight(r *rand.Rand) policy.Weight {
	if r.IntN(3) == 0 {
		return policy.Weight{}
	}
	return policy.Weight{
		Points: pick[int64](r, 0, 1, 7, 250, 333, policy.MaxScore),
		Full:   pick[int64](r, 1, 2, 3, 7, 100, 1_000, 1<<40),
	}
}
