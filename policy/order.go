package policy

import "slices"

// Names of the built-in policies, in the order in which their forbids are
// shown. The candidate choice speaks after capability: what a device can't do
// comes before what anybody wants.
const (
	NameEnabled    = "enabled"
	NameCapability = "capability"
	NamePrivacy    = "privacy"
	NamePreference = "preference"
	NameReadiness  = "readiness"
	NameComplexity = "complexity"
)

// The fixed orders of the decision rule. They hold names of policies that later
// versions add, so that adding one never moves another.
var (
	forbidOrder = []string{
		NameEnabled, NameCapability, candidateName, NamePrivacy, NamePreference, "budget", "tier",
		"health", "sticky", NameReadiness, "battery", "speed", "task", NameComplexity, "cost",
	}
	preferOrder = []string{
		"health", "budget", "sticky", NamePreference, NameReadiness, "battery", "speed",
		"tier", "task", NameComplexity, "cost",
	}
)

// candidateName marks the place of the candidate choice among the forbids. It
// is no policy.
const candidateName = "candidate"

var candidatePlace = slices.Index(forbidOrder, candidateName)

// forbidPlace is a policy's place among forbids; an app's own share the last.
func forbidPlace(name string) int {
	if place := slices.Index(forbidOrder, name); place >= 0 {
		return place
	}
	return len(forbidOrder)
}
