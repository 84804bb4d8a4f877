package policy_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgewise-ai/edgewise/policy"
)

func TestSnapshotRoundTrip(t *testing.T) {
	d := newDecider(t, policy.Options{Policies: policy.Defaults(policy.Complexity{MaxPromptLength: 7})})
	data, err := json.Marshal(d.Snapshot())
	if err != nil {
		t.Fatal(err)
	}
	var read policy.Snapshot
	if err := json.Unmarshal(data, &read); err != nil {
		t.Fatal(err)
	}
	again, err := read.Decider()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(d.Snapshot().Policies, again.Snapshot().Policies); diff != "" {
		t.Errorf("policies changed on the way (-before +after):\n%s", diff)
	}
	if got := again.Decide(t.Context(), policy.Input{Request: &policy.Request{PromptLength: 8}}); got.Reason != policy.RequestTooComplex {
		t.Errorf("the option was lost: %s", got.Reason)
	}
}

func TestRevisionFollowsContent(t *testing.T) {
	base := newDecider(t, policy.Options{}).Revision()
	if again := newDecider(t, policy.Options{Policies: policy.Defaults()}).Revision(); again != base {
		t.Errorf("the same configuration has two revisions: %s and %s", base, again)
	}
	if other := newDecider(t, policy.Options{Policies: policy.Defaults(policy.Readiness{Wait: true})}).Revision(); other == base {
		t.Error("another option has the same revision")
	}
}

func TestCustomPoliciesAreOpaque(t *testing.T) {
	d := newDecider(t, policy.Options{Policies: policy.Defaults(says("acme.x", policy.Verdict{}))})
	snapshot := d.Snapshot()
	last := snapshot.Policies[len(snapshot.Policies)-1]
	want := policy.Spec{Name: "acme.x", Opaque: true, WhenUnreachable: policy.AbstainWhenUnreachable}
	if diff := cmp.Diff(want, last); diff != "" {
		t.Errorf("opaque spec (-want +got):\n%s", diff)
	}
	if _, err := snapshot.Decider(); err == nil || !strings.Contains(err.Error(), "opaque") {
		t.Errorf("an opaque policy was built from data: %v", err)
	}
}

// The order in which an app's own preferences count is a part of the snapshot.
func TestSnapshotKeepsTheOrderGiven(t *testing.T) {
	a, z := says("acme.a", policy.Verdict{}), says("acme.z", policy.Verdict{})
	one := newDecider(t, policy.Options{Policies: policy.Defaults(z, a)})
	other := newDecider(t, policy.Options{Policies: policy.Defaults(a, z)})
	if one.Revision() == other.Revision() {
		t.Error("two orders have one revision")
	}
	specs := one.Snapshot().Policies
	if got := specs[len(specs)-2].Name; got != "acme.z" {
		t.Errorf("the first of the app's policies is %s, want acme.z", got)
	}
}

func TestSnapshotRefuses(t *testing.T) {
	good := newDecider(t, policy.Options{}).Snapshot()
	tests := []struct {
		name   string
		change func(*policy.Snapshot)
		want   string
	}{
		{"newer schema", func(s *policy.Snapshot) { s.Schema = policy.SchemaVersion + 1 }, "schema"},
		{"no schema", func(s *policy.Snapshot) { s.Schema = 0 }, "schema"},
		{"unknown policy", func(s *policy.Snapshot) { s.Policies = []policy.Spec{{Name: "astrology"}} }, "unknown"},
		{"unknown option", func(s *policy.Snapshot) {
			s.Policies = []policy.Spec{{Name: policy.NameComplexity, Options: json.RawMessage(`{"maxMood":3}`)}}
		}, "maxMood"},
		{"option out of range", func(s *policy.Snapshot) {
			s.Policies = []policy.Spec{{Name: policy.NameComplexity, Options: json.RawMessage(`{"maxPromptLength":-3}`)}}
		}, "MaxPromptLength"},
		{"invalid model", func(s *policy.Snapshot) {
			s.Models = append(s.Models[:len(s.Models):len(s.Models)], s.Models[0])
		}, "twice"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := good
			test.change(&s)
			if _, err := s.Decider(); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got error %v, want one about %q", err, test.want)
			}
		})
	}
}

func FuzzSnapshot(f *testing.F) {
	data, err := json.Marshal(newDecider(f, policy.Options{}).Snapshot())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte(`{"schema":1,"policies":[{"name":"enabled","options":{"rolloutBasisPoints":1}}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var s policy.Snapshot
		if json.Unmarshal(data, &s) != nil {
			return
		}
		d, err := s.Decider()
		if err != nil {
			return
		}
		d.Decide(t.Context(), policy.Input{Request: &policy.Request{PromptLength: 10}, Trace: true})
	})
}
