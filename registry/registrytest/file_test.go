package registrytest_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/edgewise-ai/edgewise/registry"
	"github.com/edgewise-ai/edgewise/registry/registrytest"
)

// edited is a file registry with the operator who edits the file and looks whether
// it is taken.
type edited struct {
	*registry.File
	path string
	mu   sync.Mutex // one editor at a time
}

func openEdited(t *testing.T, models []registry.Model) registry.ModelRegistry {
	e := &edited{path: filepath.Join(t.TempDir(), "models.json")}
	if err := e.save(models); err != nil {
		t.Fatal(err)
	}
	file, err := registry.NewFile(e.path, registry.FileOptions{
		Interval: time.Millisecond,
		OnError: func(err error) {
			if t.Context().Err() == nil { // else a watcher's last read met the end of the folder
				t.Errorf("OnError was told %v", err)
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	e.File = file
	return e
}

func (e *edited) PutModel(ctx context.Context, m registry.Model) error {
	if err := m.Validate(); err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	models, err := e.load()
	if err != nil {
		return err
	}
	if i := indexOf(models, m.ID); i >= 0 {
		models[i] = m
	} else {
		models = append(models, m)
	}
	return e.publish(ctx, models)
}

func (e *edited) DeleteModel(ctx context.Context, id string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	models, err := e.load()
	if err != nil {
		return err
	}
	i := indexOf(models, id)
	if i < 0 {
		return registry.ErrNotFound
	}
	return e.publish(ctx, slices.Delete(models, i, i+1))
}

func (e *edited) load() ([]registry.Model, error) {
	content, err := os.ReadFile(e.path)
	if err != nil {
		return nil, err
	}
	var listing registry.Listing
	err = json.Unmarshal(content, &listing)
	return listing.Models, err
}

// save replaces the file whole, as whoever edits it should.
func (e *edited) save(models []registry.Model) error {
	content, err := json.Marshal(registry.Listing{Models: append([]registry.Model{}, models...)})
	if err != nil {
		return err
	}
	if err := os.WriteFile(e.path+".new", content, 0o600); err != nil {
		return err
	}
	return os.Rename(e.path+".new", e.path)
}

// publish saves the file and has it read: GetModel answers from the last listing.
func (e *edited) publish(ctx context.Context, models []registry.Model) error {
	if err := e.save(models); err != nil {
		return err
	}
	_, err := e.ListAll(ctx)
	return err
}

func indexOf(models []registry.Model, id string) int {
	return slices.IndexFunc(models, func(m registry.Model) bool { return m.ID == id })
}

func TestFile(t *testing.T) {
	t.Run("empty", func(t *testing.T) {
		registrytest.Run(t, func(t *testing.T) registry.ModelRegistry { return openEdited(t, nil) })
	})
	t.Run("catalogue", func(t *testing.T) {
		registrytest.Run(t, func(t *testing.T) registry.ModelRegistry { return openEdited(t, registry.Catalogue()) })
	})
}
