package registry

import (
	"cmp"
	"slices"
)

// Index is an immutable view of one listing, made so that no request sorts
// anything or looks at models one by one. It is safe for concurrent use; it
// never blocks or fails.
type Index struct {
	revision string
	models   []Model          // best first: parameters, then smaller, then ID
	byID     map[string]int32 // position in models
	all      bitset           // of positions
	tasks    map[string]bitset
	columns  columns
}

// NewIndex builds the index of a listing. It fails with a [*FieldError] if a
// model is invalid or an ID is used twice.
func NewIndex(l Listing) (*Index, error) {
	if l.Revision == "" {
		l.Revision = revisionOf(l.Models)
	}
	models, err := ordered(l.Models)
	if err != nil {
		return nil, err
	}
	ix := &Index{
		revision: l.Revision,
		models:   models,
		byID:     make(map[string]int32, len(models)),
		all:      newFullBitset(len(models)),
		tasks:    setsByWord(models, func(m *Model) []string { return m.Capabilities }),
		columns:  newColumns(models),
	}
	for i := range models {
		id := models[i].ID
		if _, twice := ix.byID[id]; twice {
			return nil, &FieldError{Model: id, Field: "id", Problem: "is used twice"}
		}
		ix.byID[id] = int32(i)
	}
	return ix, nil
}

// ordered returns copies of the models, best first.
func ordered(models []Model) ([]Model, error) {
	parameters := make(map[string]int64)
	order := make([]*Model, len(models))
	for i := range models {
		m := &models[i]
		if err := m.Validate(); err != nil {
			return nil, err
		}
		if _, known := parameters[m.Parameters]; !known {
			parameters[m.Parameters], _ = ParseParameters(m.Parameters) // validated above
		}
		order[i] = m
	}
	slices.SortFunc(order, func(a, b *Model) int {
		return cmp.Or(
			-cmp.Compare(parameters[a.Parameters], parameters[b.Parameters]),
			cmp.Compare(a.SizeBytes, b.SizeBytes),
			cmp.Compare(a.ID, b.ID),
		)
	})
	sorted := make([]Model, len(models))
	for i, m := range order {
		sorted[i] = m.normalized()
	}
	return sorted, nil
}

// Revision returns the revision of the listing the index was built from.
func (ix *Index) Revision() string { return ix.revision }

// Models returns every model, best first. The caller must not modify it.
func (ix *Index) Models() []Model { return ix.models }

// Model returns the model with the given ID, or nil.
func (ix *Index) Model(id string) *Model {
	if i, ok := ix.byID[id]; ok {
		return &ix.models[i]
	}
	return nil
}
