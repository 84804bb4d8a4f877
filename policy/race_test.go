//go:build race

package policy_test

// raceEnabled tells that the race detector is on.
const raceEnabled = true
