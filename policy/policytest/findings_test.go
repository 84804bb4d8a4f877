package policytest

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edgewise-ai/edgewise/policy"
)

// fault is a policy that misbehaves in one way.
type fault struct {
	name   string
	policy policy.Policy
	check  string // which must find it
	words  string // which it must be told of
}

// TestFindings holds the kit to its purpose: whatever a policy may do wrong, the
// check for it finds, and says what to do.
func TestFindings(t *testing.T) {
	var faults []fault
	for _, list := range [][]fault{refused(), stubborn(), badVerdicts(), impure(), badExplanations()} {
		faults = append(faults, list...)
	}
	checked := make(map[string]bool)
	for _, f := range faults {
		checked[f.check] = true
		t.Run(f.name, func(t *testing.T) {
			// In a bubble, where the kit's patience costs no time.
			synctest.Test(t, func(t *testing.T) {
				defer time.Sleep(2 * time.Hour) // until policies that went on have ended
				check, bad := firstFinding(t.Context(), f.policy)
				switch {
				case bad == nil:
					t.Fatalf("nothing was found, want %s to find it", f.check)
				case check != f.check || !strings.Contains(bad.problem, f.words):
					t.Errorf("%s found %q, want %s to find something about %q", check, bad.problem, f.check, f.words)
				case bad.advice == "":
					t.Error("the finding does not say what to do")
				}
			})
		})
	}
	for _, check := range checks {
		if !checked[check.name] && check.name != "Portable" { // which has a test of its own
			t.Errorf("no policy here fails the check %s", check.name)
		}
	}
}

func firstFinding(ctx context.Context, p policy.Policy) (check string, bad *finding) {
	for _, c := range checks {
		if bad := c.find(ctx, p); bad != nil {
			return c.name, bad
		}
	}
	return "", nil
}

// Only a fault of a built-in policy could fail the check Portable, so that check
// is tested by its parts.
func TestDifferencesAreFound(t *testing.T) {
	p := policy.Complexity{MaxPromptLength: 2_000}
	if bad := findDifference(t.Context(), p, policy.Complexity{}); bad != nil {
		t.Errorf("a default and its value differ: %s", bad.problem)
	}
	if bad := findDifference(t.Context(), p, policy.Complexity{MaxPromptLength: 1_999}); bad == nil {
		t.Error("a difference at the edge of a threshold is not found")
	}
}

// acme is a policy of an app's own.
func acme(f policy.PolicyFunc) policy.Policy { return policy.Named("acme.x", f) }

// always is one that always gives the same verdict.
func always(v policy.Verdict) policy.PolicyFunc {
	return func(context.Context, *policy.Input) (policy.Verdict, error) { return v, nil }
}

var (
	abstain      policy.Verdict
	preferServer = policy.Verdict{Prefer: policy.Server, Reason: "acme_x"}
)

// embedding is a built-in policy changed in the wrong way.
type embedding struct{ policy.Budget }

func (embedding) Evaluate(context.Context, *policy.Input) (policy.Verdict, error) {
	return preferServer, nil
}

func refused() []fault {
	return []fault{
		{"no policy", nil, "Admitted", "is nil"},
		{"no name", always(abstain), "Admitted", "no name"},
		{"malformed name", policy.Named("Night Shift", always(abstain)), "Admitted", "malformed"},
		{"reserved name", policy.Named("night_shift", always(abstain)), "Admitted", "reserved"},
		{"option out of range", policy.Battery{MinLevelPermille: 1_001}, "Admitted", "MinLevelPermille"},
		{"embeds a built-in policy", embedding{}, "Admitted", "embeds policy.Budget"},
		{
			"declares nonsense", policy.Declared(acme(always(abstain)), policy.Declaration{WhenUnreachable: "hope"}),
			"Admitted", "hope",
		},
	}
}

func stubborn() []fault {
	return []fault{
		{"goes on after its context ended", acme(func(context.Context, *policy.Input) (policy.Verdict, error) {
			time.Sleep(time.Hour)
			return abstain, nil
		}), "Canceled", "has ended before"},
		{"looks at its context only at first", acme(func(ctx context.Context, _ *policy.Input) (policy.Verdict, error) {
			if ctx.Err() == nil {
				time.Sleep(time.Hour)
			}
			return abstain, ctx.Err()
		}), "Canceled", "ends meanwhile"},
	}
}

func badVerdicts() []fault {
	onceKnown := func(bad policy.PolicyFunc) policy.Policy {
		return acme(func(ctx context.Context, in *policy.Input) (policy.Verdict, error) {
			if in.Request.PromptLength == 0 {
				return abstain, nil
			}
			return bad(ctx, in)
		})
	}
	return []fault{
		{"takes a budget for granted", acme(func(_ context.Context, in *policy.Input) (policy.Verdict, error) {
			if in.Subject.Budget.RemainingMicroUSD > 0 {
				return abstain, nil
			}
			return preferServer, nil
		}), "NothingKnown", "panicked"},
		{"takes a candidate for granted", acme(func(_ context.Context, in *policy.Input) (policy.Verdict, error) {
			if in.Candidate.ID == "acme" {
				return preferServer, nil
			}
			return abstain, nil
		}), "NothingKnown", "panicked"},
		{"asks for more than it can have", acme(func(_ context.Context, in *policy.Input) (policy.Verdict, error) {
			if in.Subject.Tier == "" {
				return abstain, errors.New("no tier")
			}
			return abstain, nil
		}), "NothingKnown", "no tier"},
		{"fails", onceKnown(func(context.Context, *policy.Input) (policy.Verdict, error) {
			return abstain, errors.New("the table is not there")
		}), "Verdicts", "the table is not there"},
		{"panics", onceKnown(func(context.Context, *policy.Input) (policy.Verdict, error) { panic("nil map") }), "Verdicts", "nil map"},
		{"no reason", onceKnown(always(policy.Verdict{Prefer: policy.Server})), "Verdicts", "malformed reason"},
		{"malformed reason", onceKnown(always(policy.Verdict{Prefer: policy.Server, Reason: "Too slow!"})), "Verdicts", "Too slow!"},
		{"prefers no such target", onceKnown(always(policy.Verdict{Prefer: 9, Reason: "x"})), "Verdicts", "target"},
		{"forbids no such target", onceKnown(always(policy.Verdict{Forbid: 1 << 7, Reason: "x"})), "Verdicts", "target"},
		{"goes beyond what it declared", policy.Declared(
			onceKnown(always(preferServer)), policy.Declaration{Effects: &policy.Effects{Prefer: []policy.Target{policy.Browser}}},
		), "Verdicts", "beyond"},
	}
}

func impure() []fault {
	changes := func(change func(in *policy.Input)) policy.Policy {
		return acme(func(_ context.Context, in *policy.Input) (policy.Verdict, error) {
			change(in)
			return abstain, nil
		})
	}
	var asked, inside atomic.Int64
	seen := make(map[*policy.Input]bool)
	return []fault{
		{"sets a tier", changes(func(in *policy.Input) { in.Subject.Tier = "pro" }), "InputUntouched", "Input.Subject"},
		{"forgets models", changes(func(in *policy.Input) { clear(in.State.Models) }), "InputUntouched", "Input.State"},
		{"corrects a count", changes(func(in *policy.Input) {
			if in.Request.Features != nil {
				in.Request.Features.Digits++
			}
		}), "InputUntouched", "Input.Request"},
		{"turns on the trace", changes(func(in *policy.Input) { in.Trace = true }), "InputUntouched", "Input.Trace"},
		{"counts its calls", acme(func(context.Context, *policy.Input) (policy.Verdict, error) {
			if asked.Add(1)%2 == 0 {
				return preferServer, nil
			}
			return abstain, nil
		}), "Deterministic", "equal input"},
		{"goes by addresses", acme(func(_ context.Context, in *policy.Input) (policy.Verdict, error) {
			if seen[in] {
				return preferServer, nil
			}
			seen[in] = true
			return abstain, nil
		}), "Deterministic", "equal input"},
		{"minds company", acme(func(context.Context, *policy.Input) (policy.Verdict, error) {
			defer inside.Add(-1)
			if inside.Add(1); inside.Load() > 1 {
				return preferServer, nil
			}
			time.Sleep(time.Microsecond)
			return abstain, nil
		}), "Concurrent", "goroutines at once"},
	}
}

// explained is a policy that explains itself by the given function.
type explained struct {
	policy.PolicyFunc
	numbers func(in *policy.Input) map[string]int64
}

func (e explained) Explain(in *policy.Input) map[string]int64 { return e.numbers(in) }

func badExplanations() []fault {
	explains := func(numbers func(in *policy.Input) map[string]int64) policy.Policy {
		return policy.Timeout(policy.Named("acme.x", explained{always(abstain), numbers}), time.Minute, abstain)
	}
	var asked atomic.Int64
	return []fault{
		{"explains with a panic", explains(func(in *policy.Input) map[string]int64 {
			return map[string]int64{"microUSD": in.Subject.Budget.RemainingMicroUSD}
		}), "Explain", "panicked"},
		{"explains by its calls", explains(func(*policy.Input) map[string]int64 {
			return map[string]int64{"calls": asked.Add(1)}
		}), "Explain", "again"},
		{"explains and changes", explains(func(in *policy.Input) map[string]int64 {
			in.Request.Task = ""
			return nil
		}), "Explain", "Input.Request"},
	}
}
