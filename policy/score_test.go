package policy_test

import (
	"testing"

	"github.com/edgewise-ai/edgewise/capability"
	"github.com/edgewise-ai/edgewise/policy"
)

// full are features that fill each of the default weights.
func full() *policy.TextFeatures {
	return &policy.TextFeatures{
		CodePoints: 1_000, Messages: 20, CodeFences: 2, Digits: 100, Operators: 50, QuestionWords: 3, ReasoningVerbs: 3,
	}
}

// scoreCases are those in which the score of a text decides.
func scoreCases() []testCase {
	text := func(f policy.TextFeatures) policy.Input { return asks(policy.Request{Features: &f}) }
	free := goes(browser, policy.OptimalForBrowser)
	hard := goes(server, policy.RequestTooComplex)
	// 500: code 150, verbs 250, questions 50, messages 50.
	middle := policy.TextFeatures{CodePoints: 1_000, Messages: 20, CodeFences: 2, QuestionWords: 3, ReasoningVerbs: 3}
	with := func(change func(*policy.TextFeatures)) policy.Input {
		f := middle
		change(&f)
		return text(f)
	}

	cases := both("score", policy.Complexity{},
		row{"of nothing", text(policy.TextFeatures{}), free},
		row{"of 500", text(middle), free},
		row{"of 499: a message less, two digits in a thousand more", with(func(f *policy.TextFeatures) { f.Messages, f.Digits = 19, 2 }), free},
		row{"of 501: a digit in a thousand", with(func(f *policy.TextFeatures) { f.Digits = 1 }), hard},
		row{"of 502: an operator in a thousand", with(func(f *policy.TextFeatures) { f.Operators = 1 }), hard},
		row{"of 500: a digit in two thousand", with(func(f *policy.TextFeatures) { f.CodePoints, f.Digits = 2_000, 1 }), free},
		row{"of 500: more than full", with(func(f *policy.TextFeatures) {
			f.Messages, f.CodeFences, f.QuestionWords, f.ReasoningVerbs = capability.MaxCount, capability.MaxCount, capability.MaxCount, capability.MaxCount
		}), free},
		row{"of 500 and no token", asks(policy.Request{PromptLength: 0, Features: &middle}), free},
		row{"of 500 and a token, which is too little", asks(policy.Request{PromptLength: 4, Features: &middle}), free},
		row{"of 501: two tokens", asks(policy.Request{PromptLength: 8, Features: &middle}), hard},
		row{"of 501: two CJK characters", asks(policy.Request{PromptLength: 2, Features: &policy.TextFeatures{
			CodePoints: 2, CJK: 2, Messages: 20, CodeFences: 2, QuestionWords: 3, ReasoningVerbs: 3,
		}}), hard},
		row{"of 700, without a token", text(*full()), hard},
		row{"of a prompt of digits alone", text(policy.TextFeatures{CodePoints: 9, Digits: 9}), free},
		row{"of shares beyond the whole", with(func(f *policy.TextFeatures) { f.Digits, f.Operators = capability.MaxCount, capability.MaxCount }), hard},
		row{"of a share of nothing", with(func(f *policy.TextFeatures) { f.CodePoints, f.Digits = 0, 9 }), free},
		row{"of shares of the most there is", with(func(f *policy.TextFeatures) {
			f.CodePoints, f.Digits, f.Operators = capability.MaxCount, 1<<43-1, 1
		}), hard},
	)
	one := func(w policy.Weights, most int64) policy.Complexity {
		return policy.Complexity{MaxScore: most, Weights: w}
	}
	cases = append(cases, both("score at most 1", one(policy.Weights{QuestionWords: policy.Weight{Points: 1_000, Full: 1_000}}, 1),
		row{"none", text(policy.TextFeatures{ReasoningVerbs: 9}), free},
		row{"one", text(policy.TextFeatures{QuestionWords: 1}), free},
		row{"two", text(policy.TextFeatures{QuestionWords: 2}), hard},
	)...)
	cases = append(cases, both("score of two fences", one(policy.Weights{CodeFences: policy.Weight{Points: 7, Full: 3}}, 4),
		row{"two of three, rounded down", text(policy.TextFeatures{CodeFences: 2}), free},
		row{"three", text(policy.TextFeatures{CodeFences: 3}), hard},
	)...)
	cases = append(cases, both("score that fills late", one(policy.Weights{Messages: policy.Weight{Points: 1_000, Full: 1 << 40}}, 999),
		row{"just not full", text(policy.TextFeatures{Messages: 1<<40 - 1}), free},
		row{"full", text(policy.TextFeatures{Messages: 1 << 40}), hard},
		row{"more than full", text(policy.TextFeatures{Messages: capability.MaxCount}), hard},
	)...)
	cases = append(cases, both("score of a share", one(policy.Weights{Digits: policy.Weight{Points: 1_000, Full: 2_000}}, 500),
		row{"beyond the whole", text(policy.TextFeatures{CodePoints: 1, Digits: 2}), free},
	)...)
	return append(cases, both("score that stops at 1000", one(policy.Weights{
		CodeFences: policy.Weight{Points: 1_000, Full: 1}, Messages: policy.Weight{Points: 1_000, Full: 1},
	}, policy.MaxScore),
		row{"twice full", text(policy.TextFeatures{CodeFences: 1, Messages: 1}), free},
	)...)
}

func TestScore(t *testing.T) {
	byDefault := policy.DefaultWeights()
	if _, ok := byDefault.Score(&policy.Request{PromptLength: 9_000}); ok {
		t.Error("a length alone has a score")
	}
	var nothing policy.Weights
	for _, test := range []struct {
		name    string
		weights policy.Weights
		request policy.Request
		want    int64
	}{
		{"all full", byDefault, policy.Request{PromptTokens: 500, Features: full()}, policy.MaxScore},
		{"no weights", nothing, policy.Request{PromptTokens: 500, Features: full()}, 0},
		{"tokens in proportion", byDefault, policy.Request{PromptTokens: 249, Features: &policy.TextFeatures{}}, 149},
		{"an empty text", byDefault, policy.Request{Features: &policy.TextFeatures{}}, 0},
	} {
		if got, ok := test.weights.Score(&test.request); !ok || got != test.want {
			t.Errorf("%s: got %d (%v), want %d", test.name, got, ok, test.want)
		}
	}
}

func TestDefaultWeightsAddUp(t *testing.T) {
	w := policy.DefaultWeights()
	sum := w.Tokens.Points + w.Messages.Points + w.CodeFences.Points + w.Digits.Points +
		w.Operators.Points + w.QuestionWords.Points + w.ReasoningVerbs.Points
	if sum != policy.MaxScore {
		t.Errorf("the points add up to %d, want %d", sum, policy.MaxScore)
	}
}

// Whatever a page sends and an operator sets, a score stays within its bounds and
// no product on the way wraps around.
func FuzzScore(f *testing.F) {
	f.Add(int64(1_000), int64(1<<40), int64(capability.MaxCount), int64(capability.MaxCount), int64(capability.MaxCount))
	f.Add(int64(7), int64(3), int64(0), int64(2), int64(1_000))
	f.Fuzz(func(t *testing.T, points, full, length, amount, whole int64) {
		weight := policy.Weight{Points: points, Full: full}
		w := policy.Weights{
			Tokens: weight, Messages: weight, CodeFences: weight, Digits: weight,
			Operators: weight, QuestionWords: weight, ReasoningVerbs: weight,
		}
		r := policy.Request{PromptLength: length, Features: &policy.TextFeatures{
			CodePoints: whole, Messages: amount, CodeFences: amount, Digits: amount,
			Operators: amount, QuestionWords: amount, ReasoningVerbs: amount, CJK: amount,
		}}
		if w.Validate() != nil || r.Validate() != nil {
			return
		}
		score, ok := w.Score(&r)
		if !ok || score < 0 || score > policy.MaxScore {
			t.Errorf("the score is %d (%v)", score, ok)
		}
		if tokens := r.Tokens(); tokens < 0 || tokens > capability.MaxCount {
			t.Errorf("%d tokens", tokens)
		}
	})
}
