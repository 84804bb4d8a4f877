package capability_test

import (
	"bytes"
	"encoding/json"
	"testing"
	"unicode/utf8"

	"github.com/edgewise-ai/edgewise/capability"
)

// FuzzDevice feeds the decoder what a hostile page could send. Whatever decodes
// must be within bounds once clamped, and mean the same after a round trip.
func FuzzDevice(f *testing.F) {
	for _, seed := range []string{
		`{}`,
		`null`,
		`{"hasWebGPU":true,"gpuTier":"high","deviceMemoryGB":8,"engines":["webllm"]}`,
		`{"gpu":{"architecture":"swiftshader","features":[],"limits":{"maxBufferSize":1e999}}}`,
		`{"storageQuotaMB":-1e-999,"estimatedAvailableRAMGB":0.0000001}`,
		`{"browserName":"\ud800\u0000\u20ac"}`,
		`{"gpuTier":"none","isTablet":null,"engines":[]}`,
		`{"hasWebGPU":1}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var d capability.Device
		if json.Unmarshal(data, &d) != nil {
			return
		}
		d.Clamp()
		checkBounds(t, &d)
		_ = d.Tier()

		first, err := json.Marshal(d)
		if err != nil {
			t.Fatalf("encoding what was decoded: %v", err)
		}
		var again capability.Device
		if err := json.Unmarshal(first, &again); err != nil {
			t.Fatalf("decoding %s again: %v", first, err)
		}
		again.Clamp()
		second, err := json.Marshal(again)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(first, second) {
			t.Errorf("a round trip changed\n%s to\n%s", first, second)
		}
	})
}

func checkBounds(t *testing.T, d *capability.Device) {
	t.Helper()
	labels := []string{
		d.BrowserName, d.BrowserVersion, d.ConnectionType,
		d.GPU.Vendor, d.GPU.Architecture, d.GPU.Description,
	}
	labels = append(append(labels, d.Engines...), d.GPU.Features...)
	for _, label := range labels {
		if len(label) > capability.MaxLabelLength || !utf8.ValidString(label) {
			t.Errorf("label %q is too long or no text", label)
		}
	}
	if len(d.Engines) > capability.MaxEngines || len(d.GPU.Features) > capability.MaxFeatures {
		t.Errorf("%d engines, %d features", len(d.Engines), len(d.GPU.Features))
	}
	limits := d.GPU.Limits
	for _, count := range []capability.Count{
		d.StorageQuotaMB, d.Cores, limits.MaxBufferSize, limits.MaxStorageBufferBindingSize,
		limits.MaxStorageBuffersPerShaderStage, limits.MaxComputeWorkgroupStorageSize,
	} {
		if count < 0 || count > capability.MaxCount {
			t.Errorf("count %d is out of range", count)
		}
	}
	for _, memory := range []capability.Memory{d.Memory, d.AvailableRAM} {
		if memory < 0 || memory > capability.MaxMemory {
			t.Errorf("memory %d is out of range", memory)
		}
	}
	for _, presence := range []capability.Presence{d.WebGPU, d.WebGL2, d.WebNN, d.IsMobile, d.IsTablet, d.IsDesktop, d.CrossOriginIsolated, d.GPU.Fallback} {
		if presence > capability.Yes {
			t.Errorf("presence %d is none", presence)
		}
	}
	if d.GPUTier > capability.GPUHigh {
		t.Errorf("GPU tier %d is none", d.GPUTier)
	}
}
