// Package registrytest checks that a [registry.ModelRegistry] keeps what its
// interface promises. Authors of registries call [Run] from a test of their own:
//
//	func TestConformance(t *testing.T) {
//		registrytest.Run(t, func(t *testing.T) registry.ModelRegistry {
//			return openMyRegistry(t)
//		})
//	}
//
// A registry that also implements [registry.Writer] or [registry.Watcher] is
// checked for those as well. [registry.Memory] and [registry.File] pass, and so does
// the client of a model service in this package's tests. Run the tests with -race:
// half of the promises are about concurrent use.
package registrytest
