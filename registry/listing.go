package registry

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
)

// newListing names models by their content; they are valid and normalized.
func newListing(models []Model) *Listing {
	if models == nil {
		models = []Model{} // [] on the wire, not null
	}
	return &Listing{Revision: revisionOf(models), Models: models}
}

// get is what GetModel answers.
func (l *Listing) get(id string) (Model, error) {
	if i := l.index(id); i >= 0 {
		return l.Models[i], nil
	}
	return Model{}, notFound(id)
}

func (l *Listing) index(id string) int {
	return slices.IndexFunc(l.Models, func(m Model) bool { return m.ID == id })
}

func notFound(id string) error { return fmt.Errorf("%w: %.200q", ErrNotFound, id) }

// collection gathers the models of a listing: each valid and normalized, and no ID
// twice.
type collection struct {
	models []Model
	ids    map[string]bool
}

func newCollection(size int) *collection {
	return &collection{models: make([]Model, 0, size), ids: make(map[string]bool, size)}
}

func (c *collection) add(m *Model) error {
	if err := m.Validate(); err != nil {
		return err
	}
	if c.ids[m.ID] {
		return &FieldError{Model: m.ID, Field: "id", Problem: "is used twice"}
	}
	c.ids[m.ID] = true
	c.models = append(c.models, m.normalized())
	return nil
}

// revisionOf names a listing by its content, so that replicas with the same
// models agree on the revision and a restart does not change it.
func revisionOf(models []Model) string {
	hash := sha256.New()
	// A Model holds only strings, numbers, maps and slices of them, so encoding
	// cannot fail; encoding/json sorts the maps.
	encoder := json.NewEncoder(hash)
	for i := range models { // one by one, so that nil and empty are the same
		_ = encoder.Encode(&models[i])
	}
	return hex.EncodeToString(hash.Sum(nil)[:8])
}
