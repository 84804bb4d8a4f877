package policy_test

import (
	"testing"

	"github.com/edgewise-ai/edgewise/policy"
	"github.com/edgewise-ai/edgewise/registry"
)

// embedding is a built-in policy changed in a way that would go unheard.
type embedding struct{ policy.Budget }

func TestNewDeciderRefuses(t *testing.T) {
	unnamed := always(policy.Verdict{})
	index, err := registry.NewIndex(registry.Listing{})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name string
		opts policy.Options
		want string
	}{
		{"no name", alone(unnamed), "has no name"},
		{"empty name", alone(policy.Named("", unnamed)), "malformed"},
		{"malformed name", alone(policy.Named("Acme X", unnamed)), "malformed"},
		{"reserved name", alone(policy.Named("budgets", unnamed)), "reserved"},
		{"another privacy", alone(policy.Named("privacy", unnamed)), "reserved"},
		{"unknown WhenUnreachable", alone(policy.Named("acme.x", policy.Declared(unnamed, policy.Declaration{WhenUnreachable: "banana"}))), "banana"},
		{"effect on no target", alone(policy.Named("acme.x", policy.Declared(unnamed, policy.Declaration{
			Effects: &policy.Effects{Prefer: []policy.Target{none}},
		}))), "effect on none"},
		{"a built-in policy embedded", alone(embedding{}), "embeds policy.Budget"},
		{"a name twice", alone(policy.Privacy{}, policy.Privacy{}), "two policies"},
		{"privacy twice", alone(policy.Privacy{}, &policy.Privacy{}), "two policies"},
		{"no policy", alone(policy.Health{}, nil), "Options.Policies[1] is nil"},
		{"no policy within a name", alone(policy.Named("acme.x", nil)), "wraps a policy that is"},
		{"no policy within a time", alone(policy.Timeout(nil, 1, policy.Verdict{})), "wraps a policy that is"},
		{"no function", alone(policy.Named("acme.x", policy.PolicyFunc(nil))), "wraps a policy that is"},
		{"a wrapper around itself", alone(endless{}), "wraps a policy that is nil, or itself"},
		{"one custom name twice", policy.Options{Policies: policy.Defaults(
			policy.Named("acme.x", unnamed), policy.Named("acme.x", unnamed),
		)}, "two policies"},
		{"a built-in policy wrapped", alone(policy.Timeout(policy.Speed{}, 1, policy.Verdict{})), `policy.Named("acme.speed"`},
		{"a pointer to nothing", alone((*policy.Complexity)(nil)), "is nil"},
		{"first unknown", policy.Options{First: []string{"acme.x"}}, "none of the policies"},
		{"first the candidate", policy.Options{First: []string{candidate}}, "none of the policies"},
		{"first twice", policy.Options{First: []string{policy.NameCost, policy.NameTask, policy.NameCost}}, `names "cost" twice`},
		{"size cap", policy.Options{Limits: registry.Limits{MaxModelBytes: -1}}, "MaxModelBytes"},
		{"failures", policy.Options{Limits: registry.Limits{MaxFailures: -1}}, "MaxFailures"},
		{"speed floor", policy.Options{Limits: registry.Limits{MinTokensPerSecondMilli: -1}}, "MinTokensPerSecondMilli"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := policy.NewDecider(index, test.opts)
			wantErrorAbout(t, err, test.want)
		})
	}
}

// endless unwraps to itself.
type endless struct{ policy.Policy }

func (e endless) Unwrap() policy.Policy { return e }

func TestNewDeciderNeedsAnIndex(t *testing.T) {
	_, err := policy.NewDecider(nil, policy.Options{})
	wantErrorAbout(t, err, "needs an index")
}

func TestDefaultsTakeWhateverTheyAreGiven(t *testing.T) {
	a, b := says("acme.a", policy.Verdict{}), says("acme.b", policy.Verdict{})
	for name, test := range map[string]struct {
		custom []policy.Policy
		want   int
	}{
		"wrapped, and others": {[]policy.Policy{policy.Timeout(a, 1, policy.Verdict{}), policy.Declared(b, policy.Declaration{})}, 16},
		"one name twice":      {[]policy.Policy{a, policy.Timeout(a, 1, policy.Verdict{})}, 16}, // for NewDecider to refuse
		"without a name":      {[]policy.Policy{always(policy.Verdict{}), b, always(policy.Verdict{})}, 17},
		"nil":                 {[]policy.Policy{nil, a, (*policy.Cost)(nil)}, 17},
		"pointers":            {[]policy.Policy{&policy.Privacy{}, &policy.Cost{}}, 14},
	} {
		if got := len(policy.Defaults(test.custom...)); got != test.want {
			t.Errorf("%s: %d policies, want %d", name, got, test.want)
		}
	}
}

func TestPointersToBuiltInPoliciesAreAsGood(t *testing.T) {
	d := newDecider(t, policy.Options{Policies: policy.Defaults(&policy.Privacy{}, &policy.Complexity{MaxPromptLength: 7})})
	plain := newDecider(t, policy.Options{Policies: policy.Defaults(policy.Complexity{MaxPromptLength: 7})})
	if got, want := encoded(t, d.Snapshot()), encoded(t, plain.Snapshot()); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestDefaultsReplaceByName(t *testing.T) {
	all := policy.Defaults(policy.Cost{ExpectedRequests: 7}, says("acme.x", policy.Verdict{}))
	if len(all) != 15 {
		t.Fatalf("%d policies, want the fourteen built-in ones and one more", len(all))
	}
	if all[13] != policy.Policy(policy.Cost{ExpectedRequests: 7}) {
		t.Errorf("the default is still there: %+v", all[13])
	}
}

func TestADecisionNeedsNothingKnown(t *testing.T) {
	got := newDecider(t, policy.Options{}).Decide(t.Context(), policy.Input{})
	if got.Target != browser || got.Reason != policy.OptimalForBrowser {
		t.Errorf("got %v because %s", got.Target, got.Reason)
	}
	if empty := newDeciderOver(t, nil, policy.Options{}).Decide(t.Context(), policy.Input{}); empty.Reason != policy.NoCompatibleModel {
		t.Errorf("without models: got %s", empty.Reason)
	}
}

func TestForbiddenOfNoTarget(t *testing.T) {
	d := newDecider(t, policy.Options{}).Decide(t.Context(), policy.Input{})
	for _, target := range []policy.Target{none, 3, 255} {
		if why := d.Forbidden(target); why != "" {
			t.Errorf("%v is forbidden because of %s", target, why)
		}
	}
}
