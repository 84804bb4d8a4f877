// Package hybridtest runs a router over a ledger and a limit store, and checks that
// what they count is true: whatever pages claim, however often they repeat it, and
// however many replicas share the stores.
//
// It is for stores that are meant to be shared: ledgertest and limittest check each
// by itself, and this kit what a router makes of them.
//
//	func TestStores(t *testing.T) {
//		hybridtest.Run(t, func(t *testing.T) hybridtest.Replicas { … })
//	}
package hybridtest
