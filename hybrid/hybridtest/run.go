package hybridtest

import (
	"testing"

	"github.com/edgewise-ai/edgewise/hybrid/ledger"
	"github.com/edgewise-ai/edgewise/hybrid/limit"
)

// Stores are what the replicas of a service share.
type Stores struct {
	Ledger Ledger
	Limits limit.Store
}

// Ledger is a ledger that can be read.
type Ledger interface {
	ledger.Ledger
	ledger.Reader
}

// Replicas are the stores of one replica, and how another gets at the same data. Stores
// that live in one process have no other, and leave it nil.
type Replicas struct {
	Stores
	Another func() Stores
}

func (r Replicas) another() Stores {
	if r.Another == nil {
		return r.Stores
	}
	return r.Another()
}

// Run runs the kit, a subtest for each promise. open returns stores in which nothing
// has been counted; it is called once for each subtest, and registers with t what must
// be released.
func Run(t *testing.T, open func(t *testing.T) Replicas) {
	for _, test := range []struct {
		name string
		run  func(t *testing.T, stores Replicas)
	}{
		{"Attacks", testAttacks},
		{"Claims", testClaims},
		{"Floods", testFloods},
		{"LargeBodies", testLargeBodies},
		{"Accounting", testAccounting},
		{"Replays", testReplays},
		{"HardBudget", testHardBudget},
		{"SoftBudget", testSoftBudget},
		{"TierBudget", testTierBudget},
		{"Tokens", testTokens},
		{"Savings", testSavings},
		{"Replicas", testReplicas},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, open(t)) })
	}
}
