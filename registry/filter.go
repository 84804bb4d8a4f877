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
	FilterFeatures                  // tools, JSON schema, images, log probabilities, n
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

// rejects returns the first filter that removes the model, or [FilterNone].
//
// One function instead of a list of closures: it runs once a model in every
// decision, and this way the order stands in one place and nothing allocates.
func (q *Query) rejects(m *Model, state ModelState) Filter {
	device, limits := q.Device, q.Limits
	switch {
	case m.Disabled || slices.Contains(limits.DisabledEngines, m.Framework):
		return FilterEnabled
	case m.Requires.GPU == NeedsWebGPU && !hasWebGPU(device, limits):
		return FilterGPU
	case !device.HasEngine(m.Framework):
		return FilterEngine
	case !fitsGPU(&m.Requires, device):
		return FilterGPUFeatures
	case m.MinDeviceTier > device.Tier():
		return FilterTier
	case device.RAM() != 0 && m.MinRAM > device.RAM():
		return FilterMemory
	case !q.fitsStorage(m, state):
		return FilterSize
	case q.Tokens > int64(m.ContextWindow):
		return FilterContext
	case !m.Supports.Covers(q.Needs):
		return FilterFeatures
	case (q.Network.SaveData || q.Network.Metered) && !state.onDevice():
		return FilterMetered
	case q.Network.Offline && !state.onDevice():
		return FilterOffline
	case int(state.Failures) >= cmp.Or(limits.MaxFailures, DefaultMaxFailures):
		return FilterHealth
	case state.TokensPerSecondMilli != 0 && int64(state.TokensPerSecondMilli) < limits.MinTokensPerSecondMilli:
		return FilterSpeed
	}
	return FilterNone
}

func hasWebGPU(d *capability.Device, l *Limits) bool {
	return d.WebGPU != capability.No && (l.AllowSoftwareGPU || !d.GPU.Software())
}

// fitsGPU checks features and buffer limits, which only a model that runs on
// WebGPU can need.
func fitsGPU(need *Requirements, d *capability.Device) bool {
	if need.GPU != NeedsWebGPU {
		return true
	}
	for _, feature := range need.Features {
		if !d.HasGPUFeature(feature) {
			return false
		}
	}
	return fits(need.MinBufferBytes, d.GPU.Limits.MaxBufferSize) &&
		fits(need.MinBufferBytes, d.GPU.Limits.MaxStorageBufferBindingSize)
}

// fitsStorage checks what a download would take; a model on the device has its
// place already, but the operator's cap holds for it too.
func (q *Query) fitsStorage(m *Model, state ModelState) bool {
	if q.Limits.MaxModelBytes != 0 && m.SizeBytes > q.Limits.MaxModelBytes {
		return false
	}
	const mib = 1 << 20
	quota := q.Device.StorageQuotaMB
	return state.onDevice() || quota == 0 || m.SizeBytes/mib < int64(quota)
}

// fits reports whether need is within a claimed limit; an unknown limit fits.
func fits(need int64, limit capability.Count) bool {
	return limit == 0 || need <= int64(limit)
}
