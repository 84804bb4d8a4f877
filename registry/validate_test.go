package registry_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/edgewise-ai/edgewise/capability"
	"github.com/edgewise-ai/edgewise/registry"
)

func TestValidate(t *testing.T) {
	if m := validModel("m"); m.Validate() != nil {
		t.Fatalf("the valid model is refused: %v", m.Validate())
	}
	if m := (registry.Model{ID: "m", Framework: "acme/mlx", ContextWindow: 1}); m.Validate() != nil {
		t.Errorf("a model with nothing but what must be is refused: %v", m.Validate())
	}

	sum := strings.Repeat("0123456789abcdef", 4)
	for _, test := range []struct {
		name  string
		spoil func(*registry.Model)
		field string // "" if the model stays valid
	}{
		{"no id", func(m *registry.Model) { m.ID = "" }, "id"},
		{"longest id", func(m *registry.Model) { m.ID = strings.Repeat("x", 200) }, ""},
		{"long id", func(m *registry.Model) { m.ID = strings.Repeat("x", 201) }, "id"},
		{"id that is no UTF-8", func(m *registry.Model) { m.ID = "a\xff" }, "id"},
		{"newline in id", func(m *registry.Model) { m.ID = "a\nb" }, "id"},
		{"DEL in id", func(m *registry.Model) { m.ID = "a\x7f" }, "id"},
		{"slash, space and € in id", func(m *registry.Model) { m.ID = "org/a model €" }, ""},
		{"no framework", func(m *registry.Model) { m.Framework = "" }, "framework"},
		{"framework with a slip", func(m *registry.Model) { m.Framework = "web-llm" }, "framework"},
		{"framework in capitals", func(m *registry.Model) { m.Framework = "WebLLM" }, "framework"},
		{"own framework", func(m *registry.Model) { m.Framework = "acme/mlx" }, ""},
		{"own framework in parts", func(m *registry.Model) { m.Framework = "acme.example/ml/x-2:beta" }, ""},
		{"own framework without a slash", func(m *registry.Model) { m.Framework = "acme.mlx" }, "framework"},
		{"own framework without an owner", func(m *registry.Model) { m.Framework = "/mlx" }, "framework"},
		{"own framework without a name", func(m *registry.Model) { m.Framework = "acme/" }, "framework"},
		{"own framework with a space", func(m *registry.Model) { m.Framework = "acme/m lx" }, "framework"},
		{"longest own framework", func(m *registry.Model) { m.Framework = "a/" + strings.Repeat("x", 62) }, ""},
		{"long own framework", func(m *registry.Model) { m.Framework = "a/" + strings.Repeat("x", 63) }, "framework"},
		{"unknown size", func(m *registry.Model) { m.SizeBytes = 0 }, ""},
		{"negative size", func(m *registry.Model) { m.SizeBytes = -1 }, "sizeBytes"},
		{"largest size", func(m *registry.Model) { m.SizeBytes = capability.MaxCount }, ""},
		{"size that JavaScript rounds", func(m *registry.Model) { m.SizeBytes = capability.MaxCount + 1 }, "sizeBytes"},
		{"no context", func(m *registry.Model) { m.ContextWindow = 0 }, "contextWindow"},
		{"negative context", func(m *registry.Model) { m.ContextWindow = -1 }, "contextWindow"},
		{"largest context", func(m *registry.Model) { m.ContextWindow = 1 << 30 }, ""},
		{"absurd context", func(m *registry.Model) { m.ContextWindow = 1<<30 + 1 }, "contextWindow"},
		{"negative memory", func(m *registry.Model) { m.MinRAM = -1 }, "minRAMGB"},
		{"most memory", func(m *registry.Model) { m.MinRAM = capability.MaxMemory }, ""},
		{"absurd memory", func(m *registry.Model) { m.MinRAM = capability.MaxMemory + 1 }, "minRAMGB"},
		{"highest tier", func(m *registry.Model) { m.MinDeviceTier = capability.TierHighEnd }, ""},
		{"no such tier", func(m *registry.Model) { m.MinDeviceTier = capability.TierHighEnd + 1 }, "minDeviceTier"},
		{"GPU none", func(m *registry.Model) { m.Requires.GPU = registry.NeedsNoGPU }, ""},
		{"GPU unknown", func(m *registry.Model) { m.Requires.GPU = "cuda" }, "requires.gpu"},
		{"negative buffer", func(m *registry.Model) { m.Requires.MinBufferBytes = -1 }, "requires.minBufferBytes"},
		{"absurd buffer", func(m *registry.Model) { m.Requires.MinBufferBytes = capability.MaxCount + 1 }, "requires.minBufferBytes"},
		{"negative n", func(m *registry.Model) { m.Supports.N = -1 }, "supports.n"},
		{"most choices", func(m *registry.Model) { m.Supports.N = 128 }, ""},
		{"absurd n", func(m *registry.Model) { m.Supports.N = 129 }, "supports.n"},
		{"longest name", func(m *registry.Model) { m.Name = strings.Repeat("x", 200) }, ""},
		{"long name", func(m *registry.Model) { m.Name = strings.Repeat("x", 201) }, "name"},
		{"newline in name", func(m *registry.Model) { m.Name = "a\nb" }, "name"},
		{"long quantization", func(m *registry.Model) { m.Quantization = strings.Repeat("x", 65) }, "quantization"},
		{"long license", func(m *registry.Model) { m.License = strings.Repeat("x", 201) }, "license"},
		{"long parameters", func(m *registry.Model) { m.Parameters = "0." + strings.Repeat("0", 64) + "1B" }, "parameters"},
		{"page on this origin", func(m *registry.Model) { m.DownloadURL = "/models/m.html" }, ""},
		{"link that runs", func(m *registry.Model) { m.DownloadURL = "javascript:alert(1)" }, "downloadURL"},
		{"link that is none", func(m *registry.Model) { m.DownloadURL = "https://[" }, "downloadURL"},
		{"long link", func(m *registry.Model) { m.DownloadURL = "https://" + strings.Repeat("x", 2048) }, "downloadURL"},
		{"most capabilities", func(m *registry.Model) { m.Capabilities = slices.Repeat([]string{"chat"}, 64) }, ""},
		{"many capabilities", func(m *registry.Model) { m.Capabilities = slices.Repeat([]string{"chat"}, 65) }, "capabilities"},
		{"long capability", func(m *registry.Model) { m.Capabilities = []string{strings.Repeat("x", 201)} }, "capabilities"},
		{"empty feature", func(m *registry.Model) { m.Requires.Features = []string{""} }, "requires.features"},
		{"feature longer than a device may claim", func(m *registry.Model) { m.Requires.Features = []string{strings.Repeat("x", 65)} }, "requires.features"},
		{"empty capability", func(m *registry.Model) { m.Capabilities = []string{"chat", ""} }, "capabilities"},
		{"no parameters", func(m *registry.Model) { m.Parameters = "" }, ""},
		{"parameters without unit", func(m *registry.Model) { m.Parameters = "3.8" }, "parameters"},
		{"checksum", func(m *registry.Model) { m.SHA256 = map[string]string{"f": sum} }, ""},
		{"short checksum", func(m *registry.Model) { m.SHA256 = map[string]string{"f": sum[1:]} }, "sha256.f"},
		{"upper-case checksum", func(m *registry.Model) { m.SHA256 = map[string]string{"f": strings.ToUpper(sum)} }, "sha256.f"},
		{"integrity", func(m *registry.Model) {
			m.Integrity = map[string]string{"a": sri("sha256", 32), "b": sri("sha384", 48), "c": sri("sha512", 64)}
		}, ""},
		{"integrity of the wrong length", func(m *registry.Model) { m.Integrity = map[string]string{"f": sri("sha256", 48)} }, "integrity.f"},
		{"integrity by a weak hash", func(m *registry.Model) { m.Integrity = map[string]string{"f": sri("md5", 16)} }, "integrity.f"},
		{"integrity without a hash", func(m *registry.Model) { m.Integrity = map[string]string{"f": "sha256-"} }, "integrity.f"},
		{"integrity by no algorithm", func(m *registry.Model) { m.Integrity = map[string]string{"f": "-"} }, "integrity.f"},
		{"integrity in hexadecimal", func(m *registry.Model) { m.Integrity = map[string]string{"f": "sha256-" + sum} }, "integrity.f"},
		{"integrity without padding", func(m *registry.Model) {
			m.Integrity = map[string]string{"f": strings.TrimRight(sri("sha256", 32), "=")}
		}, "integrity.f"},
		{"integrity over two lines", func(m *registry.Model) {
			m.Integrity = map[string]string{"f": strings.Replace(sri("sha256", 32), "-A", "-\nA", 1)}
		}, "integrity.f"},
		{"checksum of no file", func(m *registry.Model) { m.SHA256 = map[string]string{"": sum} }, "sha256"},
		{"long origin", func(m *registry.Model) { m.Origin = map[string]string{"name": strings.Repeat("x", 2049)} }, "origin.name"},
		{"first bad entry by name", func(m *registry.Model) {
			m.SHA256 = map[string]string{"z": "bad", "b": "bad", "a": sum, "y": "bad"}
		}, "sha256.b"},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := validModel("m")
			test.spoil(&m)
			wantField(t, &m, test.field)
		})
	}
}

func TestValidateSource(t *testing.T) {
	for _, test := range []struct {
		framework string
		source    map[string]string
		field     string // "" if the model is valid
	}{
		{registry.WebLLM, nil, ""},
		{registry.WebLLM, map[string]string{"modelId": "m"}, ""},
		{registry.WebLLM, map[string]string{"modelURL": "u", "modelLib": "l"}, ""},
		{registry.WebLLM, map[string]string{"modelId": "m", "modelURL": "u", "modelLib": "l"}, ""},
		{registry.WebLLM, map[string]string{"modelURL": "u"}, "source"},
		{registry.WebLLM, map[string]string{"modelId": "m", "modelLib": "l"}, "source"},
		{registry.Transformers, map[string]string{"dtype": "q4"}, ""},
		{registry.Transformers, map[string]string{"modelId": "m", "acme-note": "mine"}, ""},
		{registry.Wllama, nil, ""},
		{registry.Wllama, map[string]string{"url": "u"}, ""},
		{registry.Wllama, map[string]string{"repo": "r", "file": "f"}, ""},
		{registry.Wllama, map[string]string{"repo": "r"}, "source"},
		{registry.Wllama, map[string]string{"file": "f"}, "source"},
		{registry.Wllama, map[string]string{"modelId": "m"}, "source"},
		{registry.ONNX, map[string]string{"url": "u"}, ""},
		{registry.ONNX, map[string]string{"modelId": "m"}, "source"},
		{registry.PromptAPI, map[string]string{"acme-note": "mine"}, ""},
		{"acme/mlx", map[string]string{"anything": "goes"}, ""},
		{"acme/mlx", map[string]string{"anything": ""}, "source.anything"},
		{"acme/mlx", map[string]string{"": "goes"}, "source"},
		{"acme/mlx", map[string]string{"a\nb": "goes"}, "source"},
		{"acme/mlx", map[string]string{"long": strings.Repeat("x", 2049)}, "source.long"},
	} {
		t.Run(fmt.Sprintf("%s %.40v", test.framework, test.source), func(t *testing.T) {
			m := validModel("m")
			m.Framework, m.Source = test.framework, test.source
			wantField(t, &m, test.field)
		})
	}
}

// wantField checks that validation finds fault with the named field, or with none.
func wantField(t *testing.T, m *registry.Model, field string) {
	t.Helper()
	err := m.Validate()
	if field == "" {
		if err != nil {
			t.Errorf("refused: %v", err)
		}
		return
	}
	var fieldErr *registry.FieldError
	if !errors.As(err, &fieldErr) {
		t.Fatalf("got %v, want a FieldError", err)
	}
	if fieldErr.Field != field || fieldErr.Model != m.ID || fieldErr.Problem == "" {
		t.Errorf("got %+v, want one about %s of %q", fieldErr, field, m.ID)
	}
	if text := err.Error(); !strings.Contains(text, field) || len(text) > 1000 {
		t.Errorf("the message %q does not name the field, or is too long for a log", text)
	}
}

// Who misspells an engine is told the names, and how to name one of their own.
func TestValidateTellsTheEngines(t *testing.T) {
	m := validModel("m")
	m.Framework = "webllm2"
	text := m.Validate().Error()
	for _, name := range []string{
		registry.WebLLM, registry.Transformers, registry.Wllama, registry.ONNX, registry.PromptAPI, "acme/mlx", `"webllm2"`,
	} {
		if !strings.Contains(text, name) {
			t.Errorf("the message %q does not name %s", text, name)
		}
	}
}

func sri(algorithm string, bytes int) string {
	return algorithm + "-" + base64.StdEncoding.EncodeToString(make([]byte, bytes))
}
