package policy_test

import (
	"strings"
	"testing"

	"github.com/edgewise-ai/edgewise/policy"
	"github.com/edgewise-ai/edgewise/registry"
)

func TestStateClamp(t *testing.T) {
	s := policy.State{
		Models:  map[string]registry.ModelState{"m": {Status: "molten", LoadMs: 5, PredictedTokensPerSecondMilli: 7}},
		Battery: policy.BatteryState{LevelPermille: 5_000},
		Mode:    "sometimes",
	}
	s.Clamp()
	want := registry.ModelState{LoadMs: 5, PredictedTokensPerSecondMilli: 7}
	if s.Models["m"] != want || s.Battery.LevelPermille != 1_000 || s.Mode != "" {
		t.Errorf("not clamped: %+v", s)
	}

	s.Models = make(map[string]registry.ModelState)
	for i := range policy.MaxStateModels + 1 {
		s.Models[strings.Repeat("x", i)] = registry.ModelState{}
	}
	if s.Clamp(); s.Models != nil {
		t.Error("a page may not report on any number of models")
	}
}
