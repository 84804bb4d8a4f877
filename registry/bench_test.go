package registry_test

import (
	"fmt"
	"testing"

	"github.com/edgewise-ai/edgewise/registry"
)

func TestSelectDoesNotAllocate(t *testing.T) {
	for _, models := range []int{50, 1000} {
		g := newGenerator(1)
		index := newIndex(t, g.models(models)...)
		for i := range 200 {
			q := g.query(models)
			if n := testing.AllocsPerRun(10, func() { index.Select(q) }); n != 0 {
				t.Fatalf("%d models, query %d: %v allocations for\n%s", models, i, n, show(q))
			}
		}
	}
}

// BenchmarkSelect asks 1,024 different questions in turn, so that neither the
// branch predictor nor the cache learns one by heart. "found" are questions that
// have an answer, which lets Select stop early; "mixed" are half without one,
// for which it must look at every model; "varied" are mixed ones about models
// whose figures all differ, which makes every comparison as long as it can be.
func BenchmarkSelect(b *testing.B) {
	for _, kind := range []string{"found", "mixed", "varied"} {
		for _, models := range []int{50, 1000, 10_000} {
			b.Run(fmt.Sprintf("%s/models=%d", kind, models), func(b *testing.B) {
				g := newGenerator(1)
				g.varied = kind == "varied"
				index := newIndex(b, g.models(models)...)
				queries := make([]registry.Query, 0, 1024)
				for len(queries) < cap(queries) {
					q := g.query(models)
					if kind != "found" || index.Select(q).Model != nil {
						queries = append(queries, q)
					}
				}
				b.ReportAllocs()
				i := 0
				for b.Loop() {
					index.Select(queries[i%len(queries)])
					i++
				}
			})
		}
	}
}

func BenchmarkNewIndex(b *testing.B) {
	for _, models := range []int{50, 1000, 10_000} {
		b.Run(fmt.Sprintf("models=%d", models), func(b *testing.B) {
			listing := registry.Listing{Models: newGenerator(1).models(models)}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := registry.NewIndex(listing); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
