package main

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/edgewise-ai/edgewise/policy"
	"github.com/edgewise-ai/edgewise/registry"
)

// What is said of an opaque policy is what comes out when it says all that it may.
func TestCouldChange(t *testing.T) {
	const name = "acme.opaque"
	browser, server := policy.Browser, policy.Server
	index, err := registry.NewIndex(registry.Listing{Models: registry.Catalogue()})
	if err != nil {
		t.Fatal(err)
	}
	// decider returns one in which the opaque policy says v.
	decider := func(effects *policy.Effects, first []string, v policy.Verdict) *policy.Decider {
		t.Helper()
		says := policy.PolicyFunc(func(context.Context, *policy.Input) (policy.Verdict, error) { return v, nil })
		d, err := policy.NewDecider(index, policy.Options{
			Policies: policy.Defaults(policy.Named(name, policy.Declared(says, policy.Declaration{Effects: effects}))), First: first,
		})
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	both := []policy.Target{browser, server}
	outcomes := map[bool]int{}
	for _, effects := range []*policy.Effects{
		nil, {}, {Forbid: both[:1]}, {Forbid: both[1:]}, {Prefer: both[:1]}, {Prefer: both[1:]}, {Forbid: both, Prefer: both},
	} {
		var verdicts []policy.Verdict
		may := effects
		if may == nil {
			may = &policy.Effects{Forbid: both, Prefer: both}
		}
		for _, target := range may.Forbid {
			verdicts = append(verdicts, policy.Verdict{Forbid: policy.SetOf(target), Reason: "acme"})
		}
		for _, target := range may.Prefer {
			verdicts = append(verdicts, policy.Verdict{Prefer: target, Reason: "acme"})
		}
		for _, first := range [][]string{nil, {name}, {name, "complexity"}, {"complexity", name}, {"sticky", name, "complexity"}} {
			for _, request := range []policy.Request{
				{},
				{PromptLength: 5000},
				{InToolLoop: browser, PromptLength: 5000},
				{Privacy: policy.PrivacyLocalOnly},
				{Privacy: policy.PrivacyLocalOnly, PromptLength: 1e6},
				{PromptLength: 1e6},
			} {
				abstains := decider(effects, first, policy.Verdict{})
				data, err := json.Marshal(abstains.Snapshot())
				if err != nil {
					t.Fatal(err)
				}
				s, err := decodeService(data)
				if err != nil {
					t.Fatal(err)
				}
				in := policy.Input{Request: &request, Trace: true}
				d := s.decider.Decide(t.Context(), in)
				changes := false
				for _, v := range verdicts {
					other := decider(effects, first, v).Decide(t.Context(), in)
					changes = changes || other.Target != d.Target
				}
				outcomes[changes]++
				if got := s.couldChange(&d, s.opaque[0]); got != changes {
					t.Errorf("effects %+v, first %v, request %+v: %v, want %v", effects, first, request, got, changes)
				}
			}
		}
	}
	if outcomes[true] < 20 || outcomes[false] < 20 {
		t.Errorf("one-sided: %v", outcomes)
	}
}
