package registry

import (
	"context"
	"errors"
)

// ModelRegistry lists the models a browser could run. Implementations must be
// safe for concurrent use. The router reads a registry in the background and
// keeps the last good listing, so a slow or failing registry delays changes and
// nothing else.
type ModelRegistry interface {
	// ListAll returns every model, disabled ones too. The caller must not
	// modify what it gets.
	ListAll(ctx context.Context) (Listing, error)

	// GetModel returns one model, or an error that wraps [ErrNotFound].
	GetModel(ctx context.Context, id string) (Model, error)
}

// Listing is the content of a registry at one moment.
type Listing struct {
	// Revision names this content. It must change whenever the models do, and
	// should stay when they don't: indexes and ETags are built from it.
	Revision string  `json:"revision"`
	Models   []Model `json:"models"`
}

// Writer is implemented by registries that can be changed while they serve.
// The router never calls it; the app's own administration does.
type Writer interface {
	// PutModel adds a model or replaces the one with its ID. A model that does
	// not pass [Model.Validate] is refused with a [*FieldError].
	PutModel(ctx context.Context, m Model) error

	// DeleteModel removes a model, or returns an error that wraps [ErrNotFound].
	DeleteModel(ctx context.Context, id string) error
}

// Watcher is implemented by registries that know when they change. The router
// calls Watch once, when it starts, and lists again after every signal; a
// registry without it is listed at an interval.
type Watcher interface {
	// Watch returns a channel that receives after each change until ctx ends.
	// It must never block on a slow reader: signals may be merged.
	Watch(ctx context.Context) (<-chan struct{}, error)
}

// ErrNotFound is wrapped by errors about a model that is not in the registry.
var ErrNotFound = errors.New("registry: no such model")
