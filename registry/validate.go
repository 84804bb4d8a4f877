package registry

import (
	"encoding/base64"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/edgewise-ai/edgewise/capability"
)

// Bounds of a model. Every page is sent the whole listing, so an entry has to stay
// small; real entries stay far below.
const (
	maxShort    = 200  // bytes of an ID, a name, a word or a key; what a request's task may have
	maxLong     = 2048 // bytes of a URL, a source or a note
	maxEntries  = 64   // words, source keys or notes
	maxFiles    = 4096 // checksums; WebLLM's largest models have about 100 files
	maxContext  = 1 << 30
	maxChoices  = 128 // OpenAI's own bound on n
	maxDeviceGB = float64(capability.MaxMemory) / float64(capability.GB)
)

// Validate reports the first field that makes the model unusable, as a
// [*FieldError].
func (m *Model) Validate() error {
	for _, check := range []func(*Model) (field, problem string){
		(*Model).checkNames, (*Model).checkNumbers, (*Model).checkWords, (*Model).checkSource, (*Model).checkFiles,
	} {
		if field, problem := check(m); problem != "" {
			return &FieldError{Model: m.ID, Field: field, Problem: problem}
		}
	}
	return nil
}

func (m *Model) checkNames() (field, problem string) {
	for _, text := range []struct {
		field, value string
		most         int
	}{
		{"id", m.ID, maxShort},
		{"name", m.Name, maxShort},
		{"parameters", m.Parameters, capability.MaxLabelLength},
		{"quantization", m.Quantization, capability.MaxLabelLength},
		{"downloadURL", m.DownloadURL, maxLong},
		{"license", m.License, maxShort},
	} {
		if problem := badText(text.value, text.most); problem != "" {
			return text.field, problem
		}
	}
	if m.ID == "" {
		return "id", "is missing"
	}
	if !validFramework(m.Framework) {
		return "framework", fmt.Sprintf("is %.200q: want %s", m.Framework, wantFramework)
	}
	if _, err := ParseParameters(m.Parameters); err != nil {
		return "parameters", err.Error()
	}
	if !isLink(m.DownloadURL) {
		return "downloadURL", fmt.Sprintf("is %.200q: want an http or https URL, or one relative to the page", m.DownloadURL)
	}
	return "", ""
}

func (m *Model) checkNumbers() (field, problem string) {
	switch {
	case m.SizeBytes < 0 || m.SizeBytes > capability.MaxCount:
		return "sizeBytes", fmt.Sprintf("is %d: want 0 (unknown) to 2^53-1", m.SizeBytes)
	case m.ContextWindow <= 0 || m.ContextWindow > maxContext:
		return "contextWindow", fmt.Sprintf("is %d tokens: want 1 to 2^30", m.ContextWindow)
	case m.MinRAM < 0 || m.MinRAM > capability.MaxMemory:
		return "minRAMGB", fmt.Sprintf("is %g: want 0 (no need) to %g", float64(m.MinRAM)/float64(capability.GB), maxDeviceGB)
	case m.MinDeviceTier > capability.TierHighEnd:
		return "minDeviceTier", "is unknown: want mobile, desktop or high-end"
	case m.Requires.GPU != "" && m.Requires.GPU != NeedsNoGPU && m.Requires.GPU != NeedsWebGPU:
		return "requires.gpu", fmt.Sprintf("is %.200q: want %s or %s", m.Requires.GPU, NeedsNoGPU, NeedsWebGPU)
	case m.Requires.MinBufferBytes < 0 || m.Requires.MinBufferBytes > capability.MaxCount:
		return "requires.minBufferBytes", fmt.Sprintf("is %d: want 0 (no need) to 2^53-1", m.Requires.MinBufferBytes)
	case m.Supports.N < 0 || m.Supports.N > maxChoices:
		return "supports.n", fmt.Sprintf("is %d: want 0 (one completion) to %d", m.Supports.N, maxChoices)
	}
	return "", ""
}

// checkWords looks at what requests and devices are matched against. An empty word
// would match a request without a task, and no device at all.
func (m *Model) checkWords() (field, problem string) {
	for _, list := range []struct {
		field       string
		words       []string
		many, bytes int
	}{
		{"capabilities", m.Capabilities, maxEntries, maxShort},
		{"requires.features", m.Requires.Features, capability.MaxFeatures, capability.MaxLabelLength},
	} {
		if len(list.words) > list.many {
			return list.field, fmt.Sprintf("has %d words: want at most %d", len(list.words), list.many)
		}
		for _, word := range list.words {
			if word == "" {
				return list.field, "has an empty word"
			}
			if problem := badText(word, list.bytes); problem != "" {
				return list.field, "has a word that " + problem
			}
		}
	}
	return "", ""
}

// checkSource refuses a source that the engine could load nothing from.
func (m *Model) checkSource() (field, problem string) {
	has := func(key string) bool { return m.Source[key] != "" }
	switch {
	case len(m.Source) == 0:
	case m.Framework == WebLLM && has("modelURL") != has("modelLib"):
		return "source", "has one of modelURL and modelLib: WebLLM needs both, or neither"
	case m.Framework == Wllama && !has("url") && !(has("repo") && has("file")):
		return "source", "names no file: wllama reads url, or repo and file"
	case m.Framework == ONNX && !has("url"):
		return "source", "names no file: ONNX Runtime reads url"
	}
	return badMap("source", m.Source, maxEntries, func(value string) string {
		if value == "" {
			return "is empty"
		}
		return badText(value, maxLong)
	})
}

func (m *Model) checkFiles() (field, problem string) {
	if field, problem = badMap("origin", m.Origin, maxEntries, func(note string) string {
		return badText(note, maxLong)
	}); problem != "" {
		return field, problem
	}
	if field, problem = badMap("sha256", m.SHA256, maxFiles, badSHA256); problem != "" {
		return field, problem
	}
	return badMap("integrity", m.Integrity, maxFiles, badIntegrity)
}

// engines are the names that need no slash.
var engines = []string{WebLLM, Transformers, Wllama, ONNX, PromptAPI}

var ownEngine = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.:-]*(/[A-Za-z0-9_.:-]+)+$`)

var wantFramework = fmt.Sprintf("%s, or for an engine of your own a name with a slash, such as acme/mlx, of at most %d bytes",
	strings.Join(engines, ", "), capability.MaxLabelLength)

func validFramework(name string) bool {
	return slices.Contains(engines, name) || len(name) <= capability.MaxLabelLength && ownEngine.MatchString(name)
}

// isLink reports whether a page may show the text as a link: a URL of another
// scheme, such as javascript, could do more than lead somewhere.
func isLink(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "" || u.Scheme == "http" || u.Scheme == "https")
}

// badText says what is wrong with a text, "" if nothing is.
func badText(s string, most int) string {
	switch {
	case len(s) > most:
		return fmt.Sprintf("has %d bytes: want at most %d", len(s), most)
	case !utf8.ValidString(s):
		return "is not valid UTF-8"
	case strings.ContainsFunc(s, unicode.IsControl):
		return "has a control character"
	}
	return ""
}

// badMap finds the first bad entry, in the order of the keys.
func badMap(field string, entries map[string]string, most int, bad func(value string) string) (string, string) {
	if len(entries) > most {
		return field, fmt.Sprintf("has %d entries: want at most %d", len(entries), most)
	}
	for _, key := range slices.Sorted(maps.Keys(entries)) {
		if key == "" {
			return field, "has an entry without a name"
		}
		if problem := badText(key, maxShort); problem != "" {
			return field, "has a name that " + problem
		}
		if problem := bad(entries[key]); problem != "" {
			return field + "." + key, problem
		}
	}
	return "", ""
}

func badSHA256(sum string) string {
	if len(sum) != 64 || strings.Trim(sum, "0123456789abcdef") != "" {
		return "is no SHA-256 in lower-case hexadecimal"
	}
	return ""
}

// digestBytes is how long the hashes of Subresource Integrity are.
var digestBytes = map[string]int{"sha256": 32, "sha384": 48, "sha512": 64}

func badIntegrity(sri string) string {
	algorithm, digest, _ := strings.Cut(sri, "-")
	sum, err := base64.StdEncoding.Strict().DecodeString(digest)
	if err != nil || len(sum) == 0 || len(sum) != digestBytes[algorithm] || strings.ContainsAny(digest, "\r\n") {
		return "is no integrity value: want sha256-, sha384- or sha512- and the hash in standard base64"
	}
	return ""
}
