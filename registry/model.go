package registry

import (
	"fmt"
	"maps"
	"slices"

	"github.com/edgewise-ai/edgewise/capability"
)

// The engines that the client has names for. An engine of the app's own goes by a
// name with a slash, as in "acme/mlx": letters, digits and "_.:-" on both sides, 64
// bytes at most. Any other name is refused, so that a typing error is not taken for
// an engine that no page has.
const (
	WebLLM       = "webllm"          // MLC's compiled models on WebGPU
	Transformers = "transformers.js" // ONNX graphs with their tokenizer, on WebGPU or WebAssembly
	Wllama       = "wllama"          // llama.cpp: GGUF files on WebAssembly
	ONNX         = "onnx"            // ONNX Runtime Web with a graph of the app's own
	PromptAPI    = "prompt-api"      // the browser's built-in model
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

	// Source tells the engine where the files lie and how to run them. Each engine
	// reads keys of its own; others may ride along for the app.
	//
	//	WebLLM        modelId, on WebLLM's list or the page's; defaults to the ID.
	//	              Or modelURL and modelLib, for a model on neither.
	//	Transformers  modelId, defaults to the ID; revision, defaults to main; dtype
	//	              and device, default to the page's choice, else q8 and wasm.
	//	Wllama        url of a GGUF file, the first if it is split; or repo and file,
	//	              and revision, which defaults to main.
	//	ONNX          url of the graph; filesURL, the folder of tokenizer and
	//	              configuration, defaults to the graph's; device, as above.
	//	PromptAPI     none: the browser has the model.
	Source map[string]string `json:"source,omitempty"`

	// Origin says, by field name, where a figure was read, or "unverified".
	Origin map[string]string `json:"origin,omitempty"`

	License string `json:"license,omitempty"` // SPDX identifier or the licence's own name

	// SHA256 and Integrity hold what the files must hash to, by file name, for the
	// engine or the app that checks it. Hubs list the first, 64 digits of lower-case
	// hexadecimal; fetch takes the second, "sha256-", "sha384-" or "sha512-" before
	// standard base64 with its padding (W3C Subresource Integrity). A file may be in
	// either, or in both.
	SHA256    map[string]string `json:"sha256,omitempty"`
	Integrity map[string]string `json:"integrity,omitempty"`

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
	N          int  `json:"n,omitempty"` // completions a request, 128 at most on a model; 0 means 1
}

// FieldError says which field of which model is wrong.
type FieldError struct {
	Model   string // the model's ID, as given
	Field   string // the field's name on the wire
	Problem string // what is wrong and what would be right
}

// Error implements error.
func (e *FieldError) Error() string {
	return fmt.Sprintf("registry: model %.200q: %s %s", e.Model, e.Field, e.Problem)
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
	m.Source, m.Origin = maps.Clone(m.Source), maps.Clone(m.Origin)
	m.SHA256, m.Integrity = maps.Clone(m.SHA256), maps.Clone(m.Integrity)
	return m
}
