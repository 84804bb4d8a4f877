package capability_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/edgewise-ai/edgewise/capability"
)

func TestDeviceTierText(t *testing.T) {
	for name, tier := range map[string]capability.DeviceTier{
		"":         capability.TierAny,
		"mobile":   capability.TierMobile,
		"desktop":  capability.TierDesktop,
		"high-end": capability.TierHighEnd,
	} {
		text, err := tier.MarshalText()
		if err != nil || string(text) != name || tier.String() != name {
			t.Errorf("tier %d is written %q and %q, %v: want %q", uint8(tier), text, tier, err, name)
		}
		var got capability.DeviceTier
		if err := got.UnmarshalText([]byte(name)); err != nil || got != tier {
			t.Errorf("%q is read as %d, %v: want %d", name, got, err, uint8(tier))
		}
	}
	if !(capability.TierAny < capability.TierMobile && capability.TierMobile < capability.TierDesktop && capability.TierDesktop < capability.TierHighEnd) {
		t.Error("tiers don't rise with what devices can run")
	}
}

// The operator writes tiers, so a typing error must not pass.
func TestDeviceTierRefusesUnknownWords(t *testing.T) {
	for _, text := range []string{"Mobile", "highend", " mobile", "3"} {
		tier := capability.TierDesktop
		err := tier.UnmarshalText([]byte(text))
		if err == nil {
			t.Errorf("%q was read as %s", text, tier)
			continue
		}
		if !strings.Contains(err.Error(), "mobile, desktop or high-end") {
			t.Errorf("%q: the error %q does not say what would be right", text, err)
		}
		if tier != capability.TierDesktop {
			t.Errorf("%q: the error came with a change to %s", text, tier)
		}
	}
	if got := capability.DeviceTier(200).String(); got != "200" {
		t.Errorf("a tier that is none is written %q, want its number", got)
	}
}

func TestGPUTierText(t *testing.T) {
	for name, tier := range map[string]capability.GPUTier{
		"":       capability.GPUUnknown,
		"none":   capability.GPUNone,
		"low":    capability.GPULow,
		"medium": capability.GPUMedium,
		"high":   capability.GPUHigh,
	} {
		text, err := tier.MarshalText()
		if err != nil || string(text) != name {
			t.Errorf("GPU tier %d is written %q, %v: want %q", uint8(tier), text, err, name)
		}
		var got capability.GPUTier
		if err := got.UnmarshalText([]byte(name)); err != nil || got != tier {
			t.Errorf("%q is read as %d, %v: want %d", name, got, err, uint8(tier))
		}
	}
	// A page writes GPU tiers: an unknown word replaces what was there by
	// "unknown", and is no error.
	for _, text := range []string{"High", "ultra", "\xff"} {
		tier := capability.GPUHigh
		if err := tier.UnmarshalText([]byte(text)); err != nil || tier != capability.GPUUnknown {
			t.Errorf("%q is read as %q, %v: want unknown", text, tier, err)
		}
	}
}

func TestPresenceJSON(t *testing.T) {
	for text, presence := range map[string]capability.Presence{
		"null":  capability.Unknown,
		"false": capability.No,
		"true":  capability.Yes,
	} {
		data, err := json.Marshal(presence)
		if err != nil || string(data) != text {
			t.Errorf("presence %d is written %s, %v: want %s", presence, data, err, text)
		}
		got := (presence + 1) % 3 // anything else
		if err := json.Unmarshal([]byte(text), &got); err != nil || got != presence {
			t.Errorf("%s is read as %d, %v: want %d", text, got, err, presence)
		}
	}
}
