package registry_test

import (
	"cmp"
	"slices"

	"github.com/edgewise-ai/edgewise/capability"
	"github.com/edgewise-ai/edgewise/registry"
)

// referenceFilters are the filters as their documentation has them, written
// without regard to speed and without the index's help.
var referenceFilters = []struct {
	filter registry.Filter
	keeps  func(registry.Model, registry.Query) bool
}{
	{registry.FilterEnabled, func(m registry.Model, q registry.Query) bool {
		return !m.Disabled && !slices.Contains(q.Limits.DisabledEngines, m.Framework)
	}},
	{registry.FilterGPU, func(m registry.Model, q registry.Query) bool {
		if !needsGPU(m) {
			return true
		}
		return q.Device.WebGPU != capability.No && (!q.Device.GPU.Software() || q.Limits.AllowSoftwareGPU)
	}},
	{registry.FilterEngine, func(m registry.Model, q registry.Query) bool {
		return q.Device.Engines == nil || slices.Contains(q.Device.Engines, m.Framework)
	}},
	{registry.FilterGPUFeatures, func(m registry.Model, q registry.Query) bool {
		if !needsGPU(m) {
			return true
		}
		for _, feature := range m.Requires.Features {
			if q.Device.GPU.Features != nil && !slices.Contains(q.Device.GPU.Features, feature) {
				return false
			}
		}
		for _, limit := range []capability.Count{q.Device.GPU.Limits.MaxBufferSize, q.Device.GPU.Limits.MaxStorageBufferBindingSize} {
			if limit != 0 && m.Requires.MinBufferBytes > int64(limit) {
				return false
			}
		}
		return true
	}},
	{registry.FilterTier, func(m registry.Model, q registry.Query) bool { return m.MinDeviceTier <= q.Device.Tier() }},
	{registry.FilterMemory, func(m registry.Model, q registry.Query) bool {
		return q.Device.AvailableRAM == 0 || m.MinRAM <= q.Device.AvailableRAM
	}},
	{registry.FilterSize, func(m registry.Model, q registry.Query) bool {
		if q.Limits.MaxModelBytes > 0 && m.SizeBytes > q.Limits.MaxModelBytes {
			return false
		}
		fits := q.Device.StorageQuotaMB == 0 || m.SizeBytes < int64(q.Device.StorageQuotaMB)<<20
		return fits || isOnDevice(m, q)
	}},
	{registry.FilterContext, func(m registry.Model, q registry.Query) bool { return q.Tokens <= int64(m.ContextWindow) }},
	{registry.FilterFeatures, func(m registry.Model, q registry.Query) bool {
		return covers(m.Supports, q.Needs) && (q.Engines == nil || slices.Contains(q.Engines, m.Framework))
	}},
	{registry.FilterMetered, func(m registry.Model, q registry.Query) bool {
		return isOnDevice(m, q) || !q.Network.SaveData && !q.Network.Metered
	}},
	{registry.FilterOffline, func(m registry.Model, q registry.Query) bool { return isOnDevice(m, q) || !q.Network.Offline }},
	{registry.FilterHealth, func(m registry.Model, q registry.Query) bool {
		return int64(q.States[m.ID].Failures) < int64(cmp.Or(q.Limits.MaxFailures, registry.DefaultMaxFailures))
	}},
	{registry.FilterSpeed, func(m registry.Model, q registry.Query) bool {
		speed := q.States[m.ID].TokensPerSecondMilli
		return speed == 0 || int64(speed) >= q.Limits.MinTokensPerSecondMilli
	}},
}

func needsGPU(m registry.Model) bool {
	if m.Requires.GPU == "" {
		return m.Framework == registry.WebLLM
	}
	return m.Requires.GPU == registry.NeedsWebGPU
}

// where takes whatever the page did not say for absent.
func where(state registry.ModelState) registry.Status {
	if state.Status == registry.Cached || state.Status == registry.Loaded {
		return state.Status
	}
	return registry.Absent
}

func isOnDevice(m registry.Model, q registry.Query) bool {
	return where(q.States[m.ID]) != registry.Absent
}

// referenceSelect filters all and sorts all. It returns the best IDs, the
// filter that emptied the set, and how many models each filter left.
func referenceSelect(models []registry.Model, q registry.Query) (best []string, emptied registry.Filter, left []int) {
	if q.Device == nil {
		q.Device = new(capability.Device)
	}
	if q.Limits == nil {
		q.Limits = new(registry.Limits)
	}
	models = slices.Clone(models)
	left = []int{len(models)}
	for _, step := range referenceFilters {
		before := len(models)
		models = slices.DeleteFunc(models, func(m registry.Model) bool { return !step.keeps(m, q) })
		left = append(left, len(models))
		if before > 0 && len(models) == 0 {
			emptied = step.filter
		}
	}
	place := func(m registry.Model) int {
		state := q.States[m.ID]
		speed := cmp.Or(state.TokensPerSecondMilli, state.PredictedTokensPerSecondMilli)
		slow := speed > 0 && int64(speed) < cmp.Or(q.Limits.FastTokensPerSecondMilli, registry.DefaultFastTokensPerSecondMilli)
		return slices.Index([]string{"loaded fast", "cached fast", "loaded slow", "cached slow", "absent fast", "absent slow"},
			string(where(state))+map[bool]string{false: " fast", true: " slow"}[slow])
	}
	matches := func(m registry.Model) int {
		if slices.Contains(m.Capabilities, q.Task) {
			return 1
		}
		return 0
	}
	parameters := func(m registry.Model) int64 {
		n, _ := registry.ParseParameters(m.Parameters)
		return n
	}
	slices.SortFunc(models, func(a, b registry.Model) int {
		return cmp.Or(
			cmp.Compare(place(a), place(b)),
			cmp.Compare(matches(b), matches(a)),
			cmp.Compare(parameters(b), parameters(a)),
			cmp.Compare(a.SizeBytes, b.SizeBytes),
			cmp.Compare(a.ID, b.ID),
		)
	})
	for _, m := range models[:min(len(models), 1+registry.MaxAlternates)] {
		best = append(best, m.ID)
	}
	return best, emptied, left
}

// covers reports whether everything that need asks for is offered.
func covers(offer, need registry.Features) bool {
	return (offer.Tools || !need.Tools) &&
		(offer.JSONSchema || !need.JSONSchema) &&
		(offer.Images || !need.Images) &&
		(offer.Logprobs || !need.Logprobs) &&
		max(need.N, 1) <= max(offer.N, 1)
}
