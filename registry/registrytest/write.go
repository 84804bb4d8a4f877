package registrytest

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/edgewise-ai/edgewise/capability"
	"github.com/edgewise-ai/edgewise/registry"
)

// sample returns a model that has something in every field, so that a registry
// that loses one is found out.
func sample(id string) registry.Model {
	return registry.Model{
		ID: id, Name: "Sample ✓", Framework: "registrytest/engine", Parameters: "3.8B", Quantization: "q4f16_1",
		SizeBytes: capability.MaxCount, ContextWindow: 4096,
		MinRAM: 2*capability.GB + 1, MinDeviceTier: capability.TierHighEnd,
		Capabilities: []string{"chat", "code"}, DownloadURL: "https://example.com/model",
		Requires:  registry.Requirements{GPU: registry.NeedsWebGPU, Features: []string{"shader-f16"}, MinBufferBytes: 1 << 30},
		Supports:  registry.Features{Tools: true, JSONSchema: true, Images: true, Logprobs: true, N: 3},
		Source:    map[string]string{"modelId": "sample"},
		Origin:    map[string]string{"sizeBytes": "unverified"},
		License:   "Apache-2.0",
		SHA256:    map[string]string{"weights.bin": strings.Repeat("0", 64)},
		Integrity: map[string]string{"weights.bin": "sha256-" + strings.Repeat("A", 43) + "="},
		Disabled:  true,
	}
}

func checkPut(t *testing.T, r registry.ModelRegistry, w registry.Writer) {
	before := list(t, r)
	m := sample("registrytest-a")
	put(t, w, m)
	added := list(t, r)
	if added.Revision == before.Revision {
		t.Errorf("PutModel of a new model left the revision at %q", before.Revision)
	}
	if len(added.Models) != len(before.Models)+1 {
		t.Errorf("PutModel of a new model: %d models, before %d", len(added.Models), len(before.Models))
	}
	checkStored(t, r, m)

	m.Disabled, m.SizeBytes = false, 0
	put(t, w, m)
	replaced := list(t, r)
	if replaced.Revision == added.Revision {
		t.Errorf("PutModel of a changed model left the revision at %q", added.Revision)
	}
	if len(replaced.Models) != len(added.Models) {
		t.Errorf("PutModel of a changed model: %d models, before %d", len(replaced.Models), len(added.Models))
	}
	checkStored(t, r, m)
}

// checkStored compares what came back by its JSON, which is what pages see.
func checkStored(t *testing.T, r registry.ModelRegistry, want registry.Model) {
	t.Helper()
	got, err := r.GetModel(t.Context(), want.ID)
	if err != nil {
		t.Fatalf("GetModel(%q) after PutModel: %v", want.ID, err)
	}
	if asJSON(t, got) != asJSON(t, want) {
		t.Errorf("GetModel gives\n%s\nafter PutModel of\n%s", asJSON(t, got), asJSON(t, want))
	}
	if listed := find(list(t, r), want.ID); listed == nil {
		t.Errorf("ListAll does not list %q after PutModel", want.ID)
	} else if asJSON(t, *listed) != asJSON(t, want) {
		t.Errorf("ListAll gives\n%s\nafter PutModel of\n%s", asJSON(t, *listed), asJSON(t, want))
	}
}

func asJSON(t *testing.T, m registry.Model) string {
	t.Helper()
	data, err := json.Marshal(m)
	if err != nil {
		t.Fatalf("encoding %q: %v", m.ID, err)
	}
	return string(data)
}

func checkPutRefuses(t *testing.T, r registry.ModelRegistry, w registry.Writer) {
	good := sample("registrytest-a")
	put(t, w, good)
	before := list(t, r)
	for field, spoil := range map[string]func(*registry.Model){
		"id":            func(m *registry.Model) { m.ID = "" },
		"contextWindow": func(m *registry.Model) { m.ContextWindow = 0 },
		"framework":     func(m *registry.Model) { m.Framework = "registrytest" },
		"parameters":    func(m *registry.Model) { m.Parameters = "many" },
	} {
		m := good
		spoil(&m)
		err := w.PutModel(t.Context(), m)
		var fieldErr *registry.FieldError
		if !errors.As(err, &fieldErr) || fieldErr.Field != field {
			t.Errorf("PutModel with a bad %s: %v, want a *FieldError about it", field, err)
		}
	}
	if after := list(t, r); after.Revision != before.Revision || len(after.Models) != len(before.Models) {
		t.Error("PutModel of refused models changed the registry")
	}
	checkStored(t, r, good)
}

func checkDelete(t *testing.T, r registry.ModelRegistry, w registry.Writer) {
	put(t, w, sample("registrytest-a"))
	put(t, w, sample("registrytest-b"))
	before := list(t, r)
	if err := w.DeleteModel(t.Context(), "registrytest-a"); err != nil {
		t.Fatalf("DeleteModel: %v", err)
	}
	after := list(t, r)
	if after.Revision == before.Revision {
		t.Errorf("DeleteModel left the revision at %q", before.Revision)
	}
	if find(after, "registrytest-a") != nil || len(after.Models) != len(before.Models)-1 {
		t.Errorf("DeleteModel: %d models, before %d", len(after.Models), len(before.Models))
	}
	if _, err := r.GetModel(t.Context(), "registrytest-a"); !errors.Is(err, registry.ErrNotFound) {
		t.Errorf("GetModel of a deleted model: %v, want ErrNotFound", err)
	}
	if err := w.DeleteModel(t.Context(), "registrytest-a"); !errors.Is(err, registry.ErrNotFound) {
		t.Errorf("DeleteModel of a deleted model: %v, want an error that wraps ErrNotFound", err)
	}
	checkStored(t, r, sample("registrytest-b"))
}

// A listing is the content at one moment: who holds one must not see later
// writes, least of all half of one.
func checkListingsStay(t *testing.T, r registry.ModelRegistry, w registry.Writer) {
	m := sample("registrytest-a")
	put(t, w, m)
	held := list(t, r)
	want := asJSON(t, *find(held, m.ID))
	count := len(held.Models)

	m.Name = "changed"
	put(t, w, m)
	put(t, w, sample("registrytest-b"))
	if err := w.DeleteModel(t.Context(), m.ID); err != nil {
		t.Fatalf("DeleteModel: %v", err)
	}
	if got := find(held, m.ID); got == nil || asJSON(t, *got) != want || len(held.Models) != count {
		t.Error("a listing that the caller held changed with a later write")
	}
}

func checkConcurrentWrites(t *testing.T, r registry.ModelRegistry, w registry.Writer) {
	count := len(list(t, r).Models)
	const writers = 4
	var wg sync.WaitGroup
	for i := range writers {
		id := fmt.Sprintf("registrytest-%d", i)
		wg.Go(func() {
			for range 5 {
				if err := w.PutModel(t.Context(), sample(id)); err != nil {
					t.Errorf("PutModel: %v", err)
				}
				if err := w.DeleteModel(t.Context(), id); err != nil {
					t.Errorf("DeleteModel: %v", err)
				}
			}
			if err := w.PutModel(t.Context(), sample(id)); err != nil {
				t.Errorf("PutModel: %v", err)
			}
		})
		wg.Go(func() {
			for range 5 {
				listing, err := r.ListAll(t.Context())
				if err != nil {
					t.Errorf("ListAll: %v", err)
				}
				if _, err := registry.NewIndex(listing); err != nil {
					t.Errorf("a listing taken during writes can't be used: %v", err)
				}
			}
		})
	}
	wg.Wait()
	if got := len(list(t, r).Models); got != count+writers {
		t.Errorf("%d models after %d writers added one each to %d: a write was lost", got, writers, count)
	}
}
