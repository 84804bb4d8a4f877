package capability_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgewise-ai/edgewise/capability"
)

func decode(t *testing.T, text string) capability.Device {
	t.Helper()
	var d capability.Device
	if err := json.Unmarshal([]byte(text), &d); err != nil {
		t.Fatalf("decoding %s: %v", text, err)
	}
	return d
}

func TestDecodeWholeDevice(t *testing.T) {
	got := decode(t, `{
		"hasWebGPU": true, "hasWebGL2": true, "hasWebNN": false,
		"gpuTier": "high",
		"gpu": {
			"vendor": "apple", "architecture": "metal-3", "description": "Apple M1", "isFallbackAdapter": false,
			"features": ["shader-f16"],
			"limits": {
				"maxBufferSize": 4294967296, "maxStorageBufferBindingSize": 4294967292,
				"maxStorageBuffersPerShaderStage": 10, "maxComputeWorkgroupStorageSize": 32768
			}
		},
		"deviceMemoryGB": 8, "estimatedAvailableRAMGB": 5.5,
		"isMobile": false, "isTablet": false, "isDesktop": true,
		"browserName": "chrome", "browserVersion": "156",
		"storageQuotaMB": 10240, "hardwareConcurrency": 8,
		"connectionType": "wifi", "crossOriginIsolated": true,
		"engines": ["webllm", "transformers.js"],
		"aFieldFromTheFuture": {"anything": [1, 2]}
	}`)
	want := capability.Device{
		WebGPU: capability.Yes, WebGL2: capability.Yes, WebNN: capability.No,
		GPUTier: capability.GPUHigh,
		GPU: capability.GPU{
			Vendor: "apple", Architecture: "metal-3", Description: "Apple M1", Fallback: capability.No,
			Features: []string{"shader-f16"},
			Limits: capability.GPULimits{
				MaxBufferSize: 4294967296, MaxStorageBufferBindingSize: 4294967292,
				MaxStorageBuffersPerShaderStage: 10, MaxComputeWorkgroupStorageSize: 32768,
			},
		},
		Memory: 8 * capability.GB, AvailableRAM: 5*capability.GB + 512,
		IsMobile: capability.No, IsTablet: capability.No, IsDesktop: capability.Yes,
		BrowserName: "chrome", BrowserVersion: "156",
		StorageQuotaMB: 10240, Cores: 8,
		ConnectionType: "wifi", CrossOriginIsolated: capability.Yes,
		Engines: []string{"webllm", "transformers.js"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestDecodeUnknown(t *testing.T) {
	for _, text := range []string{
		`{}`,
		`{"hasWebGPU":null,"gpuTier":null,"gpu":null,"deviceMemoryGB":null,"storageQuotaMB":null,"engines":null,"browserName":null}`,
		`{"gpuTier":"","deviceMemoryGB":0,"storageQuotaMB":0,"browserName":"","gpu":{"limits":{"maxBufferSize":null}}}`,
		`{"gpuTier":"ludicrous"}`, // a word of a newer page
	} {
		if diff := cmp.Diff(capability.Device{}, decode(t, text)); diff != "" {
			t.Errorf("%s knows something (-want +got):\n%s", text, diff)
		}
	}
}

// An empty list is a statement: no engine, no feature. It must survive a round
// trip and not turn into "did not say".
func TestEmptyListsAreNotUnknown(t *testing.T) {
	d := decode(t, `{"engines":[],"gpu":{"features":[]}}`)
	if d.HasEngine("webllm") {
		t.Error("a page that lists no engine has one")
	}
	if d.HasGPUFeature("shader-f16") {
		t.Error("an adapter that lists no feature has one")
	}
	data, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(data), `{"gpu":{"features":[]},"engines":[]}`; got != want {
		t.Errorf("encoded: %s, want %s", got, want)
	}

	var unknown capability.Device
	if !unknown.HasEngine("webllm") || !unknown.HasGPUFeature("shader-f16") {
		t.Error("a page that did not say is taken to have none")
	}
	listed := capability.Device{Engines: []string{"wllama"}, GPU: capability.GPU{Features: []string{"subgroups"}}}
	if !listed.HasEngine("wllama") || listed.HasEngine("webllm") || !listed.HasGPUFeature("subgroups") || listed.HasGPUFeature("shader-f16") {
		t.Error("listed names and no others must be there")
	}
}

func TestDecodeNumbersClamp(t *testing.T) {
	for _, test := range []struct {
		number string
		count  capability.Count
		memory capability.Memory
	}{
		{"0", 0, 0},
		{"-0", 0, 0},
		{"-1", 0, 0},
		{"-1e999", 0, 0},
		{"1", 1, 1024},
		{"1.5", 1, 1536},
		{"0.25", 0, 256},
		{"0.0009765625", 0, 1},    // one MiB
		{"0.0009765624", 0, 1},    // a little less is still something
		{"7.9999999999", 7, 8191}, // down, not to the nearest
		{"1e3", 1000, 1024000},
		{"4096", 4096, capability.MaxMemory},
		{"4097", 4097, capability.MaxMemory},
		{"9007199254740991", capability.MaxCount, capability.MaxMemory},
		{"9007199254740993", capability.MaxCount, capability.MaxMemory},
		{"1e308", capability.MaxCount, capability.MaxMemory},
		{"1e999999", capability.MaxCount, capability.MaxMemory},
		{"123456789012345678901234567890", capability.MaxCount, capability.MaxMemory},
	} {
		d := decode(t, `{"storageQuotaMB":`+test.number+`,"estimatedAvailableRAMGB":`+test.number+`}`)
		if d.StorageQuotaMB != test.count {
			t.Errorf("%s is the count %d, want %d", test.number, d.StorageQuotaMB, test.count)
		}
		if d.AvailableRAM != test.memory {
			t.Errorf("%s GB is %d MiB, want %d", test.number, d.AvailableRAM, test.memory)
		}
	}
}

// A wrong type is an error of the caller, and the error names the field so that
// a handler can answer with it.
func TestDecodeWrongTypes(t *testing.T) {
	for _, test := range []struct {
		text, field, value string
	}{
		{`{"hasWebGPU":"yes"}`, "hasWebGPU", "string"},
		{`{"hasWebGPU":1}`, "hasWebGPU", "number"},
		{`{"isMobile":-1}`, "isMobile", "number"},
		{`{"hasWebNN":[]}`, "hasWebNN", "array"},
		{`{"crossOriginIsolated":{}}`, "crossOriginIsolated", "object"},
		{`{"gpu":{"isFallbackAdapter":"no"}}`, "gpu.isFallbackAdapter", "string"},
		{`{"deviceMemoryGB":"8"}`, "deviceMemoryGB", "string"},
		{`{"estimatedAvailableRAMGB":true}`, "estimatedAvailableRAMGB", "bool"},
		{`{"storageQuotaMB":{"quota":1}}`, "storageQuotaMB", "object"},
		{`{"hardwareConcurrency":[8]}`, "hardwareConcurrency", "array"},
		{`{"gpu":{"limits":{"maxBufferSize":"1"}}}`, "gpu.limits.maxBufferSize", "string"},
		{`{"gpu":[]}`, "gpu", "array"},
		{`{"gpuTier":3}`, "gpuTier", "number"},
		{`{"browserName":156}`, "browserName", "number"},
		{`{"engines":"webllm"}`, "engines", "string"},
		{`{"engines":[1]}`, "engines", "number"},
	} {
		var d capability.Device
		err := json.Unmarshal([]byte(test.text), &d)
		var typeErr *json.UnmarshalTypeError
		if !errors.As(err, &typeErr) {
			t.Errorf("%s: got error %v, want an UnmarshalTypeError", test.text, err)
			continue
		}
		if typeErr.Field != test.field || typeErr.Value != test.value {
			t.Errorf("%s: the error is about %q, a %s; want %q, a %s", test.text, typeErr.Field, typeErr.Value, test.field, test.value)
		}
	}
}

func TestRoundTrip(t *testing.T) {
	for _, text := range []string{
		`{}`,
		`{"hasWebGPU":true,"hasWebGL2":false}`,
		`{"gpuTier":"none"}`,
		`{"deviceMemoryGB":0.25,"estimatedAvailableRAMGB":5.5}`,
		`{"gpu":{"isFallbackAdapter":true,"limits":{"maxBufferSize":9007199254740991}}}`,
	} {
		data, err := json.Marshal(decode(t, text))
		if err != nil {
			t.Fatal(err)
		}
		if string(data) != text {
			t.Errorf("%s became %s", text, data)
		}
	}
}

// What a claim is clamped to is refused where an operator wrote it.
func TestCheckMemory(t *testing.T) {
	for data, ok := range map[string]bool{
		"0": true, "1.5": true, "4096": true, "null": true,
		"-1": false, "4096.5": false, "1e999": false, `"2"`: false,
	} {
		if err := capability.CheckMemory([]byte(data)); ok != (err == nil) {
			t.Errorf("%s: %v", data, err)
		}
	}
}
