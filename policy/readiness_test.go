package policy_test

import (
	"testing"

	"github.com/edgewise-ai/edgewise/capability"
	"github.com/edgewise-ai/edgewise/policy"
	"github.com/edgewise-ai/edgewise/registry"
)

func readinessCases() []testCase {
	state := func(status registry.Status, loadMs capability.Count) policy.Input {
		return while(every(registry.ModelState{Status: status, LoadMs: loadMs}))
	}
	free := goes(browser, policy.OptimalForBrowser)
	wait := goes(server, policy.ModelNotReady)

	cases := both("readiness", policy.Readiness{},
		row{"unknown", policy.Input{}, free},
		row{"unknown, loads slowly", state("", capability.MaxCount), free},
		row{"absent", state(registry.Absent, 0), wait},
		row{"absent, loads fast", state(registry.Absent, 1), wait},
		row{"cached, loads in no known time", state(registry.Cached, 0), free},
		row{"cached, loads in just under 5 s", state(registry.Cached, 4_999), free},
		row{"cached, loads in 5 s", state(registry.Cached, 5_000), free},
		row{"cached, loads in just over 5 s", state(registry.Cached, 5_001), wait},
		row{"cached, loads for ages", state(registry.Cached, capability.MaxCount), wait},
		row{"loaded, after a long time", state(registry.Loaded, capability.MaxCount), free},
		row{
			"a small one loaded, better ones absent",
			while(policy.State{Models: map[string]registry.ModelState{
				"phone-350m": {Status: registry.Loaded}, "desktop-3.8b": {Status: registry.Absent},
			}}),
			free.with("phone-350m"),
		},
		row{
			"the best absent, the others unknown",
			while(policy.State{Models: map[string]registry.ModelState{"desktop-3.8b": {Status: registry.Absent}}}),
			wait.with("desktop-3.8b"),
		},
	)
	cases = append(cases, both("readiness within a millisecond", policy.Readiness{MaxLoadMs: 1},
		row{"loads in one", state(registry.Cached, 1), free},
		row{"loads in two", state(registry.Cached, 2), wait},
	)...)
	return append(cases, both("readiness that waits", policy.Readiness{Wait: true},
		row{"absent", state(registry.Absent, 0), free},
		row{"cached, loads for ages", state(registry.Cached, capability.MaxCount), free},
	)...)
}

func TestPreloadNamesWhatIsNotLoaded(t *testing.T) {
	d := newDecider(t, policy.Options{})
	for status, preload := range map[registry.Status]string{
		"": "desktop-3.8b", registry.Absent: "desktop-3.8b", registry.Cached: "desktop-3.8b", registry.Loaded: "",
	} {
		got := d.Decide(t.Context(), complete(while(every(registry.ModelState{Status: status}))))
		if idOf(got.Preload) != preload {
			t.Errorf("%q: the decision names %q as preload, want %q", status, idOf(got.Preload), preload)
		}
	}
}
