package registrytest_test

import (
	"context"
	"testing"

	"github.com/edgewise-ai/edgewise/registry"
	"github.com/edgewise-ai/edgewise/registry/registrytest"
)

func TestMemory(t *testing.T) {
	t.Run("empty", func(t *testing.T) {
		registrytest.Run(t, func(*testing.T) registry.ModelRegistry { return new(registry.Memory) })
	})
	t.Run("catalogue", func(t *testing.T) {
		registrytest.Run(t, func(t *testing.T) registry.ModelRegistry {
			memory, err := registry.NewMemory(registry.Catalogue()...)
			if err != nil {
				t.Fatal(err)
			}
			return memory
		})
	})
}

// readOnly hides what Memory can do beyond reading.
type readOnly struct{ inner registry.ModelRegistry }

func (r readOnly) ListAll(ctx context.Context) (registry.Listing, error) { return r.inner.ListAll(ctx) }

func (r readOnly) GetModel(ctx context.Context, id string) (registry.Model, error) {
	return r.inner.GetModel(ctx, id)
}

func TestReadOnly(t *testing.T) {
	registrytest.Run(t, func(t *testing.T) registry.ModelRegistry {
		memory, err := registry.NewMemory(registry.Catalogue()...)
		if err != nil {
			t.Fatal(err)
		}
		return readOnly{memory}
	})
}
