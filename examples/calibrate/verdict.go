package main

import (
	"context"

	"github.com/edgewise-ai/edgewise/capability"
	"github.com/edgewise-ai/edgewise/policy"
)

// targetOf asks the policy itself where a request goes, as far as it is concerned.
func targetOf(p policy.Complexity, r *policy.Request) policy.Target {
	v, err := p.Evaluate(context.Background(), &policy.Input{Request: r})
	if err == nil && v.Prefer == policy.Server {
		return policy.Server
	}
	return policy.Browser
}

// declared returns where a level sends the request that it declares, by itself or
// by its task, and [policy.None] if there is none: then the longest request of its
// kind goes elsewhere than the shortest.
func declared(r *policy.Request, priors map[string]policy.Level) policy.Target {
	p := policy.Complexity{Tasks: priors}
	short := targetOf(p, &policy.Request{Complexity: r.Complexity, Task: r.Task})
	long := targetOf(p, &policy.Request{Complexity: r.Complexity, Task: r.Task, PromptLength: capability.MaxCount})
	if short != long {
		return policy.None
	}
	return short
}

func numbersOf(r *policy.Request) numbers {
	n := numbers{promptLength: r.PromptLength, outputTokens: r.OutputTokens(), score: -1}
	weights := policy.DefaultWeights()
	if score, ok := weights.Score(r); ok {
		n.score = score
	}
	return n
}

// scoreItself makes the score of a request that says how many messages it has.
var scoreItself = policy.Weights{Messages: policy.Weight{Points: policy.MaxScore, Full: policy.MaxScore}}

// target asks the policy where a request with these numbers goes. A stand-in with
// the same numbers is enough, so that a log need not be kept whole.
func (n numbers) target(p policy.Complexity) policy.Target {
	p.Weights = scoreItself
	r := policy.Request{PromptLength: n.promptLength, MaxTokens: n.outputTokens}
	if n.score >= 0 {
		r.Features = &policy.TextFeatures{Messages: n.score}
	}
	return targetOf(p, &r)
}

// target returns where a request of the log goes with thresholds p.
func (r *request) target(p policy.Complexity) policy.Target {
	if r.declared != policy.None {
		return r.declared
	}
	return r.numbers.target(p)
}
