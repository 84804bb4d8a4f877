package registry

import (
	"maps"
	"math"
	"slices"
)

// columns hold, of all models, the properties that filters look at. What a
// query must not fall short of is held as a negative number, so that every
// comparison is with an upper limit.
type columns struct {
	disabled      column
	webGPU        column // needs WebGPU
	bufferBytes   column // of models that need WebGPU
	deviceTier    column
	ram           column // MiB
	sizeBytes     column
	contextWindow column // negative
	completions   column // negative
	unsupported   [len(featureList)]column

	engines     []namedColumn // runs on this engine
	gpuFeatures []namedColumn // needs WebGPU, and this feature of it
}

type namedColumn struct {
	name string
	column
}

// featureList holds the features that are there or not.
var featureList = [...]func(Features) bool{
	func(f Features) bool { return f.Tools },
	func(f Features) bool { return f.JSONSchema },
	func(f Features) bool { return f.Images },
	func(f Features) bool { return f.Logprobs },
}

func newColumns(models []Model) columns {
	flag := func(has func(*Model) bool) column {
		return newColumn(models, func(m *Model) int64 {
			if has(m) {
				return 1
			}
			return 0
		})
	}
	c := columns{
		disabled:   flag(func(m *Model) bool { return m.Disabled }),
		webGPU:     flag(needsWebGPU),
		deviceTier: newColumn(models, func(m *Model) int64 { return int64(m.MinDeviceTier) }),
		ram:        newColumn(models, func(m *Model) int64 { return int64(m.MinRAM) }),
		sizeBytes:  newColumn(models, func(m *Model) int64 { return m.SizeBytes }),
		bufferBytes: newColumn(models, func(m *Model) int64 {
			if needsWebGPU(m) {
				return m.Requires.MinBufferBytes
			}
			return math.MinInt64 // no adapter is too small for a model that uses none
		}),
		contextWindow: newColumn(models, func(m *Model) int64 { return -int64(m.ContextWindow) }),
		completions:   newColumn(models, func(m *Model) int64 { return -int64(max(m.Supports.N, 1)) }),

		engines: newFlags(models, func(m *Model) []string { return []string{m.Framework} }),
		gpuFeatures: newFlags(models, func(m *Model) []string {
			if needsWebGPU(m) {
				return m.Requires.Features
			}
			return nil
		}),
	}
	for i, has := range featureList {
		c.unsupported[i] = flag(func(m *Model) bool { return !has(m.Supports) })
	}
	return c
}

func needsWebGPU(m *Model) bool { return m.Requires.GPU == NeedsWebGPU }

// newFlags makes a column of each word that is said of a model.
func newFlags(models []Model, words func(*Model) []string) []namedColumn {
	all, having := newFullBitset(len(models)), setsByWord(models, words)
	columns := make([]namedColumn, 0, len(having))
	for _, word := range slices.Sorted(maps.Keys(having)) {
		columns = append(columns, namedColumn{word, newFlag(all, having[word])})
	}
	return columns
}

// setsByWord returns, by word, the models that it is said of.
func setsByWord(models []Model, words func(*Model) []string) map[string]bitset {
	sets := make(map[string]bitset)
	for i := range models {
		for _, word := range words(&models[i]) {
			if sets[word] == nil {
				sets[word] = newBitset(len(models))
			}
			sets[word].add(int32(i))
		}
	}
	return sets
}
