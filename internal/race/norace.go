//go:build !race

// Package race says whether the race detector is on. Tests that count allocations ask, for it makes a sync.Pool forget at
// random, and what was forgotten is allocated anew.
package race

// Enabled says that the race detector is on.
const Enabled = false
