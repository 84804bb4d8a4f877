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
	NameBudget     = "budget"
	NameTier       = "tier"
	NameHealth     = "health"
	NameSticky     = "sticky"
	NameReadiness  = "readiness"
	NameBattery    = "battery"
	NameSpeed      = "speed"
	NameTask       = "task"
	NameComplexity = "complexity"
	NameCost       = "cost"
)

// The fixed orders of the decision rule.
var (
	forbidOrder = []string{
		NameEnabled, NameCapability, candidateName, NamePrivacy, NamePreference, NameBudget, NameTier,
		NameHealth, NameSticky, NameReadiness, NameBattery, NameSpeed, NameTask, NameComplexity, NameCost,
	}
	preferOrder = []string{
		NameHealth, NameBudget, NameSticky, NamePreference, NameReadiness, NameBattery, NameSpeed,
		NameTier, NameTask, NameComplexity, NameCost,
	}
)

// forbidPlace is a policy's place among forbids; an app's own share the last.
func forbidPlace(name string) int {
	if place := slices.Index(forbidOrder, name); place >= 0 {
		return place
	}
	return len(forbidOrder)
}
