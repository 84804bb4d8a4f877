// Package ledgertest checks what keeps account of answered requests: [Run] that a
// [ledger.Ledger] keeps what its interface promises, [RunStore] that a [ledger.Store]
// does. Authors of either call it from a test of their own:
//
//	func TestConformance(t *testing.T) {
//		ledgertest.RunStore(t, func(t *testing.T) (ledger.Store, func() ledger.Store) {
//			table := newTable(t)
//			open := func() ledger.Store { return openMyStore(t, table) }
//			return open(), open
//		})
//	}
//
// What shows in the sums alone is checked only of one that is a [ledger.Reader], and
// that every field of an entry survives only of a [Lister]; without either there is
// little to see. [ledger.Memory] passes, and [ledger.Queue] in front of a store that
// does. Run the tests with -race: Sums is called while entries are stored.
package ledgertest
