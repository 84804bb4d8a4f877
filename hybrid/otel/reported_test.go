package otel_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgewise-ai/edgewise/policy"
)

// Reports of a page; %s stands for their ID.
const (
	reported = `{"id":"%s","modelId":"SmolLM2-360M-Instruct-q4f16_1-MLC","framework":"webllm","reason":"optimal_for_browser",` +
		`"promptTokens":1000,"completionTokens":40,"latencyMs":2100,"ttftMs":300,"success":true}`
	reportedFallback = `{"id":"%s","modelId":"small","framework":"acme/mlx","promptTokens":500,"completionTokens":20,` +
		`"latencyMs":900,"success":true,"fallback":true}`
	reportedFailed  = `{"id":"%s","modelId":"small","framework":"wllama","success":false,"errorCode":"out_of_memory"}`
	reportedTooFast = `{"id":"%s","modelId":"small","framework":"webllm","promptTokens":12,"completionTokens":4000000,"latencyMs":1,"success":true}`
)

// Tokens that browsers generated are counted apart from those of the backend, once
// however often a page sends them, and only if they can be true.
func TestReported(t *testing.T) {
	r := open(t, func(s *setup) {
		s.router.Prices = map[string]policy.Prices{"": {PromptMicroUSDPerMTok: 1_000_000, CompletionMicroUSDPerMTok: 2_000_000}}
	})
	r.report(reported, reportedFallback, reportedFailed, reportedTooFast)
	var got []string
	for _, m := range r.collect() {
		if m.Name != "edgewise.request.duration" {
			got = append(got, points(m)...)
		}
	}
	slices.Sort(got)
	want := []string{
		"edgewise.avoided_cost{edgewise.source=browser} 1080", // 1000 tokens at 1 and 40 at 2, of the one model that is listed
		"edgewise.browser.answer.duration{edgewise.engine=_OTHER} 1x",
		"edgewise.browser.answer.duration{edgewise.engine=webllm} 1x",
		"edgewise.browser.answer.time_to_first_token{edgewise.engine=webllm} 1x",
		"edgewise.browser.answers{edgewise.engine=_OTHER} 1",
		"edgewise.browser.answers{edgewise.engine=webllm,edgewise.suspect=too_fast} 1",
		"edgewise.browser.answers{edgewise.engine=webllm} 1",
		"edgewise.browser.answers{edgewise.engine=wllama,error.type=_OTHER} 1",
		"edgewise.browser.tokens{edgewise.engine=_OTHER,gen_ai.token.type=input} 500",
		"edgewise.browser.tokens{edgewise.engine=_OTHER,gen_ai.token.type=output} 20",
		"edgewise.browser.tokens{edgewise.engine=webllm,gen_ai.token.type=input} 1000",
		"edgewise.browser.tokens{edgewise.engine=webllm,gen_ai.token.type=output} 40",
		"edgewise.fallbacks{edgewise.source=browser} 1",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if spans := r.ended(); len(spans) != 0 {
		t.Errorf("there are spans: %v", spans)
	}
}
