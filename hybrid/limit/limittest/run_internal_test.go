package limittest

import (
	"cmp"
	"context"
	"slices"
	"testing"
	"time"

	"github.com/edgewise-ai/edgewise/hybrid/limit"
)

func TestRunFindsNothingWrongWithATable(t *testing.T) {
	Run(t, func(*testing.T) limit.Store { return &broken{table: newTable()} })
}

// mistake is a way for a store to be wrong.
type mistake struct {
	name     string
	check    string // the first to find it
	store    broken
	patience time.Duration // defaults to that of Run
}

// TestRunFindsMistakes holds the kit to its purpose.
func TestRunFindsMistakes(t *testing.T) {
	mistakes := slices.Concat(
		wrongTimes(), wrongPeriods(), wrongStates(), wrongKeys(),
		wrongTakes(), wrongRefusals(), wrongSettles(), wrongNumbers(), wrongCalls(), wrongLocks(),
	)
	found := make(map[string]bool)
	for _, m := range mistakes {
		found[m.check] = true
		t.Run(m.name, func(t *testing.T) {
			m.store.table = newTable()
			check, err := firstMistake(t.Context(), &m.store, cmp.Or(m.patience, patience))
			if check != m.check {
				t.Errorf("%q finds %v, want %q to be the first to find something", check, err, m.check)
			}
		})
	}
	for _, c := range checks {
		if !found[c.name] {
			t.Errorf("no mistake here is for the check %s", c.name)
		}
	}
}

func firstMistake(ctx context.Context, s limit.Store, patience time.Duration) (check string, err error) {
	for _, c := range checks {
		if err := c.run(newKit(ctx, s, patience)); err != nil {
			return c.name, err
		}
	}
	return "", nil
}
