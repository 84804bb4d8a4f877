package ledgertest

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/edgewise-ai/edgewise/hybrid/ledger"
)

// impatience is enough for what hangs for ever.
const impatience = 300 * time.Millisecond

// TestRunStoreFindsMistakes: a check that no mistake fails is worth nothing.
func TestRunStoreFindsMistakes(t *testing.T) {
	checks := slices.Concat(storeChecks, readerChecks)
	var fails string
	for _, m := range slices.Concat(storeMistakes(), readerMistakes()) {
		fails += " " + m.fails
		t.Run(m.name, func(t *testing.T) {
			wantFound(t, checks, m.fails, func() kit {
				b := m.broken
				b.shelf = newShelf()
				another := func() ledger.Store { return b }
				if b.another != nil {
					another = func() ledger.Store { return b.another(b.shelf) }
				}
				return kit{store: b, another: another, patience: impatience}
			})
		})
	}
	wantEach(t, checks, fails)
}

func TestRunFindsMistakes(t *testing.T) {
	var fails string
	for _, m := range ledgerMistakes() {
		fails += " " + m.fails
		t.Run(m.name, func(t *testing.T) {
			wantFound(t, slices.Concat(ledgerChecks, readerChecks), m.fails, func() kit {
				return kit{ledger: m.broken(ledger.NewMemory(ledger.MemoryOptions{})), patience: impatience}
			})
		})
	}
	wantEach(t, ledgerChecks, fails)
}

// wantEach wants a mistake for each check.
func wantEach(t *testing.T, checks []check, fails string) {
	t.Helper()
	for _, c := range checks {
		if !slices.Contains(strings.Fields(fails), c.name) {
			t.Errorf("no mistake is for %s", c.name)
		}
	}
}

// wantFound wants each of the named checks to find something; all, if none is
// named, to find nothing.
func wantFound(t *testing.T, checks []check, fails string, open func() kit) {
	t.Helper()
	named := strings.Fields(fails)
	for _, c := range checks {
		bad := slices.Contains(named, c.name)
		if !bad && fails != "" {
			continue
		}
		k := open()
		if !bad {
			k.patience = patience
		}
		err := c.run(k, t.Context())
		var why skip
		if (err != nil && !errors.As(err, &why)) != bad {
			t.Errorf("%s says: %v", c.name, err)
		}
	}
}
