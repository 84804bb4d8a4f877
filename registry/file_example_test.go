package registry_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/edgewise-ai/edgewise/registry"
)

// Operators edit a file; a slip is told, and the models that were good before stay.
func ExampleNewFile() {
	dir, err := os.MkdirTemp("", "registry")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "models.json")
	edit := func(content string) {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			log.Fatal(err)
		}
	}

	edit(`{"models": [{"id": "small", "framework": "webllm", "contextWindow": 2048}]}`)
	file, err := registry.NewFile(path, registry.FileOptions{
		OnError: func(err error) {
			var slip *registry.FieldError
			if errors.As(err, &slip) {
				fmt.Println("not taken:", slip)
			}
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	ask := func() {
		listing, err := file.ListAll(context.Background())
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println("context window:", listing.Models[0].ContextWindow)
	}

	ask()
	edit(`{"models": [{"id": "small", "framework": "webllm", "contextWindow": 0}]}`)
	ask()
	edit(`{"models": [{"id": "small", "framework": "webllm", "contextWindow": 4096}]}`)
	ask()
	// Output:
	// context window: 2048
	// not taken: registry: model "small": contextWindow is 0 tokens: want 1 to 2^30
	// context window: 2048
	// context window: 4096
}
