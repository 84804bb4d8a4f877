package registry_test

import (
	"fmt"

	"github.com/edgewise-ai/edgewise/registry"
)

// One model, in the formats of two engines.
func ExampleNewMemory_engines() {
	// snippet:begin
	models, err := registry.NewMemory(
		registry.Model{
			ID: "tiny-onnx", Name: "Tiny", Framework: registry.Transformers,
			Parameters: "1M", SizeBytes: 1_729_000, ContextWindow: 512,
			Source: map[string]string{"modelId": "edgewise-tiny-v1", "dtype": "q8"},
		},
		registry.Model{
			ID: "tiny-gguf", Name: "Tiny", Framework: registry.Wllama,
			Parameters: "1M", SizeBytes: 1_079_360, ContextWindow: 512,
			Source: map[string]string{"url": "/models/edgewise-tiny-v1/edgewise-tiny-v1-q8_0.gguf"},
		},
	) // then hybrid.Options{Registry: models}
	// snippet:end
	fmt.Println(models != nil, err)
	// Output: true <nil>
}
