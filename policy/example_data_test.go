package policy_test

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/edgewise-ai/edgewise/policy"
)

// Features tell of a prompt without telling what it says.
func ExampleFeatures() {
	f := policy.Features("Explain why 1/3 + 1/6 = 1/2.")
	fmt.Println("digits", f.Digits, "operators", f.Operators, "question words", f.QuestionWords, "verbs", f.ReasoningVerbs)

	weights := policy.DefaultWeights()
	score, _ := weights.Score(&policy.Request{PromptLength: f.CodePoints, Features: &f})
	fmt.Println("score", score, "of", policy.MaxScore)
	// Output:
	// digits 6 operators 5 question words 1 verbs 1
	// score 303 of 1000
}

// A snapshot is a decider as data. The page decides by it alone; so can Go.
func ExampleSnapshot_Decider() {
	data, err := json.Marshal(exampleDecider(policy.Complexity{MaxPromptLength: 500}).Snapshot())
	if err != nil {
		panic(err)
	}

	var snapshot policy.Snapshot
	if err := json.Unmarshal(data, &snapshot); err != nil {
		panic(err)
	}
	decider, err := snapshot.Decider()
	if err != nil {
		panic(err)
	}
	d := decider.Decide(context.Background(), policy.Input{Request: &policy.Request{PromptLength: 501}})
	fmt.Println(d.Target, d.Reason)
	// Output: server request_too_complex
}
