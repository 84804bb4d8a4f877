package ledgertest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/edgewise-ai/edgewise/hybrid/ledger"
)

// Lister is a ledger or store that can hand back what it holds: each entry once, in
// any order. It is found by type assertion, so a test can wrap a store that has no
// need of it otherwise.
type Lister interface {
	Entries(ctx context.Context) ([]ledger.Entry, error)
}

// Run checks the ledgers that open returns: one for each check, empty, with room for
// 1,000 entries that have yet to be stored, and for 60,000 that are. What open opens
// it closes with t.Cleanup.
func Run(t *testing.T, open func(t *testing.T) ledger.Ledger) {
	t.Helper()
	run(t, append(ledgerChecks, readerChecks...), func(t *testing.T) kit {
		return kit{ledger: open(t), patience: patience}
	})
}

// RunStore checks the stores that open returns: one for each check, empty, which
// keeps 60,000 entries of any age. With each comes a function that opens a further
// handle on the same data, as a second process would, or nil where there can't be
// one. What open opens it closes with t.Cleanup.
func RunStore(t *testing.T, open func(t *testing.T) (store ledger.Store, another func() ledger.Store)) {
	t.Helper()
	run(t, append(storeChecks, readerChecks...), func(t *testing.T) kit {
		store, another := open(t)
		return kit{store: store, another: another, patience: patience}
	})
}

// patience is how long anything that must be prompt may take on a busy machine.
const patience = 20 * time.Second

// check is one thing to look at. It returns what is wrong, so that it can be tested
// itself.
type check struct {
	name string
	run  func(kit, context.Context) error
}

// skip is why a check can't be made.
type skip string

func (s skip) Error() string { return string(s) }

func run(t *testing.T, checks []check, open func(t *testing.T) kit) {
	t.Helper()
	for _, c := range checks {
		t.Run(c.name, func(t *testing.T) {
			err := c.run(open(t), t.Context())
			var why skip
			switch {
			case errors.As(err, &why):
				t.Skip(why)
			case err != nil:
				t.Error(err)
			}
		})
	}
}
