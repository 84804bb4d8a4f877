package policy_test

import (
	"github.com/edgewise-ai/edgewise/capability"
	"github.com/edgewise-ai/edgewise/policy"
)

func complexityCases() []testCase {
	length := func(n int64) policy.Input { return asks(policy.Request{PromptLength: n}) }
	output := func(n int64) policy.Input { return asks(policy.Request{PromptLength: 40, MaxTokens: n}) }
	declares := func(level policy.Level, task string, length int64) policy.Input {
		return asks(policy.Request{PromptLength: length, Complexity: level, Task: task})
	}
	free := goes(browser, policy.OptimalForBrowser)
	hard := goes(server, policy.RequestTooComplex)

	cases := both("complexity", policy.Complexity{},
		row{"empty", length(0), free},
		row{"just under the longest prompt", length(1_999), free},
		row{"the longest prompt", length(2_000), free},
		row{"just over the longest prompt", length(2_001), hard},
		row{"just under the longest completion", output(499), free},
		row{"the longest completion", output(500), free},
		row{"just over the longest completion", output(501), hard},
		row{"a completion of no said length", output(0), free},
		row{"a long prompt in tokens", asks(policy.Request{PromptLength: 40, PromptTokens: 2_001}), free},
		row{"declared complex", declares(policy.Complex, "", 1), hard},
		row{"declared medium, and long", declares(policy.Medium, "", 5_000), free},
		row{"declared simple, and long", declares(policy.Simple, "", 5_000), free},
		row{"auto, and long", declares(policy.Auto, "", 5_000), hard},
		row{"auto, and short", declares(policy.Auto, "", 40), free},
		row{
			"declared simple, against the score",
			asks(policy.Request{Complexity: policy.Simple, Features: &policy.TextFeatures{CodePoints: 1, ReasoningVerbs: 9, CodeFences: 9, Operators: 1}}),
			free,
		},
	)
	cases = append(cases, both("complexity with priors", policy.Complexity{
		Tasks: map[string]policy.Level{"code": policy.Complex, "poetry": policy.Simple, "summary": policy.Medium, "chat": policy.Auto},
	},
		row{"a complex task", declares("", "code", 40), hard},
		row{"a simple task, and long", declares("", "poetry", 5_000), free},
		row{"a medium task, and long", declares("", "summary", 5_000), free},
		row{"a task to be measured, and long", declares("", "chat", 5_000), hard},
		row{"a task to be measured, and short", declares("", "chat", 40), free},
		row{"a task without a prior, and long", declares("", "letters", 5_000), hard},
		row{"a task that objects know, and long", declares("", "constructor", 5_000), hard},
		row{"no task, and long", declares("", "", 5_000), hard},
		row{"declared simple, against the task", declares(policy.Simple, "code", 5_000), free},
		row{"declared complex, against the task", declares(policy.Complex, "poetry", 40), hard},
		row{"auto leaves the task's", declares(policy.Auto, "code", 40), hard},
		row{
			"a simple task, against the score",
			asks(policy.Request{Task: "poetry", Features: &policy.TextFeatures{CodePoints: 1, ReasoningVerbs: 9, CodeFences: 9, Operators: 1}}),
			free,
		},
	)...)
	cases = append(cases, both("complexity of little", policy.Complexity{MaxPromptLength: 1, MaxOutputTokens: 1},
		row{"one and one", asks(policy.Request{PromptLength: 1, MaxTokens: 1}), free},
		row{"two and one", asks(policy.Request{PromptLength: 2, MaxTokens: 1}), hard},
		row{"one and two", asks(policy.Request{PromptLength: 1, MaxTokens: 2}), hard},
		row{"no said length", asks(policy.Request{PromptLength: 1}), hard},
	)...)
	return append(cases, both("complexity without bounds", policy.Complexity{
		MaxPromptLength: capability.MaxCount, MaxOutputTokens: capability.MaxCount, MaxScore: policy.MaxScore,
	},
		row{"as long as a window", asks(policy.Request{PromptTokens: 3_840, PromptLength: capability.MaxCount}), free},
		row{"as complex as can be", asks(policy.Request{Features: full()}), free},
	)...)
}
