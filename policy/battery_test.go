package policy_test

import (
	"github.com/edgewise-ai/edgewise/capability"
	"github.com/edgewise-ai/edgewise/policy"
)

func batteryCases() []testCase {
	level := func(permille capability.Count, charging capability.Presence) policy.Input {
		return while(policy.State{Battery: policy.BatteryState{LevelPermille: permille, Charging: charging}})
	}
	free := goes(browser, policy.OptimalForBrowser)
	low := goes(server, policy.LowBattery)

	cases := both("battery", policy.Battery{},
		row{"unknown", policy.Input{}, free},
		row{"empty", level(0, capability.No), low},
		row{"just under 20 %", level(199, capability.No), low},
		row{"20 %", level(200, capability.No), free},
		row{"just over 20 %", level(201, capability.No), free},
		row{"low but charging", level(199, capability.Yes), free},
		row{"low, charging unknown", level(199, capability.Unknown), free},
	)
	cases = append(cases, both("battery from a thousandth", policy.Battery{MinLevelPermille: 1},
		row{"empty", level(0, capability.No), low},
		row{"a thousandth", level(1, capability.No), free},
	)...)
	return append(cases, both("battery that must be full", policy.Battery{MinLevelPermille: 1_000},
		row{"nearly full", level(999, capability.No), low},
		row{"full", level(1_000, capability.No), free},
	)...)
}
