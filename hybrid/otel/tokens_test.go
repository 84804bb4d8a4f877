package otel_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgewise-ai/edgewise/backend/backendtest"
	hybridotel "github.com/edgewise-ai/edgewise/hybrid/otel"
)

// Tokens that nobody counted are not counted here either: the widespread names leave
// the request out, and the latest ones count it with 0.
func TestTokens(t *testing.T) {
	const (
		answered = "gen_ai.operation.name=chat,gen_ai.provider.name=openai,gen_ai.request.model=mock-model"
		cut      = "error.type=upstream_truncated," + answered
	)
	for _, test := range []struct {
		names hybridotel.Names
		want  []string
	}{
		{hybridotel.NamesWidespread, []string{
			"gen_ai.client.token.usage{" + answered + ",gen_ai.token.type=input} 1x 7",
			"gen_ai.client.token.usage{" + answered + ",gen_ai.token.type=output} 1x 9",
		}},
		{hybridotel.NamesLatest, []string{
			"gen_ai.client.inference.operation.input_tokens{" + cut + "} 1x 0",
			"gen_ai.client.inference.operation.input_tokens{" + answered + "} 1x 7",
			"gen_ai.client.inference.operation.output_tokens{" + cut + "} 1x 0",
			"gen_ai.client.inference.operation.output_tokens{" + answered + "} 1x 9",
			"gen_ai.client.inference.usage.input_tokens{" + answered + ",gen_ai.token.modality=unknown} 7",
			"gen_ai.client.inference.usage.output_tokens{" + answered + ",gen_ai.token.modality=unknown} 9",
		}},
	} {
		r := open(t, func(s *setup) { s.telemetry.Names = test.names },
			backendtest.Fault{}, backendtest.Fault{At: backendtest.AfterEvents(3), Do: backendtest.Cut})
		r.post("/chat/completions", chatStream)
		r.post("/chat/completions", chatStream)
		var got []string
		for _, m := range r.collect() {
			if strings.Contains(m.Name, "token") {
				got = append(got, points(m)...)
			}
		}
		slices.Sort(got)
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Error(diff)
		}
	}
}
