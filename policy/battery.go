package policy

import (
	"cmp"
	"context"

	"github.com/edgewise-ai/edgewise/capability"
)

// Battery prefers the server, with low_battery, on a device that runs low and is
// not charging. A browser that does not tell about its battery is left alone.
type Battery struct {
	// MinLevelPermille is the level under which a discharging device is spared,
	// in thousandths, 1..1000. Defaults to 200, which is 20 % (book chapter
	// 5.5.10, "Battery Awareness"); 0 means the default.
	MinLevelPermille int64 `json:"minLevelPermille,omitempty"`
}

// DefaultMinLevelPermille is the default of [Battery.MinLevelPermille], in
// thousandths.
const DefaultMinLevelPermille = 200

// Name implements [Namer].
func (Battery) Name() string { return NameBattery }

// Validate reports an option out of range.
func (p Battery) Validate() error {
	return checkOptions(option{name: "MinLevelPermille", value: p.MinLevelPermille, most: maxLevelPermille})
}

func (p Battery) withDefaults() Battery {
	p.MinLevelPermille = cmp.Or(p.MinLevelPermille, DefaultMinLevelPermille)
	return p
}

func (p Battery) settled() portable { return p.withDefaults() }

// Evaluate implements [Policy].
func (p Battery) Evaluate(_ context.Context, in *Input) (Verdict, error) {
	battery := in.State.Battery
	if battery.Charging == capability.No && int64(battery.LevelPermille) < p.withDefaults().MinLevelPermille {
		return Verdict{Prefer: Server, Reason: LowBattery}, nil
	}
	return Verdict{}, nil
}

// Explain implements [Explainer].
func (p Battery) Explain(in *Input) map[string]int64 {
	return map[string]int64{
		"charging":         presence(in.State.Battery.Charging),
		"levelPermille":    int64(in.State.Battery.LevelPermille),
		"minLevelPermille": p.withDefaults().MinLevelPermille,
	}
}
