// Package policytest checks that a [policy.Policy] keeps what its interface
// promises, and makes inputs to test policies with. Authors of policies call
// [Run] from a test of their own:
//
//	func TestConformance(t *testing.T) {
//		policytest.Run(t, policy.Named("acme.night_shift", nightShift{}))
//	}
//
// The built-in policies are the first to pass. Run the tests with -race: the
// detector finds what a check for concurrent use cannot.
package policytest
