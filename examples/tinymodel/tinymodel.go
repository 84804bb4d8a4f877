// Package tinymodel holds the one-million-parameter model that the demo and the
// tests share: its files as the browser's engines load them, and package llama,
// which runs it in Go. README.md tells how it was made and what it can't do.
package tinymodel

import (
	"embed"
	"encoding/json"
	"io/fs"

	"github.com/edgewise-ai/edgewise/capability"
	"github.com/edgewise-ai/edgewise/registry"
)

// ID is the model's name. The version is a part of it, because browsers cache
// model files by path and never ask again.
const ID = "edgewise-tiny-v1"

// gguf is the file for llama.cpp and for package llama.
const gguf = ID + "/" + ID + "-q8_0.gguf"

//go:embed files
var embedded embed.FS

// Files returns the model's files, laid out as a model hub would: "edgewise-tiny-v1/config.json".
func Files() fs.FS {
	files, err := fs.Sub(embedded, "files")
	if err != nil {
		panic(err) // the folder is compiled in
	}
	return files
}

// GGUF returns the weights for package llama.
func GGUF() []byte {
	data, err := fs.ReadFile(Files(), gguf)
	if err != nil {
		panic(err) // the file is compiled in
	}
	return data
}

// Model returns the registry entry for pages that serve the files themselves
// and run them with Transformers.js on WebAssembly.
func Model() registry.Model {
	return registry.Model{
		ID:            ID,
		Name:          "Edgewise Tiny (1M parameters, q8)",
		Framework:     registry.Transformers,
		Parameters:    "1M",
		Quantization:  "q8",
		SizeBytes:     downloadBytes(),
		ContextWindow: 512,
		MinDeviceTier: capability.TierMobile,
		Capabilities:  []string{"chat", "classification"},
		Source:        map[string]string{"modelId": ID, "dtype": "q8", "device": "wasm"},
		Origin:        map[string]string{"sizeBytes": "the files beside this package", "contextWindow": "config.json"},
		License:       "Apache-2.0",
	}
}

// downloaded are the files that Transformers.js fetches.
var downloaded = []string{
	"config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json", "onnx/model_quantized.onnx",
}

func downloadBytes() (total int64) {
	for _, name := range downloaded {
		info, err := fs.Stat(Files(), ID+"/"+name)
		if err != nil {
			panic(err) // the file is compiled in
		}
		total += info.Size()
	}
	return total
}

// Reference is what the model answers, by greedy decoding, in every engine.
type Reference struct {
	Model   string            `json:"model"`
	Chips   []string          `json:"chips"` // prompts for people to try
	Prompts []ReferencePrompt `json:"prompts"`
}

// ReferencePrompt is one chat and its answer.
type ReferencePrompt struct {
	ID               string             `json:"id"`
	Messages         []ReferenceMessage `json:"messages"`
	MaxTokens        int                `json:"maxTokens"`
	Text             string             `json:"text"`
	PromptTokens     int                `json:"promptTokens"`
	CompletionTokens int                `json:"completionTokens"` // without the token that ends the turn
	FinishReason     string             `json:"finishReason"`
}

// ReferenceMessage is one turn.
type ReferenceMessage struct {
	Role    string `json:"role"`
	Content string `json:"content"`
}

// ReadReference returns the reference answers.
func ReadReference() (Reference, error) {
	data, err := fs.ReadFile(Files(), ID+"/reference.json")
	if err != nil {
		return Reference{}, err
	}
	var r Reference
	err = json.Unmarshal(data, &r)
	return r, err
}
