package llama

import (
	"context"
	"os"
	"testing"
)

func BenchmarkLoad(b *testing.B) {
	file, err := os.ReadFile(tinyModel + "edgewise-tiny-v1-q8_0.gguf")
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(file)))
	for b.Loop() {
		if _, err := Load(file); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkFeed reports the tokens a second of one session on one core, over the lengths from 0 to 128.
func BenchmarkFeed(b *testing.B) {
	m := tiny(b)
	for _, bench := range []struct {
		name   string
		logits bool // as for a token of the answer; without, as for one of the prompt
	}{{"prompt", false}, {"answer", true}} {
		b.Run(bench.name, func(b *testing.B) {
			session := m.NewSession()
			for i := 0; b.Loop(); i++ {
				if session.Len() == 128 {
					session = m.NewSession()
				}
				if err := session.Feed(i % m.tokenizer.Vocabulary()); err != nil {
					b.Fatal(err)
				}
				if bench.logits {
					session.Logits()
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "tokens/s")
		})
	}
}

// BenchmarkGenerate reports the answer's tokens a second, the time for the prompt included.
func BenchmarkGenerate(b *testing.B) {
	m := tiny(b)
	for _, bench := range []struct {
		name string
		req  Request
	}{
		{"greedy", Request{Messages: ask("Tell me a story about a fox")}},
		{"sampled", Request{Messages: ask("Tell me a story about a fox"), Temperature: 0.8, TopP: 0.95, TopK: 40}},
	} {
		b.Run(bench.name, func(b *testing.B) {
			tokens := 0
			for b.Loop() {
				result, err := m.Generate(context.Background(), bench.req, nil)
				if err != nil {
					b.Fatal(err)
				}
				tokens += result.CompletionTokens
			}
			b.ReportMetric(float64(tokens)/b.Elapsed().Seconds(), "tokens/s")
		})
	}
}

func BenchmarkEncode(b *testing.B) {
	tokenizer := tiny(b).Tokenizer()
	const text = "Write a detailed analysis of quantum computing's impact on cryptography, in 2026 or so. "
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		tokenizer.Encode(text)
	}
}
