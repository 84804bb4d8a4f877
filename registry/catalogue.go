package registry

import (
	_ "embed"
	"encoding/json"
	"fmt"
)

//go:embed catalogue.json
var catalogueJSON []byte

// Catalogue returns the built-in models, small to large: what the book chapter
// 5.5.3 recommends, and a few more that suit phones. Each call returns
// a fresh copy, which the caller may change before it fills a registry from it:
//
//	models := slices.DeleteFunc(registry.Catalogue(), func(m registry.Model) bool {
//		return m.License == "CC-BY-NC-4.0"
//	})
//	memory, err := registry.NewMemory(models...)
//
// Every figure says in [Model.Origin] where it was read; "unverified" marks what
// was computed and measured by nobody. The licences differ, and two of the
// models may not be used commercially: check [Model.License] before offering
// them.
func Catalogue() []Model {
	var models []Model
	if err := json.Unmarshal(catalogueJSON, &models); err != nil {
		// The file is compiled in and a test decodes it.
		panic(fmt.Sprintf("registry: catalogue.json: %v", err))
	}
	for i := range models {
		models[i] = models[i].normalized()
	}
	return models
}
