package registry_test

import (
	"context"
	"fmt"
	"log"

	"github.com/edgewise-ai/edgewise/capability"
	"github.com/edgewise-ai/edgewise/registry"
)

// A registry is listed, the listing indexed, and the index asked.
func Example() {
	ctx := context.Background()
	memory, err := registry.NewMemory(registry.Catalogue()...)
	if err != nil {
		log.Fatal(err)
	}
	listing, err := memory.ListAll(ctx)
	if err != nil {
		log.Fatal(err)
	}
	index, err := registry.NewIndex(listing)
	if err != nil {
		log.Fatal(err)
	}

	selection := index.Select(registry.Query{
		Device: &capability.Device{WebGPU: capability.Yes, GPUTier: capability.GPUMedium},
		Tokens: 900,
		Task:   "code",
	})
	fmt.Println(selection.Model.Name)
	for _, m := range selection.Alternates() {
		fmt.Println("or", m.Name)
	}

	selection = index.Select(registry.Query{Tokens: 100_000})
	fmt.Println("too long a prompt:", selection.Model == nil, selection.Emptied)
	// Output:
	// Phi-3 mini 3.8B Instruct
	// or Phi-2 2.7B (Q3)
	// or Qwen2.5 Coder 1.5B Instruct
	// or Llama 3.2 3B Instruct
	// too long a prompt: true context
}

// Models already on the device come first, because they answer at once.
func ExampleIndex_Select_states() {
	index, err := registry.NewIndex(registry.Listing{Models: registry.Catalogue()})
	if err != nil {
		log.Fatal(err)
	}
	selection := index.Select(registry.Query{
		States: map[string]registry.ModelState{
			"gemma-2b-it-q4f16_1-MLC": {Status: registry.Cached},
		},
	})
	fmt.Println(selection.Model.Name, selection.State.Status)
	// Output: Gemma 2B Instruct cached
}
