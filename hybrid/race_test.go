//go:build race

package hybrid_test

// raceEnabled says that sync.Pool drops values at random, which allocates.
const raceEnabled = true
