package policy_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/edgewise-ai/edgewise/capability"
	"github.com/edgewise-ai/edgewise/policy"
	"github.com/edgewise-ai/edgewise/registry"
)

// bound is a number among the options of a policy, with its range.
type bound struct {
	option string
	most   int64
	with   func(n int64) policy.Policy
}

var bounds = []bound{
	{"Enabled.RolloutBasisPoints", 10_000, func(n int64) policy.Policy { return policy.Enabled{RolloutBasisPoints: int(n)} }},
	{"Capability.MinRAM", int64(capability.MaxMemory), func(n int64) policy.Policy { return policy.Capability{MinRAM: capability.Memory(n)} }},
	{"Budget.ReserveMicroUSD", capability.MaxCount, func(n int64) policy.Policy { return policy.Budget{ReserveMicroUSD: n} }},
	{"Readiness.MaxLoadMs", capability.MaxCount, func(n int64) policy.Policy { return policy.Readiness{MaxLoadMs: n} }},
	{"Battery.MinLevelPermille", 1_000, func(n int64) policy.Policy { return policy.Battery{MinLevelPermille: n} }},
	{"Speed.DeadlineMs", capability.MaxCount, func(n int64) policy.Policy { return policy.Speed{DeadlineMs: n} }},
	{"Complexity.MaxPromptLength", capability.MaxCount, func(n int64) policy.Policy { return policy.Complexity{MaxPromptLength: n} }},
	{"Complexity.MaxOutputTokens", capability.MaxCount, func(n int64) policy.Policy { return policy.Complexity{MaxOutputTokens: n} }},
	{"Complexity.MaxScore", 1_000, func(n int64) policy.Policy { return policy.Complexity{MaxScore: n} }},
	{"Cost.MinSavingMicroUSD", capability.MaxCount, func(n int64) policy.Policy { return policy.Cost{MinSavingMicroUSD: n} }},
	{"Cost.ExpectedRequests", capability.MaxCount, func(n int64) policy.Policy { return policy.Cost{ExpectedRequests: n} }},
}

func TestNumbersKeepToTheirRange(t *testing.T) {
	for _, b := range bounds {
		_, option, _ := strings.Cut(b.option, ".")
		for _, n := range []int64{-1, b.most + 1} {
			wantErrorAbout(t, refusal(b.with(n)), nameOf(b.with(n)), option, fmt.Sprintf("is %d: want 0 (the default) to %d", n, b.most))
		}
		for _, n := range []int64{0, 1, b.most} {
			if err := refusal(b.with(n)); err != nil {
				t.Errorf("%s of %d is refused: %v", b.option, n, err)
			}
		}
	}
}

// badWords are options that are no numbers, and what their refusal must say.
var badWords = []struct {
	option string
	policy policy.Policy
	words  []string
}{
	{"Tier.Rules", policy.Tier{Rules: map[string]policy.TierRule{"gold": "both"}}, []string{`Rules["gold"]`, "both", "browser-only"}},
	{"Tier.Otherwise", policy.Tier{Otherwise: "none"}, []string{"Otherwise", "none", "prefer-server"}},
	{"Task.Tasks", policy.Task{Tasks: []string{"code", ""}}, []string{"Tasks", "empty name"}},
	{"Complexity.Tasks", policy.Complexity{Tasks: map[string]policy.Level{"code": "hard"}}, []string{`Tasks["code"]`, "hard", "medium"}},
	{"Complexity.Tasks", policy.Complexity{Tasks: map[string]policy.Level{"": policy.Simple}}, []string{`Tasks[""]`, "name of a task"}},
	{"Complexity.Tasks", policy.Complexity{Tasks: map[string]policy.Level{"code": ""}}, []string{`Tasks["code"]`}},
	{"Complexity.Weights", policy.Complexity{Weights: policy.Weights{Digits: policy.Weight{Points: 1}}}, []string{"Weights.Digits.Full", "is 0"}},
}

func TestWordsThatMakeNoSenseAreRefused(t *testing.T) {
	for _, bad := range badWords {
		wantErrorAbout(t, refusal(bad.policy), append(bad.words, nameOf(bad.policy))...)
	}
}

func TestWeightsKeepToTheirRange(t *testing.T) {
	fields := reflect.TypeFor[policy.Weights]()
	for i := range fields.NumField() {
		for _, bad := range []struct {
			weight policy.Weight
			word   string
		}{
			{policy.Weight{Points: -1, Full: 1}, "Points is -1: want 0 to 1000"},
			{policy.Weight{Points: 1_001, Full: 1}, "Points is 1001"},
			{policy.Weight{Points: 1, Full: -1}, "Full is -1: want 1 to 1099511627776"},
			{policy.Weight{Points: 1, Full: 1<<40 + 1}, "Full is 1099511627777"},
		} {
			var w policy.Weights
			reflect.ValueOf(&w).Elem().Field(i).Set(reflect.ValueOf(bad.weight))
			wantErrorAbout(t, refusal(policy.Complexity{Weights: w}), "Weights."+fields.Field(i).Name+"."+bad.word)
		}
		var w policy.Weights
		reflect.ValueOf(&w).Elem().Field(i).Set(reflect.ValueOf(policy.Weight{Points: 1_000, Full: 1 << 40}))
		if err := refusal(policy.Complexity{Weights: w}); err != nil {
			t.Errorf("weights at their bounds are refused: %v", err)
		}
	}
}

// A new option can't be forgotten above: unless it is a switch, it must be there.
func TestEveryOptionIsTested(t *testing.T) {
	tested := map[string]bool{}
	for _, b := range bounds {
		tested[b.option] = true
	}
	for _, b := range badWords {
		tested[b.option] = true
	}
	for _, p := range policy.Defaults() {
		options := reflect.TypeOf(p)
		for i := range options.NumField() {
			name := options.Name() + "." + options.Field(i).Name
			if options.Field(i).Type.Kind() != reflect.Bool && !tested[name] {
				t.Errorf("no test gives %s a value out of range", name)
			}
		}
	}
}

// refusal is the error with which a policy is refused.
func refusal(p policy.Policy) error {
	index, err := registry.NewIndex(registry.Listing{})
	if err == nil {
		_, err = policy.NewDecider(index, policy.Options{Policies: []policy.Policy{p}})
	}
	return err
}

// What the caller gave and goes on using has no part in a decider.
func TestADeciderSharesNothingWithItsOptions(t *testing.T) {
	rules := map[string]policy.TierRule{"gold": policy.PreferServer}
	tasks := []string{"code"}
	priors := map[string]policy.Level{"poetry": policy.Complex}
	engines := []string{registry.Wllama}
	first := []string{policy.NameTask}
	effects := &policy.Effects{Prefer: []policy.Target{server}}
	readiness := &policy.Readiness{Wait: true}
	policies := policy.Defaults(
		policy.Tier{Rules: rules}, policy.Task{Tasks: tasks}, policy.Complexity{Tasks: priors}, readiness,
		policy.Declared(says("acme.x", policy.Verdict{}), policy.Declaration{Effects: effects}),
	)
	opts := policy.Options{Policies: policies, First: first, Limits: registry.Limits{DisabledEngines: engines}}
	d := newDecider(t, opts)
	before := encoded(t, d.Snapshot())
	inputs := []policy.Input{
		from(policy.Subject{Tier: "gold"}), asks(policy.Request{Task: "code"}), asks(policy.Request{Task: "poetry"}),
		while(every(registry.ModelState{Status: registry.Absent})),
		on(func(d *capability.Device) { d.WebGPU = capability.No }),
		{Request: &policy.Request{Task: "code"}, Subject: &policy.Subject{Tier: "gold"}},
	}
	decide := func() (reasons []policy.Reason) {
		for _, in := range inputs {
			reasons = append(reasons, d.Decide(t.Context(), complete(in)).Reason)
		}
		return reasons
	}
	want := decide()

	clear(rules)
	clear(priors)
	tasks[0], engines[0], first[0], effects.Prefer[0] = "poetry", registry.Transformers, policy.NameCost, browser
	readiness.Wait = false
	for i := range policies {
		policies[i] = policy.Privacy{}
	}
	if got := decide(); !slices.Equal(got, want) {
		t.Errorf("the decider decides otherwise: %v, before %v", got, want)
	}
	if after := encoded(t, d.Snapshot()); after != before {
		t.Errorf("the snapshot is another:\n%s\nbefore:\n%s", after, before)
	}
}
