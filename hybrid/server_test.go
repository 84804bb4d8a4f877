package hybrid_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/edgewise-ai/edgewise/backend"
	"github.com/edgewise-ai/edgewise/hybrid"
	"github.com/edgewise-ai/edgewise/hybrid/ledger"
	"github.com/edgewise-ai/edgewise/policy"
	"github.com/edgewise-ai/edgewise/registry"
)

// noon is when tests happen.
var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// testModels are two models, the second of which suits phones.
func testModels() []registry.Model {
	return []registry.Model{
		{
			ID: "big-3b", Name: "Big 3B", Framework: registry.WebLLM, Parameters: "3B", Quantization: "q4f16_1",
			SizeBytes: 1_900_000_000, ContextWindow: 4096, MinRAM: 3072, MinDeviceTier: 2,
			Capabilities: []string{"chat", "code"}, Requires: registry.Requirements{GPU: registry.NeedsWebGPU},
			Origin: map[string]string{"minRAMGB": "unverified"},
		},
		{
			ID: "small-360m", Name: "Small 360M", Framework: registry.Transformers, Parameters: "360M", Quantization: "q4",
			SizeBytes: 210_000_000, ContextWindow: 2048, MinRAM: 1024, MinDeviceTier: 1,
			Capabilities: []string{"chat", "classification"},
			SHA256:       map[string]string{"model_q4.onnx": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"},
			Integrity:    map[string]string{"model_q4.onnx": "sha256-n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg="},
		},
	}
}

// generator says the last message's words in upper case, and counts words for
// tokens.
func generator(_ context.Context, p *backend.Prompt, emit func(backend.Delta) error) (backend.Completion, error) {
	words := strings.SplitAfter(strings.ToUpper(p.Messages[len(p.Messages)-1].Content), " ")
	finish := "stop"
	if p.MaxTokens > 0 && len(words) > p.MaxTokens {
		words, finish = words[:p.MaxTokens], "length"
	}
	for _, word := range words {
		if err := emit(backend.Delta{Text: word}); err != nil {
			return backend.Completion{}, err
		}
	}
	usage := backend.Usage{PromptTokens: 3, CompletionTokens: len(words), TotalTokens: 3 + len(words), Known: true}
	return backend.Completion{FinishReason: finish, Usage: usage}, nil
}

func inProcess() backend.Backend {
	return backend.FromGenerator(backend.GeneratorFunc(generator), backend.GeneratorOptions{
		Models: []backend.Model{{ID: "upper", OwnedBy: "tests", Created: 1_700_000_000}, {ID: "other", OwnedBy: "tests"}},
		Now:    func() time.Time { return noon },
	})
}

// whoAsks takes "Bearer <subject>" or "Bearer <subject>/<tier>".
func whoAsks(req *http.Request) (policy.Identity, error) {
	token, ok := strings.CutPrefix(req.Header.Get("Authorization"), "Bearer ")
	if !ok || token == "" {
		return policy.Identity{}, errors.New("no bearer token")
	}
	subject, tier, _ := strings.Cut(token, "/")
	return policy.Identity{Subject: subject, Tier: tier}, nil
}

// service is a router behind a real server.
type service struct {
	t      testing.TB
	router *hybrid.Router
	server *httptest.Server
	ledger *ledger.Memory
	url    string
	token  string
}

// open serves the test's models and the in-process backend; change adjusts the
// options.
func open(t testing.TB, change ...func(*hybrid.Options)) *service {
	t.Helper()
	memory, err := registry.NewMemory(testModels()...)
	if err != nil {
		t.Fatal(err)
	}
	account := ledger.NewMemory(ledger.MemoryOptions{})
	opts := hybrid.Options{
		Authenticate: whoAsks,
		Registry:     memory,
		Backend:      inProcess(),
		Ledger:       account,
		SigningKeys:  [][]byte{[]byte("a key of the tests")},
		Now:          func() time.Time { return noon },
	}
	for _, c := range change {
		c(&opts)
	}
	router, err := hybrid.New(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle(router.Handler())
	server := httptest.NewServer(mux)
	t.Cleanup(func() {
		server.Close()
		if err := router.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return &service{t: t, router: router, server: server, ledger: account, url: server.URL + "/api/v1", token: "alice/pro"}
}

// answer is a response, read to its end.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (s *service) do(method, path, body string, header ...string) answer {
	s.t.Helper()
	req, err := http.NewRequest(method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("Authorization", "Bearer "+s.token)
	for i := 0; i < len(header); i += 2 {
		req.Header.Del(header[i])
		if header[i+1] != "" {
			req.Header.Set(header[i], header[i+1])
		}
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	read, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, read}
}

func (s *service) get(path string, header ...string) answer {
	s.t.Helper()
	return s.do(http.MethodGet, path, "", header...)
}

func (s *service) post(path, body string, header ...string) answer {
	s.t.Helper()
	return s.do(http.MethodPost, path, body, header...)
}

func (a answer) decode(t testing.TB, v any) {
	t.Helper()
	if err := json.Unmarshal(a.body, v); err != nil {
		t.Fatalf("%v in %s", err, a.body)
	}
}

// wireError is the object under "error".
type wireError struct {
	Message string  `json:"message"`
	Type    string  `json:"type"`
	Code    *string `json:"code"`
	Param   *string `json:"param"`
}

// wantError checks the status and the one shape of errors. An empty param means
// null.
func (a answer) wantError(t testing.TB, status int, kind, code, param string) {
	t.Helper()
	if a.status != status {
		t.Fatalf("status %d, want %d: %s", a.status, status, a.body)
	}
	if err := checkError(a.body); err != nil {
		t.Fatalf("%v in %s", err, a.body)
	}
	var body struct{ Error wireError }
	a.decode(t, &body)
	var gotParam string
	if body.Error.Param != nil {
		gotParam = *body.Error.Param
	}
	if body.Error.Type != kind || *body.Error.Code != code || gotParam != param {
		t.Errorf("got type %s, code %s, param %q; want %s, %s, %q: %s",
			body.Error.Type, *body.Error.Code, gotParam, kind, code, param, body.Error.Message)
	}
	if got := a.header.Get("Content-Type"); got != "application/json" {
		t.Errorf("Content-Type is %q", got)
	}
}

// checkError checks that a body is an error object with all four members.
func checkError(body []byte) error {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	var all struct {
		Error map[string]*string `json:"error"`
	}
	if err := dec.Decode(&all); err != nil {
		return err
	}
	for _, name := range []string{"message", "type", "code", "param"} {
		v, ok := all.Error[name]
		if !ok || name != "param" && (v == nil || *v == "") {
			return fmt.Errorf("%s is missing or empty", name)
		}
	}
	if len(all.Error) != 4 {
		return fmt.Errorf("the error has %d members", len(all.Error))
	}
	return nil
}

// events returns the data of a stream's events.
func (a answer) events(t testing.TB) []string {
	t.Helper()
	var events []string
	for event := range strings.SplitSeq(string(a.body), "\n\n") {
		if event == "" || event[0] == ':' {
			continue
		}
		data, ok := strings.CutPrefix(event, "data: ")
		if !ok {
			t.Fatalf("event without data: %q", event)
		}
		events = append(events, data)
	}
	return events
}

// desktop is a device that can run everything.
const desktop = `{"hasWebGPU":true,"hasWebGL2":true,"gpuTier":"high","isDesktop":true,` +
	`"deviceMemoryGB":16,"estimatedAvailableRAMGB":8,"engines":["webllm","transformers.js"]}`

func routeBody(capabilities, rest string) string {
	return `{"capabilities":` + capabilities + `,` + rest + `}`
}
