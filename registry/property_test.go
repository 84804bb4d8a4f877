package registry_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/edgewise-ai/edgewise/registry"
)

// Select, which sorts nothing and stops early, must choose what filtering all
// and sorting all would; and Remaining count what filtering all would leave.
func TestSelectAgreesWithTheReference(t *testing.T) {
	total, chosen, emptied := 0, 0, make(map[registry.Filter]int)
	for _, test := range []struct {
		name               string
		generator          func(seed uint64) generator
		registries, models int
	}{
		{"small registries", newGenerator, 400, 30},
		{"small registries whose figures all differ", newVariedGenerator, 400, 30},
		{"large registries", newGenerator, 40, 700},
		{"large registries whose figures all differ", newVariedGenerator, 40, 700},
	} {
		t.Run(test.name, func(t *testing.T) {
			for seed := range uint64(test.registries) {
				g := test.generator(seed)
				n := g.IntN(test.models)
				models := g.models(n)
				index := newIndex(t, models...)
				for range 25 {
					q := g.query(n)
					if g.sometimes(20) {
						q.States = g.states(n, 250) // more than Select has room for on the stack
					}
					got := index.Select(q)
					checkSelection(t, index, models, q, got)
					if t.Failed() {
						t.Fatalf("seed %d, %d models, query:\n%s", seed, n, show(q))
					}
					total++
					emptied[got.Emptied]++
					if got.Model != nil {
						chosen++
					}
				}
			}
		})
	}
	// The generator must reach what the test is about.
	if chosen < total/4 || chosen > total*3/4 {
		t.Errorf("a model was chosen in %d of %d cases, which leaves one side untested", chosen, total)
	}
	for f := registry.FilterEnabled; f <= registry.FilterSpeed; f++ {
		if emptied[f] == 0 {
			t.Errorf("filter %q never emptied a set", f)
		}
	}
}

func checkSelection(t *testing.T, index *registry.Index, models []registry.Model, q registry.Query, got registry.Selection) {
	t.Helper()
	want, wantEmptied, wantLeft := referenceSelect(models, q)
	if !slices.Equal(ids(got), want) || got.Emptied != wantEmptied {
		t.Errorf("got %v (%q), want %v (%q)", ids(got), got.Emptied, want, wantEmptied)
	}
	if left := index.Remaining(q); !slices.Equal(left, wantLeft) {
		t.Errorf("Remaining gives %v, want %v", left, wantLeft)
	}
	if got.Model == nil {
		return
	}
	if got.Model != index.Model(got.Model.ID) {
		t.Errorf("%s is a copy", got.Model.ID)
	}
	if state := q.States[got.Model.ID]; got.State != state {
		t.Errorf("state %+v, want %+v", got.State, state)
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
			if !slices.Equal(ids(got), ids(first)) || got.Emptied != first.Emptied || got.State != first.State {
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
