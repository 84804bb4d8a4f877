package policy_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgewise-ai/edgewise/policy"
	"github.com/edgewise-ai/edgewise/registry"
)

// What travels has every default filled in, under the names that the page reads.
func TestSnapshotSpellsOutTheDefaults(t *testing.T) {
	want := map[string]string{
		policy.NameEnabled:    `{"rolloutBasisPoints":10000}`,
		policy.NameCapability: `{"minRAMGB":2}`,
		policy.NamePrivacy:    ``,
		policy.NamePreference: ``,
		policy.NameBudget:     ``,
		policy.NameTier:       ``,
		policy.NameHealth:     ``,
		policy.NameSticky:     ``,
		policy.NameReadiness:  `{"maxLoadMs":5000}`,
		policy.NameBattery:    `{"minLevelPermille":200}`,
		policy.NameSpeed:      `{"deadlineMs":30000}`,
		policy.NameTask:       `{"tasks":["classification","autocomplete","sentiment_analysis","proofreading","keyword_extraction"]}`,
		policy.NameComplexity: `{"maxPromptLength":2000,"maxOutputTokens":500,"maxScore":500,"weights":{` +
			`"tokens":{"points":300,"full":500},"messages":{"points":50,"full":20},"codeFences":{"points":150,"full":2},` +
			`"digits":{"points":100,"full":100},"operators":{"points":100,"full":50},` +
			`"questionWords":{"points":50,"full":3},"reasoningVerbs":{"points":250,"full":3}}}`,
		policy.NameCost: `{"minSavingMicroUSD":10,"expectedRequests":300}`,
	}
	got := make(map[string]string)
	for _, spec := range newDecider(t, policy.Options{}).Snapshot().Policies {
		got[spec.Name] = string(spec.Options)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("options (-want +got):\n%s", diff)
	}
}

func TestSnapshotSpellsOutEveryOption(t *testing.T) {
	d := newDecider(t, alone(
		policy.Enabled{Disabled: true, RolloutBasisPoints: 1}, policy.Capability{AllowCPU: true, MinRAM: 1_536},
		policy.Budget{ReserveMicroUSD: 3, Hard: true}, policy.Tier{Rules: map[string]policy.TierRule{"a": policy.BrowserOnly}, Otherwise: policy.PreferServer},
		policy.Sticky{Conversations: true}, policy.Readiness{Wait: true}, policy.Complexity{
			Tasks: map[string]policy.Level{"b": policy.Simple}, Weights: policy.Weights{Digits: policy.Weight{Points: 0, Full: 7}},
		},
	))
	want := []string{
		`{"disabled":true,"rolloutBasisPoints":1}`, `{"allowCPU":true,"minRAMGB":1.5}`, ``,
		`{"reserveMicroUSD":3,"hard":true}`, `{"rules":{"a":"browser-only"},"otherwise":"prefer-server"}`,
		`{"conversations":true}`, `{"wait":true,"maxLoadMs":5000}`,
		`{"maxPromptLength":2000,"maxOutputTokens":500,"maxScore":500,"tasks":{"b":"simple"},"weights":{"digits":{"points":0,"full":7}}}`,
	}
	var got []string
	for _, spec := range d.Snapshot().Policies {
		got = append(got, string(spec.Options))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("options (-want +got):\n%s", diff)
	}
}

func TestRevisionFollowsContent(t *testing.T) {
	base := newDecider(t, policy.Options{}).Revision()
	if again := newDecider(t, policy.Options{Policies: policy.Defaults(policy.Cost{ExpectedRequests: 300})}).Revision(); again != base {
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
	_, err := snapshot.Decider()
	wantErrorAbout(t, err, "opaque")
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
	only := func(name, options string) func(*policy.Snapshot) {
		return func(s *policy.Snapshot) {
			s.Policies = []policy.Spec{{Name: name, Options: json.RawMessage(options)}}
		}
	}
	for _, test := range []struct {
		name   string
		change func(*policy.Snapshot)
		want   string
	}{
		{"newer schema", func(s *policy.Snapshot) { s.Schema = policy.SchemaVersion + 1 }, "schema"},
		{"no schema", func(s *policy.Snapshot) { s.Schema = 0 }, "schema"},
		{"unknown policy", only("astrology", ""), "unknown"},
		{"unknown option", only(policy.NameComplexity, `{"maxMood":3}`), "maxMood"},
		{"unknown weight", only(policy.NameComplexity, `{"weights":{"mood":{"points":1,"full":1}}}`), "mood"},
		{"option of another kind", only(policy.NameTask, `{"tasks":"code"}`), "tasks"},
		{"option in another case", only(policy.NameComplexity, `{"MAXSCORE":100}`), "MAXSCORE"},
		{"option twice", only(policy.NameComplexity, `{"maxScore":1,"maxScore":2}`), "twice"},
		{"weight twice", only(policy.NameComplexity, `{"weights":{"digits":{"points":1,"full":1,"points":2}}}`), "twice"},
		{"memory below nothing", only(policy.NameCapability, `{"minRAMGB":-5}`), "minRAMGB is -5"},
		{"memory that no device has", only(policy.NameCapability, `{"minRAMGB":1e999}`), "minRAMGB is 1e999"},
		{"size cap out of range", func(s *policy.Snapshot) { s.Limits.MaxModelBytes = -1 }, "MaxModelBytes"},
		{"option out of range", only(policy.NameComplexity, `{"maxPromptLength":-3}`), "MaxPromptLength"},
		{"unknown rule", only(policy.NameTier, `{"otherwise":"sometimes"}`), "sometimes"},
		{"first unknown", func(s *policy.Snapshot) { s.First = []string{"nobody"} }, "nobody"},
		{"invalid model", func(s *policy.Snapshot) {
			s.Models = append(s.Models[:len(s.Models):len(s.Models)], s.Models[0])
		}, "twice"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := good
			test.change(&s)
			_, err := s.Decider()
			wantErrorAbout(t, err, test.want)
		})
	}
}

func TestFromSpecRefusesWhatADeciderWould(t *testing.T) {
	for options, want := range map[string]string{
		`{"maxScore":5000}`: "MaxScore", `{"maxScore":-1}`: "MaxScore", `{} {}`: "after top-level value", `[]`: "array",
	} {
		_, err := policy.FromSpec(policy.Spec{Name: policy.NameComplexity, Options: json.RawMessage(options)})
		wantErrorAbout(t, err, policy.NameComplexity, want)
	}
}

// What is decided from a snapshot goes under the snapshot's revision.
func TestADeciderFromASnapshotKeepsItsRevision(t *testing.T) {
	d := newDecider(t, everyone())
	if there := travelled(t, d); there.Revision() != d.Revision() {
		t.Errorf("got revision %s, want %s", there.Revision(), d.Revision())
	}
	s := d.Snapshot()
	s.Revision = ""
	if there, err := s.Decider(); err != nil || there.Revision() == "" {
		t.Errorf("without one there is none: %v", err)
	}
}

func TestASnapshotSharesNothingWithItsDecider(t *testing.T) {
	d := newDecider(t, policy.Options{
		Policies: policy.Defaults(policy.Declared(says("acme.x", policy.Verdict{}), policy.Declaration{
			Effects: &policy.Effects{Forbid: []policy.Target{browser}},
		})),
		First:  []string{policy.NameTask},
		Limits: registry.Limits{DisabledEngines: []string{registry.Wllama}},
	})
	before := encoded(t, d.Snapshot())
	s := d.Snapshot()
	for i := range s.Policies {
		s.Policies[i].Name = "x"
		clear(s.Policies[i].Options)
		if s.Policies[i].Effects != nil {
			s.Policies[i].Effects.Forbid[0] = server
		}
	}
	s.First[0], s.Limits.DisabledEngines[0], s.Models[0].ID = "x", "x", "x"
	if after := encoded(t, d.Snapshot()); after != before {
		t.Errorf("got %s, before %s", after, before)
	}
}

func FuzzSnapshot(f *testing.F) {
	f.Add([]byte(encoded(f, newDecider(f, policy.Options{}).Snapshot())))
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
