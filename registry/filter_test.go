package registry_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/edgewise-ai/edgewise/capability"
	"github.com/edgewise-ai/edgewise/registry"
)

func newIndex(t testing.TB, models ...registry.Model) *registry.Index {
	t.Helper()
	index, err := registry.NewIndex(registry.Listing{Revision: "test", Models: models})
	if err != nil {
		t.Fatal(err)
	}
	return index
}

func inState(s registry.ModelState) map[string]registry.ModelState {
	return map[string]registry.ModelState{"m": s}
}

// One model and one query that differs from an accepted one in a single point.
func TestEachFilterAlone(t *testing.T) {
	onGPU := func(change func(*registry.Model)) registry.Model {
		m := validModel("m")
		m.Requires.GPU = registry.NeedsWebGPU
		if change != nil {
			change(&m)
		}
		return m
	}
	onCPU := func(change func(*registry.Model)) registry.Model {
		m := validModel("m")
		m.Framework = registry.Wllama
		if change != nil {
			change(&m)
		}
		return m
	}
	device := func(d capability.Device) registry.Query { return registry.Query{Device: &d} }
	limits := func(l registry.Limits) registry.Query { return registry.Query{Limits: &l} }
	needs := func(f registry.Features) registry.Query { return registry.Query{Needs: f} }
	capable := func(engines ...string) registry.Query { return registry.Query{Engines: engines} }
	gpu := func(g capability.GPU) registry.Query { return device(capability.Device{GPU: g}) }
	half := func(m *registry.Model) { m.Requires.Features = []string{"shader-f16"} }
	buffer := func(m *registry.Model) { m.Requires.MinBufferBytes = 1 << 20 }

	for _, test := range []struct {
		name  string
		model registry.Model
		query registry.Query
		want  registry.Filter // FilterNone: it passes
	}{
		{"nothing known", onGPU(nil), registry.Query{}, registry.FilterNone},

		{"model disabled", onGPU(func(m *registry.Model) { m.Disabled = true }), registry.Query{}, registry.FilterEnabled},
		{"engine disabled", onGPU(nil), limits(registry.Limits{DisabledEngines: []string{"x", registry.WebLLM}}), registry.FilterEnabled},
		{"other engine disabled", onGPU(nil), limits(registry.Limits{DisabledEngines: []string{registry.Wllama}}), registry.FilterNone},

		{"no WebGPU", onGPU(nil), device(capability.Device{WebGPU: capability.No}), registry.FilterGPU},
		{"WebGPU", onGPU(nil), device(capability.Device{WebGPU: capability.Yes}), registry.FilterNone},
		{"no WebGPU, no need", onCPU(nil), device(capability.Device{WebGPU: capability.No}), registry.FilterNone},
		{"software adapter", onGPU(nil), gpu(capability.GPU{Fallback: capability.Yes}), registry.FilterGPU},
		{"software adapter, no need", onCPU(nil), gpu(capability.GPU{Fallback: capability.Yes}), registry.FilterNone},
		{"software adapter allowed", onGPU(nil), registry.Query{
			Device: &capability.Device{GPU: capability.GPU{Architecture: "swiftshader"}},
			Limits: &registry.Limits{AllowSoftwareGPU: true},
		}, registry.FilterNone},

		{"engine missing", onGPU(nil), device(capability.Device{Engines: []string{registry.Wllama}}), registry.FilterEngine},
		{"no engine", onGPU(nil), device(capability.Device{Engines: []string{}}), registry.FilterEngine},
		{"engine present", onGPU(nil), device(capability.Device{Engines: []string{registry.WebLLM}}), registry.FilterNone},

		{"feature missing", onGPU(half), gpu(capability.GPU{Features: []string{"subgroups"}}), registry.FilterGPUFeatures},
		{"feature present", onGPU(half), gpu(capability.GPU{Features: []string{"subgroups", "shader-f16"}}), registry.FilterNone},
		{"features unknown", onGPU(half), gpu(capability.GPU{}), registry.FilterNone},
		{"feature missing, no GPU need", onCPU(half), gpu(capability.GPU{Features: []string{}}), registry.FilterNone},
		{"buffer too small", onGPU(buffer), gpu(capability.GPU{Limits: capability.GPULimits{MaxBufferSize: 1<<20 - 1}}), registry.FilterGPUFeatures},
		{"binding too small", onGPU(buffer), gpu(capability.GPU{Limits: capability.GPULimits{MaxStorageBufferBindingSize: 1<<20 - 1}}), registry.FilterGPUFeatures},
		{"buffers just fit", onGPU(buffer), gpu(capability.GPU{Limits: capability.GPULimits{MaxBufferSize: 1 << 20, MaxStorageBufferBindingSize: 1 << 20}}), registry.FilterNone},

		{"tier too low", onGPU(func(m *registry.Model) { m.MinDeviceTier = capability.TierDesktop }), device(capability.Device{IsMobile: capability.Yes}), registry.FilterTier},
		{"tier unknown", onGPU(func(m *registry.Model) { m.MinDeviceTier = capability.TierHighEnd }), registry.Query{}, registry.FilterTier}, // placed in the middle
		{"tier just met", onGPU(func(m *registry.Model) { m.MinDeviceTier = capability.TierMobile }), device(capability.Device{IsMobile: capability.Yes}), registry.FilterNone},

		{"memory short", onGPU(func(m *registry.Model) { m.MinRAM = 2*capability.GB + 1 }), device(capability.Device{AvailableRAM: 2 * capability.GB}), registry.FilterMemory},
		{"memory just enough", onGPU(func(m *registry.Model) { m.MinRAM = 2 * capability.GB }), device(capability.Device{AvailableRAM: 2 * capability.GB}), registry.FilterNone},
		{"memory unknown", onGPU(func(m *registry.Model) { m.MinRAM = capability.MaxMemory }), registry.Query{}, registry.FilterNone},

		{"over the size cap", onGPU(nil), limits(registry.Limits{MaxModelBytes: 600<<20 - 1}), registry.FilterSize},
		{"at the size cap", onGPU(nil), limits(registry.Limits{MaxModelBytes: 600 << 20}), registry.FilterNone},
		{"over the size cap, cached", onGPU(nil), registry.Query{
			Limits: &registry.Limits{MaxModelBytes: 1}, States: inState(registry.ModelState{Status: registry.Cached}),
		}, registry.FilterSize},
		{"quota too small", onGPU(nil), device(capability.Device{StorageQuotaMB: 600}), registry.FilterSize}, // the model would fill it
		{"quota large enough", onGPU(nil), device(capability.Device{StorageQuotaMB: 601}), registry.FilterNone},
		{"quota beyond any model", onGPU(func(m *registry.Model) { m.SizeBytes = capability.MaxCount }), device(capability.Device{StorageQuotaMB: capability.MaxCount}), registry.FilterNone},
		{"largest model, quota just large enough", onGPU(func(m *registry.Model) { m.SizeBytes = capability.MaxCount }), device(capability.Device{StorageQuotaMB: 1 << 33}), registry.FilterNone},
		{"largest model, quota too small", onGPU(func(m *registry.Model) { m.SizeBytes = capability.MaxCount }), device(capability.Device{StorageQuotaMB: 1<<33 - 1}), registry.FilterSize},
		{"quota too small, cached", onGPU(nil), registry.Query{
			Device: &capability.Device{StorageQuotaMB: 1}, States: inState(registry.ModelState{Status: registry.Cached}),
		}, registry.FilterNone},

		{"context exceeded", onGPU(nil), registry.Query{Tokens: 4097}, registry.FilterContext},
		{"context full", onGPU(nil), registry.Query{Tokens: 4096}, registry.FilterNone},

		{"tools", onGPU(nil), needs(registry.Features{Tools: true}), registry.FilterFeatures},
		{"n", onGPU(nil), needs(registry.Features{N: 2}), registry.FilterFeatures},
		{"tools supported", onGPU(func(m *registry.Model) { m.Supports.Tools = true }), needs(registry.Features{Tools: true}), registry.FilterNone},
		{"no engine can honour it", onGPU(nil), capable([]string{}...), registry.FilterFeatures},
		{"another engine can", onGPU(nil), capable(registry.Wllama), registry.FilterFeatures},
		{"the engine can", onGPU(nil), capable(registry.Wllama, registry.WebLLM), registry.FilterNone},
		{"the engine can, and is missing", onGPU(nil), registry.Query{
			Device: &capability.Device{Engines: []string{}}, Engines: []string{registry.WebLLM},
		}, registry.FilterEngine},
		{"the engine can not, and is missing", onGPU(nil), registry.Query{
			Device: &capability.Device{Engines: []string{}}, Engines: []string{},
		}, registry.FilterEngine},

		{"metered", onGPU(nil), registry.Query{Network: registry.Network{Metered: true}}, registry.FilterMetered},
		{"save data", onGPU(nil), registry.Query{Network: registry.Network{SaveData: true}}, registry.FilterMetered},
		{"metered, known to be absent", onGPU(nil), registry.Query{
			Network: registry.Network{Metered: true}, States: inState(registry.ModelState{Status: registry.Absent}),
		}, registry.FilterMetered},
		{"metered, cached", onGPU(nil), registry.Query{
			Network: registry.Network{Metered: true, SaveData: true}, States: inState(registry.ModelState{Status: registry.Cached}),
		}, registry.FilterNone},

		{"offline", onGPU(nil), registry.Query{Network: registry.Network{Offline: true}}, registry.FilterOffline},
		{"offline, loaded", onGPU(nil), registry.Query{
			Network: registry.Network{Offline: true}, States: inState(registry.ModelState{Status: registry.Loaded}),
		}, registry.FilterNone},

		{"failed too often", onGPU(nil), registry.Query{States: inState(registry.ModelState{Failures: registry.DefaultMaxFailures})}, registry.FilterHealth},
		{"failed less often", onGPU(nil), registry.Query{States: inState(registry.ModelState{Failures: registry.DefaultMaxFailures - 1})}, registry.FilterNone},
		{"failed once, one allowed", onGPU(nil), registry.Query{
			Limits: &registry.Limits{MaxFailures: 1}, States: inState(registry.ModelState{Failures: 1}),
		}, registry.FilterHealth},

		{"too slow", onGPU(nil), registry.Query{
			Limits: &registry.Limits{MinTokensPerSecondMilli: 5000}, States: inState(registry.ModelState{TokensPerSecondMilli: 4999}),
		}, registry.FilterSpeed},
		{"just fast enough", onGPU(nil), registry.Query{
			Limits: &registry.Limits{MinTokensPerSecondMilli: 5000}, States: inState(registry.ModelState{TokensPerSecondMilli: 5000}),
		}, registry.FilterNone},
		{"expected to be too slow", onGPU(nil), registry.Query{
			Limits: &registry.Limits{MinTokensPerSecondMilli: 5000}, States: inState(registry.ModelState{PredictedTokensPerSecondMilli: 1}),
		}, registry.FilterNone},
		{"speed unknown", onGPU(nil), registry.Query{Limits: &registry.Limits{MinTokensPerSecondMilli: 5000}}, registry.FilterNone},
	} {
		t.Run(test.name, func(t *testing.T) {
			index := newIndex(t, test.model)
			got := index.Select(test.query)
			if got.Emptied != test.want {
				t.Errorf("filter %q removed it, want %q", got.Emptied, test.want)
			}
			if passed := got.Model != nil; passed != (test.want == registry.FilterNone) {
				t.Errorf("chosen: %t", passed)
			}
			for filter, left := range index.Remaining(test.query) {
				want := 1
				if test.want != registry.FilterNone && registry.Filter(filter) >= test.want {
					want = 0
				}
				if left != want {
					t.Errorf("Remaining: %d left after filter %q, want %d", left, registry.Filter(filter), want)
				}
			}
		})
	}
}

// A query that every filter refuses, made acceptable to one filter after the
// other, names them in their order.
func TestFilterOrder(t *testing.T) {
	m := validModel("m")
	m.Disabled = true
	m.Requires = registry.Requirements{GPU: registry.NeedsWebGPU, Features: []string{"shader-f16"}}
	m.MinDeviceTier = capability.TierDesktop
	m.MinRAM = 4 * capability.GB
	device := capability.Device{
		WebGPU: capability.No, GPU: capability.GPU{Features: []string{}}, Engines: []string{},
		IsMobile: capability.Yes, AvailableRAM: capability.GB, StorageQuotaMB: 1,
	}
	limits := registry.Limits{MinTokensPerSecondMilli: 5000}
	state := registry.ModelState{TokensPerSecondMilli: 1, Failures: 3}
	query := registry.Query{
		Device: &device, Limits: &limits, Tokens: 10_000, Needs: registry.Features{Images: true}, Engines: []string{},
		Network: registry.Network{Metered: true, Offline: true},
	}
	for _, step := range []struct {
		want registry.Filter
		name string
		mend func()
	}{
		{registry.FilterEnabled, "enabled", func() { m.Disabled = false }},
		{registry.FilterGPU, "gpu", func() { device.WebGPU = capability.Yes }},
		{registry.FilterEngine, "engine", func() { device.Engines = nil }},
		{registry.FilterGPUFeatures, "gpu_features", func() { device.GPU.Features = []string{"shader-f16"} }},
		{registry.FilterTier, "tier", func() { device.IsMobile = capability.No }},
		{registry.FilterMemory, "memory", func() { device.AvailableRAM = 8 * capability.GB }},
		{registry.FilterSize, "size", func() { device.StorageQuotaMB = 10_000 }},
		{registry.FilterContext, "context", func() { query.Tokens = 1000 }},
		{registry.FilterFeatures, "features", func() { query.Needs = registry.Features{} }},
		{registry.FilterFeatures, "features", func() { query.Engines = nil }},
		{registry.FilterMetered, "metered", func() { query.Network.Metered = false }},
		{registry.FilterOffline, "offline", func() { query.Network.Offline = false }},
		{registry.FilterHealth, "health", func() { state.Failures = 0 }},
		{registry.FilterSpeed, "speed", func() { state.TokensPerSecondMilli = 0 }},
		{registry.FilterNone, "", func() {}},
	} {
		query.States = inState(state)
		got := newIndex(t, m).Select(query)
		if got.Emptied != step.want {
			t.Fatalf("filter %q removed it, want %q", got.Emptied, step.want)
		}
		if step.want.String() != step.name {
			t.Errorf("the filter is called %q, want %q", step.want, step.name)
		}
		step.mend()
	}
}

// Whatever a request can ask for, a model must offer.
func TestEveryFeatureIsFiltered(t *testing.T) {
	for i := range reflect.TypeFor[registry.Features]().NumField() {
		name := reflect.TypeFor[registry.Features]().Field(i).Name
		var asked registry.Features
		switch field := reflect.ValueOf(&asked).Elem().Field(i); field.Kind() {
		case reflect.Bool:
			field.SetBool(true)
		default:
			field.SetInt(2)
		}
		without, with := validModel("m"), validModel("m")
		without.Supports, with.Supports = registry.Features{}, asked
		query := registry.Query{Needs: asked}
		if got := newIndex(t, without).Select(query); got.Emptied != registry.FilterFeatures {
			t.Errorf("%s is asked for and not offered: emptied by %q", name, got.Emptied)
		}
		if got := newIndex(t, with).Select(query); got.Model == nil {
			t.Errorf("%s is asked for and offered: emptied by %q", name, got.Emptied)
		}
	}
}

// A kill switch with a typing error would switch nothing off.
func TestLimitsKnowTheEngines(t *testing.T) {
	for engine, ok := range map[string]bool{
		registry.WebLLM: true, "acme/mlx": true, "WebLLM": false, "weblm": false, "": false,
	} {
		limits := registry.Limits{DisabledEngines: []string{registry.Wllama, engine}}
		if err := limits.Validate(); ok != (err == nil) || !ok && !strings.Contains(err.Error(), "Limits.DisabledEngines") {
			t.Errorf("%q: %v", engine, err)
		}
	}
}

func TestLimitsValidate(t *testing.T) {
	for name, number := range map[string]func(*registry.Limits, int64){
		"MaxModelBytes":            func(l *registry.Limits, n int64) { l.MaxModelBytes = n },
		"MaxFailures":              func(l *registry.Limits, n int64) { l.MaxFailures = int(n) },
		"MinTokensPerSecondMilli":  func(l *registry.Limits, n int64) { l.MinTokensPerSecondMilli = n },
		"FastTokensPerSecondMilli": func(l *registry.Limits, n int64) { l.FastTokensPerSecondMilli = n },
	} {
		for n, ok := range map[int64]bool{
			0: true, 1: true, capability.MaxCount: true, -1: false, capability.MaxCount + 1: false,
		} {
			if int64(int(n)) != n && name == "MaxFailures" {
				continue // more than an int holds here
			}
			var limits registry.Limits
			number(&limits, n)
			if err := limits.Validate(); ok && err != nil {
				t.Errorf("%s = %d: %v", name, n, err)
			} else if !ok && (err == nil || !strings.Contains(err.Error(), "Limits."+name+" ")) {
				t.Errorf("%s = %d: got %v, want an error that names it", name, n, err)
			}
		}
	}
}
