package policy

import (
	"github.com/edgewise-ai/edgewise/capability"
	"github.com/edgewise-ai/edgewise/registry"
)

// State is what the page alone knows: where models are, how fast they ran, what
// the user's switch says, battery and network. Like a device it is a claim. The
// zero State knows nothing.
type State struct {
	Models  map[string]registry.ModelState `json:"models,omitempty"` // by model ID
	Battery BatteryState                   `json:"battery,omitzero"`
	Network registry.Network               `json:"network,omitzero"`
	Mode    Mode                           `json:"mode,omitempty"`
}

// BatteryState is the device's battery, where the browser tells.
type BatteryState struct {
	LevelPermille capability.Count    `json:"levelPermille"`     // 0..1000; of use only if Charging is known
	Charging      capability.Presence `json:"charging,omitzero"` // [capability.Unknown] means no battery known
}

// maxLevelPermille is a full battery.
const maxLevelPermille = 1000

// MaxStateModels bounds how many models a page may report on.
const MaxStateModels = 256

// Clamp bounds the claims in place, where decoding has not done so already.
// Callers that decode a State from outside call it once, before anything else
// reads it.
func (s *State) Clamp() {
	if len(s.Models) > MaxStateModels {
		s.Models = nil // no page carries so many; none of it is believed
	}
	for id, m := range s.Models {
		if !oneOf(m.Status, registry.Absent, registry.Cached, registry.Loaded) {
			m.Status = ""
		}
		s.Models[id] = m
	}
	s.Battery.LevelPermille = min(s.Battery.LevelPermille, maxLevelPermille)
	if !oneOf(s.Mode, ModeAuto, ModeAlways, ModeNever) {
		s.Mode = ""
	}
}
