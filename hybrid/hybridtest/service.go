package hybridtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/edgewise-ai/edgewise/backend"
	"github.com/edgewise-ai/edgewise/hybrid"
	"github.com/edgewise-ai/edgewise/hybrid/ledger"
	"github.com/edgewise-ai/edgewise/policy"
	"github.com/edgewise-ai/edgewise/registry"
)

// noon is when tests begin: in the middle of an hour, a day and a month, so that none
// of them ends within a test.
var noon = time.Date(2026, 11, 23, 12, 30, 0, 0, time.UTC)

// Prices at which a prompt token costs a millionth of a dollar, and a completion token
// two.
var prices = map[string]policy.Prices{
	"": {PromptMicroUSDPerMTok: 1_000_000, CompletionMicroUSDPerMTok: 2_000_000},
}

// promptTokens is what the test's model counts for every prompt.
const promptTokens = 3

// service is a router behind a real server.
type service struct {
	t       *testing.T
	stores  Stores
	handler http.Handler
	url     string
	ahead   *atomic.Int64 // of noon, in nanoseconds
}

// serve starts a service over the stores. Replicas are several over the same.
func serve(t *testing.T, stores Stores, change func(*hybrid.Options)) *service {
	t.Helper()
	s := &service{t: t, stores: stores, ahead: new(atomic.Int64)}
	models, err := registry.NewMemory(registry.Model{
		ID: "small", Name: "Small", Framework: registry.WebLLM, SizeBytes: 200_000_000, ContextWindow: 2048,
	})
	if err != nil {
		t.Fatal(err)
	}
	opts := hybrid.Options{
		Authenticate: whoAsks,
		Registry:     models,
		Backend: backend.FromGenerator(backend.GeneratorFunc(generate), backend.GeneratorOptions{
			Models: []backend.Model{{ID: "large"}, {ID: "huge"}},
			Now:    s.now,
		}),
		Policies:    policy.Defaults(),
		Prices:      prices,
		Ledger:      stores.Ledger,
		LimitStore:  stores.Limits,
		SigningKeys: [][]byte{[]byte("the key of hybridtest")},
		Now:         s.now,
	}
	if change != nil {
		change(&opts)
	}
	router, err := hybrid.New(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle(router.Handler())
	server := httptest.NewServer(mux)
	s.handler, s.url = mux, server.URL+hybrid.DefaultPrefix
	t.Cleanup(func() {
		server.Close()
		if err := router.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return s
}

func (s *service) now() time.Time { return noon.Add(time.Duration(s.ahead.Load())) }

func (s *service) wait(d time.Duration) { s.ahead.Add(int64(d)) }

// whoAsks takes "Bearer <subject>/<tier>".
func whoAsks(req *http.Request) (policy.Identity, error) {
	token, ok := strings.CutPrefix(req.Header.Get("Authorization"), "Bearer ")
	if !ok {
		return policy.Identity{}, errors.New("no bearer token")
	}
	subject, tier, _ := strings.Cut(token, "/")
	return policy.Identity{Subject: subject, Tier: tier}, nil
}

// generate says the words of the prompt, one a token: "fail" fails at once, and "cut"
// where it stands.
func generate(_ context.Context, p *backend.Prompt, emit func(backend.Delta) error) (backend.Completion, error) {
	words := strings.SplitAfter(p.Messages[len(p.Messages)-1].Content, " ")
	finish := "stop"
	if p.MaxTokens > 0 && len(words) > p.MaxTokens {
		words, finish = words[:p.MaxTokens], "length"
	}
	for _, word := range words {
		switch strings.TrimSpace(word) {
		case "fail", "cut":
			return backend.Completion{}, &backend.Error{Code: backend.CodeUnavailable}
		}
		if err := emit(backend.Delta{Text: word}); err != nil {
			return backend.Completion{}, err
		}
	}
	return backend.Completion{FinishReason: finish, Usage: backend.Usage{
		PromptTokens: promptTokens, CompletionTokens: len(words), TotalTokens: promptTokens + len(words), Known: true,
	}}, nil
}

// answer is a response, read to its end.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// do sends a request as a user, "alice/free", or as nobody.
func (s *service) do(method, path, user string, body io.Reader, header ...string) answer {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, body)
	if err != nil {
		s.t.Fatal(err)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if user != "" {
		req.Header.Set("Authorization", "Bearer "+user)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	read, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, read}
}

func (s *service) post(path, user, body string, header ...string) answer {
	s.t.Helper()
	return s.do(http.MethodPost, path, user, strings.NewReader(body), header...)
}

func (s *service) get(path, user string) answer {
	s.t.Helper()
	return s.do(http.MethodGet, path, user, nil)
}

// say asks the server to say a text.
func (s *service) say(user, text string, more ...string) answer {
	s.t.Helper()
	body := fmt.Sprintf(`{"messages":[{"role":"user","content":%q}]%s}`, text, strings.Join(more, ""))
	return s.post("/chat/completions", user, body)
}

// code is the code of an error, or of one in the stream; "" if there is none.
func (a answer) code() string {
	body := a.body
	for event := range strings.SplitSeq(string(a.body), "\n\n") {
		if data, ok := strings.CutPrefix(event, "data: "); ok && strings.Contains(data, `"error"`) {
			body = []byte(data)
		}
	}
	var e struct {
		Error struct {
			Code string `json:"code"`
		} `json:"error"`
	}
	_ = json.Unmarshal(body, &e) // another answer is no error
	return e.Error.Code
}

func (a answer) want(t *testing.T, status int, code string) {
	t.Helper()
	if a.status != status || a.code() != code {
		t.Errorf("got %d %s, want %d %s: %.300s", a.status, a.code(), status, code, a.body)
	}
}

// decode reads the body of an answer with a status of 200 or 202.
func decode[T any](t *testing.T, a answer) (v T) {
	t.Helper()
	if a.status != http.StatusOK && a.status != http.StatusAccepted {
		t.Fatalf("status %d: %.300s", a.status, a.body)
	}
	if err := json.Unmarshal(a.body, &v); err != nil {
		t.Fatalf("%v in %.300s", err, a.body)
	}
	return v
}

// summary is what the ledger holds.
func (s *service) summary() ledger.Summary {
	s.t.Helper()
	if err := s.stores.Ledger.Flush(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
	sums, err := s.stores.Ledger.Sums(s.t.Context(), ledger.Query{})
	if err != nil {
		s.t.Fatal(err)
	}
	return ledger.Summarize(sums)
}
