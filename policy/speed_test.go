package policy_test

import (
	"slices"

	"github.com/edgewise-ai/edgewise/capability"
	"github.com/edgewise-ai/edgewise/policy"
	"github.com/edgewise-ai/edgewise/registry"
)

// The default completion of 256 tokens at 8.534 tokens a second takes 29,997 ms,
// and at 8.533, 30,001 ms.
func speedCases() []testCase {
	state := func(m registry.ModelState) policy.Input { return while(every(m)) }
	fast, slow := capability.Count(8_534), capability.Count(8_533)
	free := goes(browser, policy.OptimalForBrowser)
	late := goes(server, policy.TooSlow)

	cases := both("speed", policy.Speed{},
		row{"unknown", policy.Input{}, free},
		row{"measured, in time", state(registry.ModelState{TokensPerSecondMilli: fast}), free},
		row{"measured, just in time", state(registry.ModelState{TokensPerSecondMilli: fast, TTFTMs: 3}), free},
		row{"measured, a millisecond late", state(registry.ModelState{TokensPerSecondMilli: fast, TTFTMs: 4}), late},
		row{"measured, too slow", state(registry.ModelState{TokensPerSecondMilli: slow}), late},
		row{"predicted, just in time", state(registry.ModelState{PredictedTokensPerSecondMilli: fast, TTFTMs: 3}), free},
		row{"predicted, too slow", state(registry.ModelState{PredictedTokensPerSecondMilli: slow}), late},
		row{
			"measured counts before predicted, for the better",
			state(registry.ModelState{TokensPerSecondMilli: fast, PredictedTokensPerSecondMilli: 1}), free,
		},
		row{
			"measured counts before predicted, for the worse",
			state(registry.ModelState{TokensPerSecondMilli: slow, PredictedTokensPerSecondMilli: capability.MaxCount}), late,
		},
		row{"no speed, but a late first token", state(registry.ModelState{TTFTMs: capability.MaxCount}), free},
		row{"the load of a cached one counts", state(registry.ModelState{Status: registry.Cached, TokensPerSecondMilli: fast, LoadMs: 4}), late},
		row{"the load just fits", state(registry.ModelState{Status: registry.Cached, TokensPerSecondMilli: fast, LoadMs: 3}), free},
		row{"loaded before", state(registry.ModelState{Status: registry.Loaded, TokensPerSecondMilli: fast, LoadMs: 4}), free},
		row{"a download does not count", state(registry.ModelState{TokensPerSecondMilli: fast, LoadMs: 4}), free},
		row{"a thousandth of a token a second", state(registry.ModelState{TokensPerSecondMilli: 1}), late},
		row{"as fast as numbers go", state(registry.ModelState{TokensPerSecondMilli: capability.MaxCount}), free},
		row{
			"as late as numbers go",
			state(registry.ModelState{Status: registry.Cached, TokensPerSecondMilli: 1, TTFTMs: capability.MaxCount, LoadMs: 5_000}), late,
		},
		row{
			"a short completion",
			policy.Input{
				Request: &policy.Request{PromptLength: 40, MaxTokens: 255},
				State:   ptr(every(registry.ModelState{TokensPerSecondMilli: slow})),
			},
			free,
		},
	)
	cases = append(cases, both("speed within a millisecond", policy.Speed{DeadlineMs: 1},
		row{"none", state(registry.ModelState{TokensPerSecondMilli: 256_000_001}), free},
		row{"one", state(registry.ModelState{TokensPerSecondMilli: 256_000_000}), free},
		row{"two", state(registry.ModelState{TokensPerSecondMilli: 128_000_000}), late},
	)...)
	// The longest completion that any context window has room for.
	long := func(m registry.ModelState) policy.Input {
		return policy.Input{
			Request: &policy.Request{MaxTokens: 1 << 30},
			State:   &policy.State{Models: map[string]registry.ModelState{"giant": m}},
		}
	}
	return slices.Concat(cases,
		over(giant(), by("speed, alone", alone(policy.Speed{}),
			row{"a billion tokens, just in time", long(registry.ModelState{Status: registry.Loaded, TokensPerSecondMilli: 35_790_201_127}), free},
			row{"a billion tokens, too late", long(registry.ModelState{Status: registry.Loaded, TokensPerSecondMilli: 35_790_201_126}), late},
		)...),
		over(giant(), by("speed, alone, within 2^53 ms", alone(policy.Speed{DeadlineMs: capability.MaxCount}),
			row{"never too late", long(registry.ModelState{
				Status: registry.Cached, TokensPerSecondMilli: 1, LoadMs: capability.MaxCount, TTFTMs: capability.MaxCount,
			}), free},
		)...),
	)
}

// giant is a model beyond any real one, for quantities near their bounds.
func giant() []registry.Model {
	return []registry.Model{{
		ID: "giant", Framework: registry.Transformers, Parameters: "7B", SizeBytes: capability.MaxCount, ContextWindow: 1 << 30,
	}}
}

func ptr[T any](v T) *T { return &v }
