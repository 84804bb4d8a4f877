package policy_test

import (
	"fmt"

	"github.com/edgewise-ai/edgewise/capability"
	"github.com/edgewise-ai/edgewise/policy"
	"github.com/edgewise-ai/edgewise/registry"
)

func ExampleHealth() {
	down := &policy.Subject{Server: policy.ServerFacts{Unavailable: true}}
	d := decide(policy.Input{Subject: down, Request: &policy.Request{Complexity: policy.Complex}})
	fmt.Println(d.Target, d.Reason) // a weak answer before none
	// Output: browser server_unavailable
}

func ExampleSticky() {
	// The server called a tool, and this request brings what the tool answered.
	d := decide(policy.Input{Request: &policy.Request{InToolLoop: policy.Server}})
	fmt.Println(d.Target, d.Reason)

	next := &policy.Request{ConversationID: "c-1", LastTarget: policy.Server}
	d = decide(policy.Input{Request: next})
	fmt.Println(d.Target, d.Reason) // the conversation may move over

	d = decide(policy.Input{Request: next}, policy.Sticky{Conversations: true})
	fmt.Println(d.Target, d.Reason)
	// Output:
	// server sticky
	// browser optimal_for_browser
	// server sticky
}

func ExampleReadiness() {
	fresh := &policy.State{Models: map[string]registry.ModelState{"large": {Status: registry.Absent}}}
	d := decide(policy.Input{State: fresh})
	fmt.Println(d.Target, d.Reason, "preload:", d.Preload.ID)

	d = decide(policy.Input{State: fresh}, policy.Readiness{Wait: true})
	fmt.Println(d.Target, d.Reason)
	// Output:
	// server model_not_ready preload: large
	// browser optimal_for_browser
}

func ExampleBattery() {
	low := &policy.State{Battery: policy.BatteryState{LevelPermille: 150, Charging: capability.No}}
	d := decide(policy.Input{State: low})
	fmt.Println(d.Target, d.Reason)

	low.Battery.Charging = capability.Yes
	d = decide(policy.Input{State: low})
	fmt.Println(d.Target, d.Reason)
	// Output:
	// server low_battery
	// browser optimal_for_browser
}

func ExampleSpeed() {
	// Five tokens a second, measured on this device.
	slow := &policy.State{Models: map[string]registry.ModelState{"large": {Status: registry.Loaded, TokensPerSecondMilli: 5_000}}}
	for _, tokens := range []int64{150, 151} { // in 30 s, which is the default deadline, or later
		d := decide(policy.Input{State: slow, Request: &policy.Request{MaxTokens: tokens}})
		fmt.Println(tokens, d.Target, d.Reason)
	}
	// Output:
	// 150 browser optimal_for_browser
	// 151 server too_slow
}

func ExampleTask() {
	sorting := &policy.Request{PromptLength: 3_000, Task: "classification"}
	d := decide(policy.Input{Request: sorting})
	fmt.Println(d.Target, d.Reason, d.Model.ID) // long, but easy: the model that names the task will do
	// Output: browser task_prefers_browser small
}

func ExampleComplexity() {
	long := policy.Request{PromptLength: 5_000}
	d := decide(policy.Input{Request: &long})
	fmt.Println(d.Target, d.Reason)

	long.Complexity = policy.Simple // the app knows better
	d = decide(policy.Input{Request: &long})
	fmt.Println(d.Target, d.Reason)
	// Output:
	// server request_too_complex
	// browser optimal_for_browser
}

func ExampleCost() {
	// $0.60 a million completion tokens, and $0.09 for each gigabyte of a model.
	prices := &policy.Subject{Prices: &policy.Prices{CompletionMicroUSDPerMTok: 600_000, EgressMicroUSDPerGB: 90_000}}
	answer := &policy.Request{MaxTokens: 500}
	d := decide(policy.Input{Subject: prices, Request: answer})
	fmt.Println(d.Target, d.Reason) // a download of 2.3 GB for 300 requests

	cached := &policy.State{Models: map[string]registry.ModelState{"large": {Status: registry.Cached}}}
	d = decide(policy.Input{Subject: prices, Request: answer, State: cached})
	fmt.Println(d.Target, d.Reason)
	// Output:
	// server cheaper_on_server
	// browser cheaper_in_browser
}
