package registry_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgewise-ai/edgewise/capability"
	"github.com/edgewise-ai/edgewise/registry"
)

// validModel returns a model that every filter lets pass.
func validModel(id string) registry.Model {
	return registry.Model{
		ID: id, Name: id, Framework: registry.WebLLM, Parameters: "1B",
		SizeBytes: 600 << 20, ContextWindow: 4096,
	}
}

func TestValidate(t *testing.T) {
	if m := validModel("m"); m.Validate() != nil {
		t.Fatalf("the valid model is refused: %v", m.Validate())
	}
	if m := (registry.Model{ID: "m", Framework: "mine", ContextWindow: 1}); m.Validate() != nil {
		t.Errorf("a model with nothing but what must be is refused: %v", m.Validate())
	}

	sum := strings.Repeat("0123456789abcdef", 4)
	for _, test := range []struct {
		name  string
		spoil func(*registry.Model)
		field string // "" if the model stays valid
	}{
		{"no id", func(m *registry.Model) { m.ID = "" }, "id"},
		{"longest id", func(m *registry.Model) { m.ID = strings.Repeat("x", 200) }, ""},
		{"long id", func(m *registry.Model) { m.ID = strings.Repeat("x", 201) }, "id"},
		{"newline in id", func(m *registry.Model) { m.ID = "a\nb" }, "id"},
		{"DEL in id", func(m *registry.Model) { m.ID = "a\x7f" }, "id"},
		{"slash, space and € in id", func(m *registry.Model) { m.ID = "org/a model €" }, ""},
		{"no framework", func(m *registry.Model) { m.Framework = "" }, "framework"},
		{"unknown framework", func(m *registry.Model) { m.Framework = "acme.engine" }, ""},
		{"long framework", func(m *registry.Model) { m.Framework = strings.Repeat("x", 65) }, "framework"},
		{"unknown size", func(m *registry.Model) { m.SizeBytes = 0 }, ""},
		{"negative size", func(m *registry.Model) { m.SizeBytes = -1 }, "sizeBytes"},
		{"largest size", func(m *registry.Model) { m.SizeBytes = capability.MaxCount }, ""},
		{"size that JavaScript rounds", func(m *registry.Model) { m.SizeBytes = capability.MaxCount + 1 }, "sizeBytes"},
		{"no context", func(m *registry.Model) { m.ContextWindow = 0 }, "contextWindow"},
		{"negative context", func(m *registry.Model) { m.ContextWindow = -1 }, "contextWindow"},
		{"largest context", func(m *registry.Model) { m.ContextWindow = 1 << 30 }, ""},
		{"absurd context", func(m *registry.Model) { m.ContextWindow = 1<<30 + 1 }, "contextWindow"},
		{"negative memory", func(m *registry.Model) { m.MinRAM = -1 }, "minRAMGB"},
		{"most memory", func(m *registry.Model) { m.MinRAM = capability.MaxMemory }, ""},
		{"absurd memory", func(m *registry.Model) { m.MinRAM = capability.MaxMemory + 1 }, "minRAMGB"},
		{"highest tier", func(m *registry.Model) { m.MinDeviceTier = capability.TierHighEnd }, ""},
		{"no such tier", func(m *registry.Model) { m.MinDeviceTier = capability.TierHighEnd + 1 }, "minDeviceTier"},
		{"GPU none", func(m *registry.Model) { m.Requires.GPU = registry.NeedsNoGPU }, ""},
		{"GPU unknown", func(m *registry.Model) { m.Requires.GPU = "cuda" }, "requires.gpu"},
		{"negative buffer", func(m *registry.Model) { m.Requires.MinBufferBytes = -1 }, "requires.minBufferBytes"},
		{"absurd buffer", func(m *registry.Model) { m.Requires.MinBufferBytes = capability.MaxCount + 1 }, "requires.minBufferBytes"},
		{"negative n", func(m *registry.Model) { m.Supports.N = -1 }, "supports.n"},
		{"empty capability", func(m *registry.Model) { m.Capabilities = []string{"chat", ""} }, "capabilities"},
		{"no parameters", func(m *registry.Model) { m.Parameters = "" }, ""},
		{"parameters without unit", func(m *registry.Model) { m.Parameters = "3.8" }, "parameters"},
		{"checksum", func(m *registry.Model) { m.SHA256 = map[string]string{"f": sum} }, ""},
		{"short checksum", func(m *registry.Model) { m.SHA256 = map[string]string{"f": sum[1:]} }, "sha256.f"},
		{"upper-case checksum", func(m *registry.Model) { m.SHA256 = map[string]string{"f": strings.ToUpper(sum)} }, "sha256.f"},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := validModel("m")
			test.spoil(&m)
			err := m.Validate()
			if test.field == "" {
				if err != nil {
					t.Errorf("refused: %v", err)
				}
				return
			}
			var fieldErr *registry.FieldError
			if !errors.As(err, &fieldErr) {
				t.Fatalf("got %v, want a FieldError", err)
			}
			if fieldErr.Field != test.field || fieldErr.Model != m.ID || fieldErr.Problem == "" {
				t.Errorf("got %+v, want one about %s of %q", fieldErr, test.field, m.ID)
			}
			if text := err.Error(); !strings.Contains(text, test.field) {
				t.Errorf("the message %q does not name the field", text)
			}
		})
	}
}

func TestParseParameters(t *testing.T) {
	rising := []struct {
		text string
		want int64
	}{
		{"", 0},
		{"1K", 1_000},
		{"125k", 125_000},
		{"350M", 350_000_000},
		{"0.5B", 500_000_000},
		{"999m", 999_000_000},
		{"1B", 1_000_000_000},
		{"1.1B", 1_100_000_000},
		{"3.8B", 3_800_000_000},
		{"3.82b", 3_820_000_000},
		{"8B", 8_000_000_000},
		{"10B", 10_000_000_000},
		{"70B", 70_000_000_000},
		{"1.8T", 1_800_000_000_000},
		{"999999T", 999_999_000_000_000_000},
	}
	previous := int64(-1)
	for _, test := range rising {
		got, err := registry.ParseParameters(test.text)
		if err != nil || got != test.want {
			t.Errorf("ParseParameters(%q) = %d, %v; want %d", test.text, got, err, test.want)
		}
		if got <= previous {
			t.Errorf("%q is not more than the one before", test.text)
		}
		previous = got
	}
	for _, text := range []string{
		"B", "3.8", "3,8B", "3.8 B", "3.8GB", "B3", "-1B", "0B", "NaNB", "InfB", "+InfM", "1e6B", "1000000T", "٣B", "3.8B ", "7b-chat",
	} {
		if got, err := registry.ParseParameters(text); err == nil {
			t.Errorf("ParseParameters(%q) = %d, want an error", text, got)
		}
	}
}

func TestFeaturesCovers(t *testing.T) {
	all := registry.Features{Tools: true, JSONSchema: true, Images: true, Logprobs: true, N: 4}
	needs := []registry.Features{{Tools: true}, {JSONSchema: true}, {Images: true}, {Logprobs: true}, {N: 2}}
	for _, need := range needs {
		if !all.Covers(need) {
			t.Errorf("everything does not cover %+v", need)
		}
		if (registry.Features{}).Covers(need) {
			t.Errorf("nothing covers %+v", need)
		}
		if !need.Covers(need) {
			t.Errorf("%+v does not cover itself", need)
		}
		if !need.Covers(registry.Features{}) {
			t.Errorf("%+v does not cover a request without needs", need)
		}
	}
	if !(registry.Features{}).Covers(registry.Features{N: 1}) {
		t.Error("n = 1 needs nothing")
	}
	if all.Covers(registry.Features{N: 5}) {
		t.Error("n = 5 is more than 4")
	}
}

// The names on the wire, which the client shares.
func TestModelJSON(t *testing.T) {
	model := registry.Model{
		ID: "a", Name: "A", Framework: registry.Transformers, Parameters: "350M", Quantization: "q4",
		SizeBytes: 5, ContextWindow: 2048, MinRAM: 1536, MinDeviceTier: capability.TierHighEnd,
		Capabilities: []string{"chat"}, DownloadURL: "https://example.com/a",
		Requires: registry.Requirements{GPU: registry.NeedsWebGPU, Features: []string{"shader-f16"}, MinBufferBytes: 7},
		Supports: registry.Features{Tools: true, JSONSchema: true, Images: true, Logprobs: true, N: 2},
		Source:   map[string]string{"dtype": "q4"}, Origin: map[string]string{"sizeBytes": "unverified"},
		License: "MIT", SHA256: map[string]string{"f": "00"}, Disabled: true,
	}
	const wire = `{"id":"a","name":"A","framework":"transformers.js","parameters":"350M","quantization":"q4",` +
		`"sizeBytes":5,"contextWindow":2048,"minRAMGB":1.5,"minDeviceTier":"high-end",` +
		`"capabilities":["chat"],"downloadURL":"https://example.com/a",` +
		`"requires":{"gpu":"webgpu","features":["shader-f16"],"minBufferBytes":7},` +
		`"supports":{"tools":true,"jsonSchema":true,"images":true,"logprobs":true,"n":2},` +
		`"source":{"dtype":"q4"},"origin":{"sizeBytes":"unverified"},"license":"MIT","sha256":{"f":"00"},"disabled":true}`
	data, err := json.Marshal(model)
	if err != nil {
		t.Fatal(err)
	}
	if string(data) != wire {
		t.Errorf("encoded:\n%s, want\n%s", data, wire)
	}
	var back registry.Model
	if err := json.Unmarshal(data, &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(model, back); diff != "" {
		t.Errorf("a round trip changed it (-before +after):\n%s", diff)
	}
}
