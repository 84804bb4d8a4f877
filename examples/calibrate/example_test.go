package main

import (
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/edgewise-ai/edgewise/examples/internal/golden"
	"github.com/edgewise-ai/edgewise/policy"
)

// The example log is made up, by this test: only its form is real.
func TestExampleLog(t *testing.T) {
	golden.Compare(t, "example.jsonl", exampleLog(t, rand.New(rand.NewPCG(5, 5))))
}

// entry is a line of the example. Its first and last field are the app's own.
type entry struct {
	ID           int                  `json:"id"`
	PromptLength int64                `json:"promptLength"`
	MaxTokens    int64                `json:"maxTokens,omitempty"`
	Complexity   policy.Level         `json:"complexity,omitempty"`
	Task         string               `json:"task,omitempty"`
	Features     *policy.TextFeatures `json:"features,omitempty"`
	Sufficient   *bool                `json:"sufficient,omitempty"`
	Milliseconds int                  `json:"milliseconds"`
}

// kinds of requests: how many in a hundred, and how long, how hard and how rich in
// signals they tend to be.
var kinds = []struct {
	task      string
	share     int
	length    int64
	hardness  int // in a hundred that a local answer is not sufficient
	reasoning int64
	code      int64
}{
	{"chat", 34, 160, 18, 1, 0},
	{"classification", 20, 240, 8, 0, 0},
	{"summarization", 16, 1400, 14, 0, 0},
	{"code", 12, 500, 40, 1, 3},
	{"legal", 6, 2200, 45, 3, 0},
	{"", 12, 260, 22, 2, 0},
}

func exampleLog(t *testing.T, random *rand.Rand) string {
	t.Helper()
	var out strings.Builder
	encoder := json.NewEncoder(&out)
	for id := range 320 {
		draw, k := random.IntN(100), 0
		for draw >= kinds[k].share {
			draw -= kinds[k].share
			k++
		}
		kind := kinds[k]
		e := entry{ID: id + 1, Task: kind.task, Milliseconds: 200 + random.IntN(9000)}
		e.PromptLength = (kind.length + random.Int64N(kind.length)) << random.IntN(3) / 2
		if random.IntN(2) == 0 {
			e.MaxTokens = 64 << random.IntN(5)
		}
		if random.IntN(12) == 0 {
			e.Complexity = []policy.Level{policy.Simple, policy.Medium, policy.Complex}[random.IntN(3)]
		}
		if random.IntN(8) > 0 {
			e.Features = &policy.TextFeatures{
				CodePoints: e.PromptLength, Messages: 1 + random.Int64N(6),
				CodeFences: random.Int64N(kind.code + 1), Digits: random.Int64N(e.PromptLength/20 + 1),
				Operators: random.Int64N(e.PromptLength/40 + 1), QuestionWords: random.Int64N(3),
				ReasoningVerbs: random.Int64N(kind.reasoning + 2),
			}
		}
		if random.IntN(3) > 0 {
			good := random.IntN(100) >= kind.hardness
			e.Sufficient = &good
		}
		if err := encoder.Encode(e); err != nil {
			t.Fatal(err)
		}
	}
	return out.String()
}
