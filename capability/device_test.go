package capability_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/edgewise-ai/edgewise/capability"
)

func TestClampLabels(t *testing.T) {
	long := strings.Repeat("x", capability.MaxLabelLength+1)
	d := capability.Device{
		BrowserName: long, BrowserVersion: long, ConnectionType: long,
		GPU: capability.GPU{
			Vendor: long, Architecture: long, Description: long,
			Features: slices.Repeat([]string{long}, capability.MaxFeatures+1),
		},
		Engines: slices.Repeat([]string{long}, capability.MaxEngines+1),
	}
	d.Clamp()
	for name, label := range map[string]string{
		"browserName": d.BrowserName, "browserVersion": d.BrowserVersion, "connectionType": d.ConnectionType,
		"vendor": d.GPU.Vendor, "architecture": d.GPU.Architecture, "description": d.GPU.Description,
		"the last feature": d.GPU.Features[len(d.GPU.Features)-1], "the last engine": d.Engines[len(d.Engines)-1],
	} {
		if len(label) != capability.MaxLabelLength {
			t.Errorf("%s has %d bytes, want %d", name, len(label), capability.MaxLabelLength)
		}
	}
	if len(d.GPU.Features) != capability.MaxFeatures {
		t.Errorf("%d features are left, want %d", len(d.GPU.Features), capability.MaxFeatures)
	}
	if len(d.Engines) != capability.MaxEngines {
		t.Errorf("%d engines are left, want %d", len(d.Engines), capability.MaxEngines)
	}
}

func TestClampCutsBetweenCharacters(t *testing.T) {
	for cut := range 4 {
		// The euro sign has three bytes and stands across the limit, but for two
		// of the cases.
		text := strings.Repeat("x", capability.MaxLabelLength-cut) + "€€"
		d := capability.Device{BrowserName: text}
		d.Clamp()
		got := d.BrowserName
		if !utf8.ValidString(got) || len(got) > capability.MaxLabelLength || !strings.HasPrefix(text, got) {
			t.Errorf("%q was cut to %q", text, got)
		}
		if len(got) < capability.MaxLabelLength-2 {
			t.Errorf("%q lost more than the character on the limit", got)
		}
	}
}

func TestClampLeavesRealDevicesAlone(t *testing.T) {
	d := capability.Device{
		BrowserName: "samsung", ConnectionType: "4g", Engines: []string{"webllm"},
		GPU: capability.GPU{Description: strings.Repeat("x", capability.MaxLabelLength), Features: []string{}},
	}
	before := fmt.Sprintf("%#v", d)
	d.Clamp()
	if after := fmt.Sprintf("%#v", d); after != before {
		t.Errorf("Clamp made %s from %s", after, before)
	}
}

func TestTier(t *testing.T) {
	const unknown, no, yes = capability.Unknown, capability.No, capability.Yes
	for _, test := range []struct {
		mobile, tablet, desktop capability.Presence
		gpu                     capability.GPUTier
		want                    capability.DeviceTier
	}{
		{unknown, unknown, unknown, capability.GPUUnknown, capability.TierDesktop},
		{unknown, unknown, unknown, capability.GPUNone, capability.TierMobile},
		{unknown, unknown, unknown, capability.GPULow, capability.TierMobile},
		{unknown, unknown, unknown, capability.GPUMedium, capability.TierDesktop},
		{unknown, unknown, unknown, capability.GPUHigh, capability.TierHighEnd},
		{no, no, yes, capability.GPUUnknown, capability.TierDesktop},
		{no, no, yes, capability.GPUNone, capability.TierMobile},
		{no, no, yes, capability.GPULow, capability.TierMobile},
		{no, no, yes, capability.GPUMedium, capability.TierDesktop},
		{no, no, yes, capability.GPUHigh, capability.TierHighEnd},
		{yes, no, no, capability.GPUUnknown, capability.TierMobile},
		{yes, no, no, capability.GPUHigh, capability.TierMobile},
		{no, yes, no, capability.GPUUnknown, capability.TierMobile},
		{no, yes, no, capability.GPUHigh, capability.TierMobile},
		{unknown, yes, unknown, capability.GPUMedium, capability.TierMobile},
		{yes, yes, yes, capability.GPUHigh, capability.TierMobile}, // a muddled claim gets the smallest models
	} {
		d := capability.Device{IsMobile: test.mobile, IsTablet: test.tablet, IsDesktop: test.desktop, GPUTier: test.gpu}
		if got := d.Tier(); got != test.want {
			t.Errorf("mobile %d, tablet %d, desktop %d, GPU %q: tier %s, want %s",
				test.mobile, test.tablet, test.desktop, test.gpu, got, test.want)
		}
	}
}

func TestSoftware(t *testing.T) {
	for _, test := range []struct {
		gpu  capability.GPU
		want bool
	}{
		{capability.GPU{}, false},
		{capability.GPU{Fallback: capability.No}, false},
		{capability.GPU{Fallback: capability.Yes}, true},
		{capability.GPU{Fallback: capability.Yes, Architecture: "ampere"}, true},
		{capability.GPU{Architecture: "ampere"}, false},
		{capability.GPU{Architecture: "swiftshader"}, true},
		{capability.GPU{Architecture: "llvmpipe"}, true},
		{capability.GPU{Fallback: capability.No, Architecture: "swiftshader"}, true},
	} {
		if got := test.gpu.Software(); got != test.want {
			t.Errorf("%+v: got %t, want %t", test.gpu, got, test.want)
		}
	}
}
