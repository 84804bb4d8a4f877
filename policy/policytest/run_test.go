package policytest_test

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/edgewise-ai/edgewise/policy"
	"github.com/edgewise-ai/edgewise/policy/policytest"
)

func TestBuiltInPoliciesPass(t *testing.T) {
	for _, p := range policy.Defaults() {
		t.Run(p.(policy.Namer).Name(), func(t *testing.T) { policytest.Run(t, p) })
	}
}

func TestOtherPoliciesPass(t *testing.T) {
	nightShift := policy.PolicyFunc(func(_ context.Context, in *policy.Input) (policy.Verdict, error) {
		if in.Identity.Subject == "user-1" {
			return policy.Verdict{Prefer: policy.Server, Reason: "acme_night_shift"}, nil
		}
		return policy.Verdict{}, nil
	})
	prefersServer := policy.Declaration{Effects: &policy.Effects{Prefer: []policy.Target{policy.Server}}}
	tests := map[string]policy.Policy{
		"budget with options": policy.Budget{ReserveMicroUSD: 1, Hard: true},
		"tier with options": policy.Tier{
			Rules: map[string]policy.TierRule{"": policy.PreferBrowser, "free": policy.BrowserOnly}, Otherwise: policy.ServerOnly,
		},
		"complexity with options": policy.Complexity{
			MaxScore: 1, Tasks: map[string]policy.Level{"poetry": policy.Complex}, Weights: policy.Weights{Digits: policy.Weight{Points: 9, Full: 7}},
		},
		"pointer to a built-in": &policy.Readiness{MaxLoadMs: 4_999},
		"built-in by a name":    policy.Named("acme.speed", policy.Speed{}),
		"named":                 policy.Named("acme.night_shift", nightShift),
		"declared":              policy.Declared(policy.Named("acme.night_shift", nightShift), prefersServer),
		"with a timeout": policy.Timeout(
			policy.Declared(policy.Named("acme.night_shift", nightShift), prefersServer),
			time.Minute, policy.Verdict{Prefer: policy.Server, Reason: "acme_late"}),
	}
	for name, p := range tests {
		t.Run(name, func(t *testing.T) { policytest.Run(t, p) })
	}
}

// faultyEnv makes this test binary run the kit on a policy that fails, to see
// from outside that Run fails its test.
const faultyEnv = "EDGEWISE_POLICYTEST_FAULTY"

func TestRunFailsTheTest(t *testing.T) {
	if os.Getenv(faultyEnv) != "" {
		policytest.Run(t, policy.Named("acme.x", policy.PolicyFunc(
			func(context.Context, *policy.Input) (policy.Verdict, error) {
				return policy.Verdict{Prefer: policy.Server}, nil
			})))
		return
	}
	test := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestRunFailsTheTest$", "-test.v")
	test.Env = append(os.Environ(), faultyEnv+"=1")
	output, err := test.CombinedOutput()
	if err == nil {
		t.Fatalf("the test passed:\n%s", output)
	}
	for _, want := range []string{"--- FAIL: TestRunFailsTheTest/Verdicts", "malformed reason", "gives a reason"} {
		if !strings.Contains(string(output), want) {
			t.Errorf("the output does not say %q:\n%s", want, output)
		}
	}
	if strings.Contains(string(output), "InputUntouched") {
		t.Errorf("Run went on after a finding:\n%s", output)
	}
}
