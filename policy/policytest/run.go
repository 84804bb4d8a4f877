package policytest

import (
	"context"
	"fmt"
	"testing"

	"github.com/edgewise-ai/edgewise/policy"
)

// Run checks a policy: an app's or a built-in one, plain or wrapped by
// [policy.Named], [policy.Declared] or [policy.Timeout]. What the policy needs in
// order to work, such as a database, must be there, because an error counts
// against it. It is evaluated more than ten thousand times.
//
// Each check is a subtest. A later one relies on those before it, so Run stops
// at the first that finds something, and says what to do about it.
func Run(t *testing.T, p policy.Policy) {
	t.Helper()
	for _, check := range checks {
		passed := t.Run(check.name, func(t *testing.T) {
			if found := check.find(t.Context(), p); found != nil {
				t.Errorf("%s\n%s", found.problem, found.advice)
			}
		})
		if !passed {
			return
		}
	}
}

// checks are in the order in which they rely on each other.
var checks = []struct {
	name string
	find func(context.Context, policy.Policy) *finding
}{
	{"Admitted", findRefusal},
	{"Canceled", findStubbornness},
	{"NothingKnown", findDemands},
	{"Verdicts", findBadVerdict},
	{"InputUntouched", findChange},
	{"Deterministic", findWhim},
	{"Concurrent", findRace},
	{"Explain", findBadExplanation},
	{"Portable", findLoss},
}

// finding is what a check found, and what to do about it.
type finding struct {
	problem string
	advice  string
}

// found makes a finding of a piece of advice and a problem.
func found(advice, problem string, args ...any) *finding {
	return &finding{problem: fmt.Sprintf(problem, args...), advice: advice}
}
