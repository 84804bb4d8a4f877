package registry_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/edgewise-ai/edgewise/registry"
)

// Select, which sorts nothing and stops early, must choose what filtering all
// and sorting all would.
func TestSelectAgreesWithTheReference(t *testing.T) {
	const registries, queries = 400, 25
	chosen, emptied := 0, make(map[registry.Filter]int)
	for seed := range uint64(registries) {
		g := newGenerator(seed)
		n := g.IntN(30)
		models := g.models(n)
		index := newIndex(t, models...)
		for range queries {
			q := g.query(n)
			want, wantEmptied, wantLeft := referenceSelect(models, q)
			got := index.Select(q)
			if !slices.Equal(ids(got), want) || got.Emptied != wantEmptied {
				t.Fatalf("seed %d: got %v (%q), want %v (%q) for\n%s", seed, ids(got), got.Emptied, want, wantEmptied, show(q))
			}
			if left := index.Remaining(q); !slices.Equal(left, wantLeft) {
				t.Fatalf("seed %d: Remaining gives %v, want %v for\n%s", seed, left, wantLeft, show(q))
			}
			if got.Model == nil {
				emptied[got.Emptied]++
				continue
			}
			chosen++
			if got.Model != index.Model(got.Model.ID) {
				t.Fatalf("seed %d: %s is a copy", seed, got.Model.ID)
			}
			if state := q.States[got.Model.ID].Status; got.Status != state {
				t.Fatalf("seed %d: status %q, want %q", seed, got.Status, state)
			}
		}
	}
	// The generator must reach what the test is about.
	if total := registries * queries; chosen < total/4 || chosen > total*3/4 {
		t.Errorf("a model was chosen in %d of %d cases, which leaves one side untested", chosen, total)
	}
	for f := registry.FilterEnabled; f <= registry.FilterSpeed; f++ {
		if emptied[f] == 0 {
			t.Errorf("filter %q never emptied a set", f)
		}
	}
}

// States are a map and listings come in any order; neither may show.
func TestSelectIsDeterministic(t *testing.T) {
	for seed := range uint64(50) {
		g := newGenerator(seed)
		models := g.models(20)
		q := g.query(20)
		first := newIndex(t, models...).Select(q)
		for range 10 {
			g.Shuffle(len(models), func(i, j int) { models[i], models[j] = models[j], models[i] })
			states := make(map[string]registry.ModelState, len(q.States))
			for id, state := range q.States {
				states[id] = state
			}
			again := q
			again.States = states
			got := newIndex(t, models...).Select(again)
			if !slices.Equal(ids(got), ids(first)) || got.Emptied != first.Emptied || got.Status != first.Status {
				t.Fatalf("seed %d: got %v, before %v for\n%s", seed, ids(got), ids(first), show(q))
			}
		}
	}
}

func show(q registry.Query) []byte {
	data, err := json.MarshalIndent(q, "", " ")
	if err != nil {
		return []byte(err.Error())
	}
	return data
}
