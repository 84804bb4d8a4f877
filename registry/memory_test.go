package registry_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/edgewise-ai/edgewise/registry"
)

func newMemory(t testing.TB, models ...registry.Model) *registry.Memory {
	t.Helper()
	memory, err := registry.NewMemory(models...)
	if err != nil {
		t.Fatal(err)
	}
	return memory
}

func list(t testing.TB, r registry.ModelRegistry) registry.Listing {
	t.Helper()
	listing, err := r.ListAll(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return listing
}

func TestNewMemoryRefuses(t *testing.T) {
	invalid := validModel("b")
	invalid.ContextWindow = 0
	for name, test := range map[string]struct {
		models       []registry.Model
		model, field string
	}{
		"an invalid model": {[]registry.Model{validModel("a"), invalid}, "b", "contextWindow"},
		"an ID used twice": {[]registry.Model{validModel("a"), validModel("b"), validModel("a")}, "a", "id"},
	} {
		_, err := registry.NewMemory(test.models...)
		var fieldErr *registry.FieldError
		if !errors.As(err, &fieldErr) || fieldErr.Model != test.model || fieldErr.Field != test.field {
			t.Errorf("%s: got %v, want a FieldError about %s of %s", name, err, test.field, test.model)
		}
	}
}

func TestMemoryFillsInTheGPUNeed(t *testing.T) {
	webllm, wllama, stated := validModel("webllm"), validModel("wllama"), validModel("stated")
	wllama.Framework = registry.Wllama
	stated.Framework, stated.Requires.GPU = registry.Transformers, registry.NeedsWebGPU
	memory := newMemory(t, webllm, wllama, stated)
	for id, want := range map[string]registry.GPUNeed{
		"webllm": registry.NeedsWebGPU, "wllama": registry.NeedsNoGPU, "stated": registry.NeedsWebGPU,
	} {
		m, err := memory.GetModel(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if m.Requires.GPU != want {
			t.Errorf("%s needs %q, want %q", id, m.Requires.GPU, want)
		}
	}
}

func TestMemorySharesNothingWithTheCaller(t *testing.T) {
	m := validModel("a")
	m.Capabilities = []string{"chat"}
	m.Requires.Features = []string{"shader-f16"}
	m.Source = map[string]string{"modelId": "a"}
	m.Origin = map[string]string{"sizeBytes": "unverified"}
	m.SHA256, m.Integrity = map[string]string{}, map[string]string{}
	memory := newMemory(t, m)
	if err := memory.PutModel(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	before, err := json.Marshal(list(t, memory))
	if err != nil {
		t.Fatal(err)
	}
	m.Capabilities[0], m.Requires.Features[0] = "changed", "changed"
	m.Source["modelId"], m.Origin["sizeBytes"] = "changed", "changed"
	m.SHA256["f"], m.Integrity["f"] = "changed", "changed"
	after, _ := json.Marshal(list(t, memory))
	if string(before) != string(after) {
		t.Errorf("the caller's changes show:\n%s\nwas\n%s", after, before)
	}
}

func TestMemoryRevisions(t *testing.T) {
	ctx := t.Context()
	a, b := validModel("a"), validModel("b")
	var zero registry.Memory
	empty := list(t, &zero).Revision
	if empty == "" {
		t.Error("the empty registry has no revision")
	}
	if got := list(t, newMemory(t)).Revision; got != empty {
		t.Errorf("NewMemory() has revision %s, the zero Memory %s", got, empty)
	}
	if data, _ := json.Marshal(list(t, &zero)); string(data) != `{"revision":"`+empty+`","models":[]}` {
		t.Errorf("the empty registry is %s on the wire", data)
	}

	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	memory := newMemory(t, a, b)
	both := list(t, memory).Revision
	if got := list(t, newMemory(t, a, b)).Revision; got != both {
		t.Errorf("a replica with the same models has revision %s, not %s", got, both)
	}
	must(memory.PutModel(ctx, b))
	if got := list(t, memory).Revision; got != both {
		t.Errorf("putting what is there made revision %s from %s", got, both)
	}
	b.Disabled = true
	must(memory.PutModel(ctx, b))
	if got := list(t, memory).Revision; got == both {
		t.Error("disabling a model left the revision as it was")
	}
	b.Disabled = false
	must(memory.PutModel(ctx, b))
	if got := list(t, memory).Revision; got != both {
		t.Errorf("after enabling it again the revision is %s, not %s", got, both)
	}
	must(memory.DeleteModel(ctx, "a"))
	must(memory.DeleteModel(ctx, "b"))
	if got := list(t, memory).Revision; got != empty {
		t.Errorf("with all models deleted the revision is %s, not that of an empty registry, %s", got, empty)
	}
}

func TestMemoryWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var memory registry.Memory
		ctx, cancel := context.WithCancel(t.Context())
		changed, err := memory.Watch(ctx)
		if err != nil {
			t.Fatal(err)
		}
		signals := func() int {
			synctest.Wait()
			return drain(changed)
		}
		put := func(id string) {
			t.Helper()
			if err := memory.PutModel(t.Context(), validModel(id)); err != nil {
				t.Fatal(err)
			}
		}

		if n := signals(); n != 0 {
			t.Errorf("%d signals without a change", n)
		}
		put("a")
		if n := signals(); n != 1 {
			t.Errorf("%d signals after a change, want 1", n)
		}
		put("b")
		put("c")
		if n := signals(); n != 1 {
			t.Errorf("%d signals after two changes, want them merged", n)
		}
		if err := memory.DeleteModel(t.Context(), "b"); err != nil {
			t.Fatal(err)
		}
		if n := signals(); n != 1 {
			t.Errorf("%d signals after a deletion, want 1", n)
		}
		if err := memory.DeleteModel(t.Context(), "b"); !errors.Is(err, registry.ErrNotFound) {
			t.Errorf("deleting it again: %v, want ErrNotFound", err)
		}
		if err := memory.PutModel(t.Context(), registry.Model{}); err == nil {
			t.Error("an empty model was taken")
		}
		if n := signals(); n != 0 {
			t.Errorf("%d signals after changes that failed", n)
		}
		cancel()
		synctest.Wait() // the watcher is let go
		put("d")
		if n := signals(); n != 0 {
			t.Errorf("%d signals after ctx ended", n)
		}
	})
}

// Run with -race: readers, writers and watchers at once.
func TestMemoryConcurrently(t *testing.T) {
	memory := newMemory(t, validModel("kept"))
	var wg sync.WaitGroup
	for worker := range 4 {
		wg.Go(func() {
			for i := range 200 {
				id := fmt.Sprintf("%d-%d", worker, i%3)
				if err := memory.PutModel(t.Context(), validModel(id)); err != nil {
					t.Error(err)
				}
				if err := memory.DeleteModel(t.Context(), id); err != nil {
					t.Error(err)
				}
			}
		})
		wg.Go(func() {
			for range 200 {
				listing, _ := memory.ListAll(t.Context())
				if _, err := registry.NewIndex(listing); err != nil {
					t.Error(err)
				}
				if _, err := memory.GetModel(t.Context(), "kept"); err != nil {
					t.Error(err)
				}
			}
		})
		wg.Go(func() {
			for range 50 {
				ctx, cancel := context.WithCancel(t.Context())
				if _, err := memory.Watch(ctx); err != nil {
					t.Error(err)
				}
				cancel()
			}
		})
	}
	wg.Wait()
	if listing := list(t, memory); len(listing.Models) != 1 {
		t.Errorf("%d models are left, want 1", len(listing.Models))
	}
}
