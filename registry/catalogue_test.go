package registry_test

import (
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgewise-ai/edgewise/capability"
	"github.com/edgewise-ai/edgewise/registry"
)

func TestCatalogueFillsARegistry(t *testing.T) {
	models := registry.Catalogue()
	memory, err := registry.NewMemory(models...) // validates, refuses an ID used twice
	if err != nil {
		t.Fatal(err)
	}
	listing, err := memory.ListAll(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := registry.NewIndex(listing); err != nil {
		t.Fatal(err)
	}
}

// The largest model of each tier: book chapter 5.5.3, "Size Constraints by
// Device", whose "about" has to cover what the models really are.
var tierCaps = map[capability.DeviceTier]struct {
	bytes, parameters int64
}{
	capability.TierMobile:  {1_000_000_000, 1_300_000_000},
	capability.TierDesktop: {2_250_000_000, 4_000_000_000},
	capability.TierHighEnd: {4_600_000_000, 8_100_000_000},
}

func TestCatalogueEntries(t *testing.T) {
	perTier := make(map[capability.DeviceTier]int)
	for _, m := range registry.Catalogue() {
		t.Run(m.ID, func(t *testing.T) {
			perTier[m.MinDeviceTier]++
			for _, field := range []string{"sizeBytes", "contextWindow", "minRAMGB", "minDeviceTier", "parameters", "license"} {
				if m.Origin[field] == "" {
					t.Errorf("origin does not say where %s is from", field)
				}
			}
			parameters, err := registry.ParseParameters(m.Parameters)
			if err != nil || parameters == 0 {
				t.Errorf("ParseParameters(%q) = %d, %v: want a count", m.Parameters, parameters, err)
			}
			most, ok := tierCaps[m.MinDeviceTier]
			if !ok {
				t.Errorf("it has no tier")
			}
			if m.SizeBytes <= 0 || m.SizeBytes > most.bytes {
				t.Errorf("it has %d bytes: want 1 to %d on %s", m.SizeBytes, most.bytes, m.MinDeviceTier)
			}
			if parameters > most.parameters {
				t.Errorf("it has %d parameters: want at most %d on %s", parameters, most.parameters, m.MinDeviceTier)
			}
			if bits := float64(m.SizeBytes) * 8 / float64(parameters); bits < 3 || bits > 6.5 {
				t.Errorf("it has %.1f bits a parameter, which no 3 or 4 bit quantization gives", bits)
			}
			if need := m.SizeBytes >> 20; int64(m.MinRAM) < need {
				t.Errorf("it asks for %d MiB of memory, less than its own %d MiB", m.MinRAM, need)
			}
			if m.Name == "" || m.License == "" || len(m.Capabilities) == 0 || m.Quantization == "" {
				t.Errorf("name, license, capabilities or quantization is missing")
			}
			if !strings.HasPrefix(m.DownloadURL, "https://huggingface.co/") {
				t.Errorf("downloadURL is %q: want a page on the model hub", m.DownloadURL)
			}
			if half := strings.Contains(m.Quantization, "f16"); half != slices.Contains(m.Requires.Features, "shader-f16") {
				t.Errorf("quantization %s, required features %q", m.Quantization, m.Requires.Features)
			}
			for _, key := range sourceKeys[m.Framework] {
				if m.Source[key] == "" {
					t.Errorf("source has no %s, which %s needs", key, m.Framework)
				}
			}
			if len(m.Source) != len(sourceKeys[m.Framework]) {
				t.Errorf("source is %v: want the keys %v", m.Source, sourceKeys[m.Framework])
			}
		})
	}
	for tier := range tierCaps {
		if perTier[tier] == 0 {
			t.Errorf("no model for tier %s", tier)
		}
	}
}

var sourceKeys = map[string][]string{
	registry.WebLLM:       {"modelId"},
	registry.Transformers: {"modelId", "dtype", "device"},
	registry.Wllama:       {"repo", "file"},
}

func TestCatalogueIsACopy(t *testing.T) {
	first := registry.Catalogue()
	first[0].ID = "changed"
	first[0].Capabilities[0] = "changed"
	first[0].Source["modelId"] = "changed"
	second := registry.Catalogue()
	if second[0].ID == "changed" || second[0].Capabilities[0] == "changed" || second[0].Source["modelId"] == "changed" {
		t.Error("a change of one copy shows in the next")
	}
}

// A field that Model does not know would be dropped in silence, here and on the
// wire.
func TestCatalogueFileHasOnlyKnownFields(t *testing.T) {
	data, err := os.ReadFile("catalogue.json")
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	var models []registry.Model
	if err := decoder.Decode(&models); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(models, registry.Catalogue()); diff != "" {
		t.Errorf("the file leaves defaults to the reader (-file +catalogue):\n%s", diff)
	}
}

// What the chapter's tables recommend must be what its devices get.
func TestCatalogueChoices(t *testing.T) {
	memory, err := registry.NewMemory(registry.Catalogue()...)
	if err != nil {
		t.Fatal(err)
	}
	listing, _ := memory.ListAll(t.Context())
	index, err := registry.NewIndex(listing)
	if err != nil {
		t.Fatal(err)
	}
	phone := capability.Device{IsMobile: capability.Yes, AvailableRAM: 3 * capability.GB}
	laptop := capability.Device{IsDesktop: capability.Yes, GPUTier: capability.GPUMedium, AvailableRAM: 8 * capability.GB}
	workstation := capability.Device{IsDesktop: capability.Yes, GPUTier: capability.GPUHigh, AvailableRAM: 16 * capability.GB}
	oldGPU := laptop
	oldGPU.GPU.Features = []string{} // listed: none

	for _, test := range []struct {
		name   string
		query  registry.Query
		choice string
	}{
		{"phone", registry.Query{Device: &phone}, "Llama-3.2-1B-Instruct-q4f16_1-MLC"},
		{"phone, classification", registry.Query{Device: &phone, Task: "classification"}, "TinyLlama-1.1B-Chat-v1.0-q4f16_1-MLC"},
		{"laptop", registry.Query{Device: &laptop}, "Phi-3-mini-4k-instruct-q4f16_1-MLC"},
		{"laptop, autocomplete", registry.Query{Device: &laptop, Task: "autocomplete"}, "Qwen2.5-Coder-1.5B-Instruct-q4f16_1-MLC"},
		{"laptop without half precision", registry.Query{Device: &oldGPU}, "phi-2.Q3_K_M.gguf"},
		{"workstation", registry.Query{Device: &workstation}, "Llama-3.1-8B-Instruct-q4f16_1-MLC"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := index.Select(test.query)
			if got.Model == nil {
				t.Fatalf("no model is left after filter %s", got.Emptied)
			}
			if got.Model.ID != test.choice {
				t.Errorf("got %s, want %s", got.Model.ID, test.choice)
			}
		})
	}
}
