package hybrid_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgewise-ai/edgewise/hybrid"
	"github.com/edgewise-ai/edgewise/policy"
	"github.com/edgewise-ai/edgewise/registry"
)

// Policies learn from a chat request what a routing request would tell them: how
// long it is and what it needs.
func TestChatFeatures(t *testing.T) {
	for _, test := range []struct {
		body string
		want policy.Request
	}{
		{chatHello, policy.Request{PromptLength: 2}},
		{`{"messages":[{"role":"system","content":"größer"},{"role":"user","content":[{"type":"text","text":"abc"}]}],"max_tokens":7,"n":1}`,
			policy.Request{PromptLength: 9, MaxTokens: 7}},
		{`{"messages":[{"content":[{"type":"image_url","image_url":{"url":"x"}}]}],"n":3,"logprobs":true,"tools":[{}],"response_format":{"type":"json_schema"}}`,
			policy.Request{PromptTokens: 7, Needs: registry.Features{Tools: true, JSONSchema: true, Images: true, Logprobs: true, N: 3}}},
	} {
		var got policy.Request
		spy := policy.Named("test.spy", policy.PolicyFunc(func(_ context.Context, in *policy.Input) (policy.Verdict, error) {
			got = *in.Request
			return policy.Verdict{}, nil
		}))
		up := &scripted{body: `{"choices":[{"finish_reason":"stop"}]}`}
		s := open(t, up.serve, func(o *hybrid.Options) { o.Policies = policy.Defaults(spy) })
		if a := s.post("/chat/completions", test.body); a.status != http.StatusOK {
			t.Errorf("%d: %s", a.status, a.body)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s: %s", test.body, diff)
		}
	}
}

// An answer that was cut before its usage came costs its prompt too.
func TestCutAnswersCostTheirPrompt(t *testing.T) {
	s := open(t, (&scripted{body: helloChunk, end: io.ErrUnexpectedEOF}).serve)
	s.post("/chat/completions", `{"stream":true,"messages":[{"role":"user","content":"`+strings.Repeat("long prompt ", 100)+`"}]}`)
	length := policy.Request{PromptLength: 1200}
	if e := s.ledger.Recent(1)[0]; !e.Estimated || e.PromptTokens != length.Tokens() || e.PromptTokens < 200 {
		t.Errorf("got %+v, want %d prompt tokens", e, length.Tokens())
	}
}
