package registry

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/edgewise-ai/edgewise/capability"
)

// Names of engines. The client ships adapters for WebLLM and Transformers; the
// others are spelled here for adapters to come, or of the app's own. A model may
// name any engine.
const (
	WebLLM       = "webllm"
	Transformers = "transformers.js"
	Wllama       = "wllama"
	ONNX         = "onnx"
	PromptAPI    = "prompt-api"
)

// Model is one entry of a registry: what a model is, what it needs, where it
// lies and which engine runs it. Models are plain data and must not be modified
// once they are in a registry.
type Model struct {
	ID           string `json:"id"`                     // unique in its registry
	Name         string `json:"name"`                   // for people
	Framework    string `json:"framework"`              // the engine that runs it
	Parameters   string `json:"parameters,omitempty"`   // with its unit: "3.8B", "350M"
	Quantization string `json:"quantization,omitempty"` // as the files spell it: "q4f16_1"

	SizeBytes     int64 `json:"sizeBytes"`     // download size
	ContextWindow int   `json:"contextWindow"` // tokens, prompt and completion together

	MinRAM        capability.Memory     `json:"minRAMGB,omitzero"`
	MinDeviceTier capability.DeviceTier `json:"minDeviceTier,omitzero"`

	// Capabilities are the words that a request's task is matched against:
	// "chat", "code", "classification".
	Capabilities []string `json:"capabilities,omitempty"`

	DownloadURL string       `json:"downloadURL,omitempty"` // where a person can look at the model
	Requires    Requirements `json:"requires,omitzero"`
	Supports    Features     `json:"supports,omitzero"`

	// Source tells the engine where the files lie. Keys are the engine's own:
	// "modelId" for WebLLM, or "modelURL" and "modelLib" for a model that is not
	// on its list; "modelId", "dtype" and "device" for Transformers.js; "repo" and
	// "file" for wllama.
	Source map[string]string `json:"source,omitempty"`

	// Origin says, by field name, where a figure was read, or "unverified".
	Origin map[string]string `json:"origin,omitempty"`

	License string            `json:"license,omitempty"` // SPDX identifier or the licence's own name
	SHA256  map[string]string `json:"sha256,omitempty"`  // hexadecimal, by file name

	// Disabled is the model's kill switch: it stays listed and is never chosen.
	Disabled bool `json:"disabled,omitempty"`
}

// GPUNeed says what graphics processor a model needs.
type GPUNeed string

// The needs a model can state. The empty need is filled in from the framework
// when the model enters a registry: webgpu for WebLLM, none for the others.
const (
	NeedsNoGPU  GPUNeed = "none"
	NeedsWebGPU GPUNeed = "webgpu"
)

// Requirements is what a model needs from the device beyond memory and tier.
type Requirements struct {
	GPU            GPUNeed  `json:"gpu,omitempty"`
	Features       []string `json:"features,omitempty"`       // WebGPU features: "shader-f16"
	MinBufferBytes int64    `json:"minBufferBytes,omitempty"` // maxBufferSize and maxStorageBufferBindingSize
}

// Features names the request features that need an engine's cooperation. On a
// model it is what the engine can honour with it, on a request what it needs.
type Features struct {
	Tools      bool `json:"tools,omitempty"`
	JSONSchema bool `json:"jsonSchema,omitempty"`
	Images     bool `json:"images,omitempty"`
	Logprobs   bool `json:"logprobs,omitempty"`
	N          int  `json:"n,omitempty"` // completions a request; 0 means 1
}

// Covers reports whether everything that need asks for is offered.
func (f Features) Covers(need Features) bool {
	return (f.Tools || !need.Tools) &&
		(f.JSONSchema || !need.JSONSchema) &&
		(f.Images || !need.Images) &&
		(f.Logprobs || !need.Logprobs) &&
		max(need.N, 1) <= max(f.N, 1)
}

// ParseParameters reads a parameter count with its unit, K, M, B or T:
// "350M" is 350,000,000 and less than "1.1B". The empty string is 0, unknown.
func ParseParameters(s string) (int64, error) {
	if s == "" {
		return 0, nil
	}
	units := map[byte]float64{'K': 1e3, 'M': 1e6, 'B': 1e9, 'T': 1e12}
	unit, known := units[s[len(s)-1]&^0x20]
	count, err := strconv.ParseFloat(s[:len(s)-1], 64)
	if !known || err != nil || !(count > 0) || count >= 1e6 {
		return 0, fmt.Errorf("%q is no parameter count: want a number and a unit, such as 350M or 3.8B", s)
	}
	return int64(math.Round(count * unit)), nil
}

// Validate reports the first field that makes the model unusable, as a
// [*FieldError].
func (m *Model) Validate() error {
	bad := func(field, format string, args ...any) error {
		return &FieldError{Model: m.ID, Field: field, Problem: fmt.Sprintf(format, args...)}
	}
	switch {
	case m.ID == "" || len(m.ID) > 200 || strings.ContainsFunc(m.ID, isControl):
		return bad("id", "must have 1 to 200 characters and no control character")
	case m.Framework == "" || len(m.Framework) > capability.MaxLabelLength:
		return bad("framework", "must name an engine, such as %s or %s", WebLLM, Transformers)
	case m.SizeBytes < 0 || m.SizeBytes > capability.MaxCount:
		return bad("sizeBytes", "is %d: want 0 (unknown) to 2^53-1", m.SizeBytes)
	case m.ContextWindow <= 0 || m.ContextWindow > 1<<30:
		return bad("contextWindow", "is %d tokens: want 1 to 2^30", m.ContextWindow)
	case m.MinRAM < 0 || m.MinRAM > capability.MaxMemory:
		return bad("minRAMGB", "is %d MiB: want 0 to %d", m.MinRAM, capability.MaxMemory)
	case m.MinDeviceTier > capability.TierHighEnd:
		return bad("minDeviceTier", "is unknown: want mobile, desktop or high-end")
	case m.Requires.GPU != "" && m.Requires.GPU != NeedsNoGPU && m.Requires.GPU != NeedsWebGPU:
		return bad("requires.gpu", "is %q: want %s or %s", m.Requires.GPU, NeedsNoGPU, NeedsWebGPU)
	case m.Requires.MinBufferBytes < 0 || m.Requires.MinBufferBytes > capability.MaxCount:
		return bad("requires.minBufferBytes", "is %d: want 0 (no need) to 2^53-1", m.Requires.MinBufferBytes)
	case slices.Contains(m.Capabilities, ""):
		return bad("capabilities", "has an empty word, which would match a request without a task")
	case m.Supports.N < 0:
		return bad("supports.n", "is negative")
	}
	if _, err := ParseParameters(m.Parameters); err != nil {
		return bad("parameters", "%v", err)
	}
	for file, sum := range m.SHA256 {
		if len(sum) != 64 || strings.Trim(sum, "0123456789abcdef") != "" {
			return bad("sha256."+file, "is no SHA-256 in lower-case hexadecimal")
		}
	}
	return nil
}

// FieldError says which field of which model is wrong.
type FieldError struct {
	Model   string // the model's ID, as given
	Field   string // the field's name on the wire
	Problem string // what is wrong and what would be right
}

// Error implements error.
func (e *FieldError) Error() string {
	return fmt.Sprintf("registry: model %q: %s %s", e.Model, e.Field, e.Problem)
}

// normalized returns the model with its defaults filled in and no memory shared
// with the caller.
func (m Model) normalized() Model {
	if m.Requires.GPU == "" {
		m.Requires.GPU = NeedsNoGPU
		if m.Framework == WebLLM {
			m.Requires.GPU = NeedsWebGPU
		}
	}
	m.Capabilities = slices.Clone(m.Capabilities)
	m.Requires.Features = slices.Clone(m.Requires.Features)
	m.Source, m.Origin, m.SHA256 = maps.Clone(m.Source), maps.Clone(m.Origin), maps.Clone(m.SHA256)
	return m
}

func isControl(r rune) bool { return r < 0x20 || r == 0x7f }
