package registrytest

import (
	"context"
	"errors"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/edgewise-ai/edgewise/registry"
)

// patience is how long a signal may take that crosses a network.
const patience = 10 * time.Second

// Run checks the registries that open returns. Open is called once a check and
// must return a registry that nobody else changes meanwhile; it may be empty or
// hold models, whose IDs must not begin with "registrytest-". What it opens it
// closes with t.Cleanup.
func Run(t *testing.T, open func(t *testing.T) registry.ModelRegistry) {
	t.Helper()
	check := func(name string, f func(t *testing.T, r registry.ModelRegistry)) {
		t.Run(name, func(t *testing.T) { f(t, open(t)) })
	}
	check("Listing", checkListing)
	check("GetModel", checkGetModel)
	check("ConcurrentReads", checkConcurrentReads)

	check("Writer", func(t *testing.T, r registry.ModelRegistry) {
		if _, ok := r.(registry.Writer); !ok {
			t.Skip("it does not implement registry.Writer")
		}
		writer := func(name string, f func(t *testing.T, r registry.ModelRegistry, w registry.Writer)) {
			check(name, func(t *testing.T, r registry.ModelRegistry) { f(t, r, r.(registry.Writer)) })
		}
		writer("Put", checkPut)
		writer("PutRefuses", checkPutRefuses)
		writer("Delete", checkDelete)
		writer("ListingsStay", checkListingsStay)
		writer("ConcurrentWrites", checkConcurrentWrites)
	})
	check("Watcher", func(t *testing.T, r registry.ModelRegistry) {
		_, watches := r.(registry.Watcher)
		_, writes := r.(registry.Writer)
		if !watches || !writes {
			t.Skip("it does not implement registry.Watcher and registry.Writer")
		}
		check("Signals", checkSignals)
		check("SlowReader", checkSlowReader)
	})
}

func checkListing(t *testing.T, r registry.ModelRegistry) {
	listing := list(t, r)
	if listing.Revision == "" {
		t.Error("ListAll: the revision is empty")
	}
	if _, err := registry.NewIndex(listing); err != nil {
		t.Errorf("ListAll: the models can't be used: %v", err)
	}
	again := list(t, r)
	if again.Revision != listing.Revision {
		t.Errorf("ListAll: the revision went from %q to %q without a change, so every refresh would build a new index",
			listing.Revision, again.Revision)
	}
	if !sameModels(again.Models, listing.Models) {
		t.Error("ListAll: the models differ from call to call")
	}
}

func checkGetModel(t *testing.T, r registry.ModelRegistry) {
	for _, want := range list(t, r).Models {
		got, err := r.GetModel(t.Context(), want.ID)
		if err != nil {
			t.Errorf("GetModel(%q): %v, yet it is listed", want.ID, err)
		} else if !reflect.DeepEqual(got, want) {
			t.Errorf("GetModel(%q) = %+v, listed as %+v", want.ID, got, want)
		}
	}
	for _, id := range []string{"registrytest-absent", ""} {
		if m, err := r.GetModel(t.Context(), id); !errors.Is(err, registry.ErrNotFound) {
			t.Errorf("GetModel(%q) = %+v, %v; want an error that wraps ErrNotFound", id, m, err)
		}
	}
}

func checkConcurrentReads(t *testing.T, r registry.ModelRegistry) {
	want := list(t, r)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 20 {
				got, err := r.ListAll(t.Context())
				if err != nil {
					t.Errorf("ListAll: %v", err)
				} else if got.Revision != want.Revision || !sameModels(got.Models, want.Models) {
					t.Errorf("ListAll: revision %q with %d models, want %q with %d",
						got.Revision, len(got.Models), want.Revision, len(want.Models))
				}
				if _, err := r.GetModel(t.Context(), "registrytest-absent"); !errors.Is(err, registry.ErrNotFound) {
					t.Errorf("GetModel of an absent model: %v, want ErrNotFound", err)
				}
			}
		})
	}
	wg.Wait()
}

// sameModels compares models in order; nil and empty are the same.
func sameModels(a, b []registry.Model) bool {
	return len(a) == 0 && len(b) == 0 || reflect.DeepEqual(a, b)
}

func list(t *testing.T, r registry.ModelRegistry) registry.Listing {
	t.Helper()
	listing, err := r.ListAll(t.Context())
	if err != nil {
		t.Fatalf("ListAll: %v", err)
	}
	return listing
}

// find returns the listed model with the given ID, or nil.
func find(listing registry.Listing, id string) *registry.Model {
	for i := range listing.Models {
		if listing.Models[i].ID == id {
			return &listing.Models[i]
		}
	}
	return nil
}

func put(t *testing.T, w registry.Writer, m registry.Model) {
	t.Helper()
	if err := w.PutModel(t.Context(), m); err != nil {
		t.Fatalf("PutModel(%q): %v", m.ID, err)
	}
}

func await(t *testing.T, signals <-chan struct{}) bool {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	select {
	case _, open := <-signals:
		return open
	case <-ctx.Done():
		return false
	}
}
