//go:build linux

package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	"github.com/edgewise-ai/edgewise/examples/tinymodel"
)

// The models, named as Ollama lists them.
const (
	// openModel has a template that leaves the assistant's last message open, as those of
	// Ollama's own library often do: Ollama then carries it on.
	openModel = tinymodel.ID + ":latest"

	// closedModel has the template that Ollama makes of the file's own, which closes every
	// message: Ollama then begins a new answer.
	closedModel = tinymodel.ID + ":closed"
)

// openTemplate writes what examples/tinymodel/llama writes: ChatML, without a system
// prompt of its own.
const openTemplate = `{{- range $i, $_ := .Messages }}
{{- $last := eq (len (slice $.Messages $i)) 1 -}}
<|im_start|>{{ .Role }}
{{ .Content }}
{{- if not (and $last (eq .Role "assistant")) }}<|im_end|>
{{ end }}
{{- if and $last (ne .Role "assistant") }}<|im_start|>assistant
{{ end }}
{{- end }}`

// createRequest is Ollama's.
type createRequest struct {
	Model      string            `json:"model"`
	Files      map[string]string `json:"files"` // name to digest
	Template   string            `json:"template,omitempty"`
	Parameters map[string]any    `json:"parameters"`
	Stream     bool              `json:"stream"`
}

// createModels gives Ollama the tiny model's file, and makes both models of it.
func (o *ollama) createModels(ctx context.Context) error {
	file := tinymodel.GGUF()
	digest := fmt.Sprintf("sha256:%x", sha256.Sum256(file))
	if err := o.call(ctx, "/api/blobs/"+digest, file); err != nil {
		return err
	}
	for name, template := range map[string]string{openModel: openTemplate, closedModel: ""} {
		body, err := json.Marshal(createRequest{
			Model:    name,
			Files:    map[string]string{tinymodel.ID + ".gguf": digest},
			Template: template,
			Parameters: map[string]any{
				"stop":           []string{"<|im_start|>", "<|im_end|>"},
				"num_ctx":        tinymodel.Model().ContextWindow,
				"num_gpu":        0,
				"num_thread":     1,   // two would wait for each other on a busy machine, a hundred times as long as they work
				"top_k":          1,   // greedy for clients too that leave out a temperature of 0, as go-openai does
				"repeat_penalty": 1.0, // Ollama's 1.1 would change the answers
			},
		})
		if err != nil {
			return err
		}
		if err := o.call(ctx, "/api/create", body); err != nil {
			return err
		}
	}
	return nil
}

// call posts to Ollama's own API.
func (o *ollama) call(ctx context.Context, path string, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, o.url+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		said, _ := io.ReadAll(resp.Body)
		return fmt.Errorf("%s: %s: %s", path, resp.Status, said)
	}
	return nil
}
