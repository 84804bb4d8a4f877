// Package limittest checks that a [limit.Store] counts as its interface promises.
// Authors of stores call [Run] from a test of their own:
//
//	func TestConformance(t *testing.T) {
//		limittest.Run(t, func(t *testing.T) limit.Store { return openMyStore(t) })
//	}
//
// [limit.Memory] is the first to pass. Run the tests with -race: half of the promises
// are about concurrent use.
package limittest
