package policytest

import (
	"github.com/edgewise-ai/edgewise/policy"
	"github.com/edgewise-ai/edgewise/registry"
)

func (g generator) request(models []registry.Model) *policy.Request {
	r := &policy.Request{
		PromptLength:   count(g, 0, 1, 40, 40, 40, 200, around[int64](g, policy.DefaultMaxPromptLength), 7_169),
		MaxTokens:      count(g, 0, 0, 1, 100, around[int64](g, policy.DefaultMaxOutputTokens)),
		Complexity:     pick(g, "", "", "", policy.Auto, policy.Simple, policy.Medium, policy.Complex),
		Task:           g.task(),
		Preference:     pick(g, "", "", "", "", policy.ModeAuto, policy.ModeAuto, policy.ModeAlways, policy.ModeNever),
		ConversationID: pick(g, "", "c-1"),
		InToolLoop:     pick(g, policy.None, policy.None, policy.None, policy.Browser, policy.Server),
		LastTarget:     pick(g, policy.None, policy.None, policy.Browser, policy.Server),
	}
	if g.oneIn(8) {
		r.Privacy = policy.PrivacyLocalOnly
	}
	if g.oneIn(8) {
		r.Needs = registry.Features{
			Tools: g.oneIn(3), JSONSchema: g.oneIn(3), Images: g.oneIn(6), Logprobs: g.oneIn(6), N: g.IntN(4),
		}
	}
	r.Engines = g.engines(models)
	if g.oneIn(2) {
		r.Features = g.features(r.PromptLength)
	}
	switch {
	case g.oneIn(6):
		r.PromptTokens = count[int64](g, 10, 10, 500, 1_792, 1<<23)
	case g.model != nil && g.oneIn(6): // the context window is just full
		output := r.MaxTokens
		if output == 0 {
			output = policy.DefaultMaxTokens
		}
		r.PromptTokens = around(g, max(1, int64(g.model.ContextWindow)-output))
	}
	return r
}

// task is none, one that a model names or that the defaults do, or one that
// nobody knows.
func (g generator) task() string {
	task := pick(g, "", "", "classification", "autocomplete", "poetry")
	if g.model != nil && len(g.model.Capabilities) > 0 && g.oneIn(3) {
		task = pick(g, g.model.Capabilities...)
	}
	return task
}

// features are counts over a prompt at the edges of the default weights. Some
// make no sense, as a page's may.
func (g generator) features(promptLength int64) *policy.TextFeatures {
	w := policy.DefaultWeights()
	points := count(g, 0, 10, min(promptLength, 16_384), 16_384)
	amount := func(full int64) int64 { return count(g, 0, 0, 1, around(g, full), full+2) }
	share := func(full int64) int64 { return count(g, 0, 0, 1, around(g, points/1_000*full), points) }
	return &policy.TextFeatures{
		CodePoints:     points,
		Messages:       amount(w.Messages.Full),
		CodeFences:     amount(w.CodeFences.Full),
		Digits:         share(w.Digits.Full),
		Operators:      share(w.Operators.Full),
		QuestionWords:  amount(w.QuestionWords.Full),
		ReasoningVerbs: amount(w.ReasoningVerbs.Full),
		CJK:            count(g, 0, 0, 5, points/2, points),
	}
}
