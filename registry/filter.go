package registry

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/edgewise-ai/edgewise/capability"
)

// Filter is one step of the candidate choice. Filters run in the order of their
// values. Each removes models; none forbids the browser by itself.
type Filter uint8

// The filters, in the order in which they run.
const (
	FilterNone        Filter = iota // no filter: something was left
	FilterEnabled                   // kill switch of the model or of its engine
	FilterGPU                       // the model needs WebGPU and the device has none it may use
	FilterEngine                    // the page does not carry the engine
	FilterGPUFeatures               // a WebGPU feature or buffer limit is missing
	FilterTier                      // device tier
	FilterMemory                    // memory
	FilterSize                      // storage left, operator's size cap
	FilterContext                   // context window
	FilterFeatures                  // tools, JSON schema, images, log probabilities, n; what else the engine cannot honour
	FilterMetered                   // a download on a connection that should not carry it
	FilterOffline                   // a download without a connection
	FilterHealth                    // failed too often on this device
	FilterSpeed                     // measured slower than the floor

	filterCount
)

var filterNames = [filterCount]string{
	"", "enabled", "gpu", "engine", "gpu_features", "tier", "memory", "size",
	"context", "features", "metered", "offline", "health", "speed",
}

// String returns the filter's name, as it stands in a decision's trace.
func (f Filter) String() string {
	if f < filterCount {
		return filterNames[f]
	}
	return "filter " + strconv.Itoa(int(f))
}

// plan says what each filter lets pass, for all but what a page has measured,
// which is for [Query.refuses]. It appends to p.
func (c *columns) plan(q *Query, p plan) plan {
	device, limits := q.Device, q.Limits

	p = p.without(FilterEnabled, &c.disabled)
	for i := range c.engines {
		if engine := &c.engines[i]; slices.Contains(limits.DisabledEngines, engine.name) {
			p = p.without(FilterEnabled, &engine.column)
		}
	}
	if device.WebGPU == capability.No || !limits.AllowSoftwareGPU && device.GPU.Software() {
		p = p.without(FilterGPU, &c.webGPU)
	}
	for i := range c.engines {
		if engine := &c.engines[i]; !device.HasEngine(engine.name) {
			p = p.without(FilterEngine, &engine.column)
		}
	}
	for i := range c.gpuFeatures {
		if feature := &c.gpuFeatures[i]; !device.HasGPUFeature(feature.name) {
			p = p.without(FilterGPUFeatures, &feature.column)
		}
	}
	for _, limit := range [...]capability.Count{device.GPU.Limits.MaxBufferSize, device.GPU.Limits.MaxStorageBufferBindingSize} {
		if limit != 0 {
			p = p.atMost(FilterGPUFeatures, &c.bufferBytes, int64(limit))
		}
	}
	p = p.atMost(FilterTier, &c.deviceTier, int64(device.Tier()))
	if ram := device.RAM(); ram != 0 {
		p = p.atMost(FilterMemory, &c.ram, int64(ram))
	}
	if limits.MaxModelBytes != 0 {
		p = p.atMost(FilterSize, &c.sizeBytes, limits.MaxModelBytes)
	}
	if quota := device.StorageQuotaMB; quota != 0 {
		// A model that fills the quota to the last byte does not fit. A quota
		// beyond the largest model is as good as that, and fits an int64 in bytes.
		const mib = 1 << 20
		p = p.downloadAtMost(FilterSize, &c.sizeBytes, int64(min(quota, capability.MaxCount/mib+1))*mib-1)
	}
	p = p.atMost(FilterContext, &c.contextWindow, -q.Tokens)
	if q.Needs != (Features{}) {
		for i, has := range featureList {
			if has(q.Needs) {
				p = p.without(FilterFeatures, &c.unsupported[i])
			}
		}
		p = p.atMost(FilterFeatures, &c.completions, -int64(q.Needs.N))
	}
	if q.Engines != nil {
		for i := range c.engines {
			// One that the page does not carry has lost its models already.
			if engine := &c.engines[i]; !slices.Contains(q.Engines, engine.name) && device.HasEngine(engine.name) {
				p = p.without(FilterFeatures, &engine.column)
			}
		}
	}
	if q.Network.SaveData || q.Network.Metered {
		p = p.noDownload(FilterMetered)
	}
	if q.Network.Offline {
		p = p.noDownload(FilterOffline)
	}
	return p
}

// refuses returns the filter that a model's state on the device does not pass,
// or [FilterNone]. Nothing is held against a model without a state.
func (q *Query) refuses(state *ModelState) Filter {
	switch {
	case int64(state.Failures) >= int64(cmp.Or(q.Limits.MaxFailures, DefaultMaxFailures)):
		return FilterHealth
	case state.TokensPerSecondMilli != 0 && int64(state.TokensPerSecondMilli) < q.Limits.MinTokensPerSecondMilli:
		return FilterSpeed
	}
	return FilterNone
}
