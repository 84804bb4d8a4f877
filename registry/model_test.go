package registry_test

import (
	"encoding/json"
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

func TestModelJSON(t *testing.T) {
	model := registry.Model{
		ID: "a", Name: "A", Framework: registry.Transformers, Parameters: "350M", Quantization: "q4",
		SizeBytes: 5, ContextWindow: 2048, MinRAM: 1536, MinDeviceTier: capability.TierHighEnd,
		Capabilities: []string{"chat"}, DownloadURL: "https://example.com/a",
		Requires: registry.Requirements{GPU: registry.NeedsWebGPU, Features: []string{"shader-f16"}, MinBufferBytes: 7},
		Supports: registry.Features{Tools: true, JSONSchema: true, Images: true, Logprobs: true, N: 2},
		Source:   map[string]string{"dtype": "q4"}, Origin: map[string]string{"sizeBytes": "unverified"},
		License: "MIT", SHA256: map[string]string{"f": "00"}, Integrity: map[string]string{"f": "sha256-AA=="}, Disabled: true,
	}
	const wire = `{"id":"a","name":"A","framework":"transformers.js","parameters":"350M","quantization":"q4",` +
		`"sizeBytes":5,"contextWindow":2048,"minRAMGB":1.5,"minDeviceTier":"high-end",` +
		`"capabilities":["chat"],"downloadURL":"https://example.com/a",` +
		`"requires":{"gpu":"webgpu","features":["shader-f16"],"minBufferBytes":7},` +
		`"supports":{"tools":true,"jsonSchema":true,"images":true,"logprobs":true,"n":2},` +
		`"source":{"dtype":"q4"},"origin":{"sizeBytes":"unverified"},"license":"MIT","sha256":{"f":"00"},"integrity":{"f":"sha256-AA=="},"disabled":true}`
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
