package registry_test

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/edgewise-ai/edgewise/registry"
)

// What one look at an unchanged file costs, which a watcher has every interval.
func BenchmarkFileUnchanged(b *testing.B) {
	for _, count := range []int{15, 500} {
		b.Run(fmt.Sprintf("models=%d", count), func(b *testing.B) {
			catalogue := registry.Catalogue()
			models := make([]registry.Model, count)
			for i := range models {
				models[i] = catalogue[i%len(catalogue)]
				models[i].ID = strconv.Itoa(i)
			}
			file, _, _ := openFile(b, models...)
			for b.Loop() {
				if _, err := file.ListAll(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
