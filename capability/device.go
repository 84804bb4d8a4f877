package capability

import (
	"slices"
	"strings"
)

// Bounds that [Device.Clamp] enforces. Real browsers stay far below them; they
// exist so that a hostile page cannot make the server keep or log much.
const (
	MaxLabelLength = 64  // bytes of one descriptive string
	MaxFeatures    = 128 // GPU features; the WebGPU specification names about 20
	MaxEngines     = 16  // engine names
)

// Device is what a browser says about the machine it runs on, as the page's
// detector sends it under "capabilities". It is plain data: copying it copies
// the claim, and it is safe for concurrent reading.
//
// The zero Device knows nothing, and knowing nothing rules nothing out.
type Device struct {
	WebGPU Presence `json:"hasWebGPU,omitzero"` // requestAdapter gave an adapter
	WebGL2 Presence `json:"hasWebGL2,omitzero"` // a webgl2 context could be made
	WebNN  Presence `json:"hasWebNN,omitzero"`  // navigator.ml exists

	GPUTier GPUTier `json:"gpuTier,omitzero"` // the page's estimate
	GPU     GPU     `json:"gpu,omitzero"`     // the WebGPU adapter

	Memory       Memory `json:"deviceMemoryGB,omitzero"`          // navigator.deviceMemory; browsers round and cap it
	AvailableRAM Memory `json:"estimatedAvailableRAMGB,omitzero"` // what a model may hope to use

	IsMobile  Presence `json:"isMobile,omitzero"`
	IsTablet  Presence `json:"isTablet,omitzero"`
	IsDesktop Presence `json:"isDesktop,omitzero"`

	BrowserName    string `json:"browserName,omitempty"`    // lower case, "chrome"
	BrowserVersion string `json:"browserVersion,omitempty"` // major version, "156"

	StorageQuotaMB Count `json:"storageQuotaMB,omitzero"`      // MiB this origin may still write
	Cores          Count `json:"hardwareConcurrency,omitzero"` // logical processors

	ConnectionType      string   `json:"connectionType,omitempty"` // "wifi", "cellular", "4g"
	CrossOriginIsolated Presence `json:"crossOriginIsolated,omitzero"`

	// Engines are the names of the engines the page carries, as models spell
	// them in their framework. Nil means the page did not say; an empty list that it carries none.
	Engines []string `json:"engines,omitzero"`
}

// GPU is the WebGPU adapter as the browser describes it. Browsers bucket limits
// and blur names against fingerprinting, and never tell how much video memory
// there is.
type GPU struct {
	Vendor       string    `json:"vendor,omitempty"`
	Architecture string    `json:"architecture,omitempty"`
	Description  string    `json:"description,omitempty"`
	Fallback     Presence  `json:"isFallbackAdapter,omitzero"` // rendered in software
	Features     []string  `json:"features,omitzero"`          // "shader-f16"; nil means not said, empty none
	Limits       GPULimits `json:"limits,omitzero"`
}

// GPULimits are the adapter limits that decide whether a model's buffers fit.
// Sizes are bytes.
type GPULimits struct {
	MaxBufferSize                   Count `json:"maxBufferSize,omitzero"`
	MaxStorageBufferBindingSize     Count `json:"maxStorageBufferBindingSize,omitzero"`
	MaxStorageBuffersPerShaderStage Count `json:"maxStorageBuffersPerShaderStage,omitzero"`
	MaxComputeWorkgroupStorageSize  Count `json:"maxComputeWorkgroupStorageSize,omitzero"`
}

// Software reports whether the adapter is known to render in software, where a
// language model needs seconds a token.
func (g *GPU) Software() bool {
	if g.Fallback == Yes {
		return true
	}
	// Older browsers do not say isFallbackAdapter but name the renderer.
	return g.Architecture == "swiftshader" || g.Architecture == "llvmpipe"
}

// RAM is the memory a model may use: what the page estimated, or else all that
// the browser told of, which is more than it may use. Zero means unknown.
func (d *Device) RAM() Memory {
	if d.AvailableRAM != 0 {
		return d.AvailableRAM
	}
	return d.Memory
}

// HasEngine reports whether the page carries the named engine. A page that did
// not list its engines is taken to carry any.
func (d *Device) HasEngine(name string) bool {
	return d.Engines == nil || slices.Contains(d.Engines, name)
}

// HasGPUFeature reports whether the adapter offers the named WebGPU feature. An
// adapter that did not list its features is taken to offer it.
func (d *Device) HasGPUFeature(name string) bool {
	return d.GPU.Features == nil || slices.Contains(d.GPU.Features, name)
}

// Clamp bounds every claim in place. Callers that decode a Device from outside
// call it once, before anything else reads the claim.
func (d *Device) Clamp() {
	for _, s := range []*string{
		&d.BrowserName, &d.BrowserVersion, &d.ConnectionType,
		&d.GPU.Vendor, &d.GPU.Architecture, &d.GPU.Description,
	} {
		*s = clampLabel(*s)
	}
	d.GPU.Features = clampLabels(d.GPU.Features, MaxFeatures)
	d.Engines = clampLabels(d.Engines, MaxEngines)
}

func clampLabel(s string) string {
	if len(s) > MaxLabelLength {
		// Cutting may split a rune; ToValidUTF8 drops what is left of it. The
		// clone lets go of the rest, which a part of the string would keep.
		s = strings.Clone(strings.ToValidUTF8(s[:MaxLabelLength], ""))
	}
	return s
}

func clampLabels(list []string, most int) []string {
	if len(list) > most {
		list = slices.Clone(list[:most])
	}
	for i, s := range list {
		list[i] = clampLabel(s)
	}
	return list
}
