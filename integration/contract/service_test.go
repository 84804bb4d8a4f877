package contract_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/edgewise-ai/edgewise/backend"
	"github.com/edgewise-ai/edgewise/hybrid"
	"github.com/edgewise-ai/edgewise/hybrid/ledger"
	"github.com/edgewise-ai/edgewise/hybrid/limit"
	"github.com/edgewise-ai/edgewise/policy"
	"github.com/edgewise-ai/edgewise/registry"
)

// noon is when the tests happen, as far as grants and the ledger know.
var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// service is a router behind a real server.
type service struct {
	t   *testing.T
	url string
}

// serve starts a service: two models for browsers, and a backend that echoes. Tiers
// have the limits that their names tell.
func serve(t *testing.T, change func(*hybrid.Options)) *service {
	t.Helper()
	models, err := registry.NewMemory(registry.Catalogue()[:2]...)
	if err != nil {
		t.Fatal(err)
	}
	opts := hybrid.Options{
		Authenticate: authenticate,
		Registry:     models,
		Backend:      echo(),
		Ledger:       ledger.NewMemory(ledger.MemoryOptions{}),
		SigningKeys:  [][]byte{[]byte("a key of the tests")},
		Now:          func() time.Time { return noon },
		Policies:     []policy.Policy{policy.Capability{}, policy.Privacy{}, policy.Budget{}, browserOnly},
		Prices:       map[string]policy.Prices{"": {PromptMicroUSDPerMTok: 1_000_000, CompletionMicroUSDPerMTok: 1_000_000}},
		Auditor:      func(who policy.Identity) bool { return who.Tier == "auditor" },
		MaxBodyBytes: 32 << 10,
		Tiers: map[string]hybrid.Allowance{
			"short":  {MaxPromptTokens: 2},
			"single": {Requests: limit.Rate{Amount: 1, Per: time.Hour}},
			"narrow": {Models: []string{"echo"}},
			"poor":   {Budget: limit.Budget{MicroUSD: 1, Hard: true}},
			"quiet":  {Reports: limit.Rate{Amount: 50, Per: time.Hour}},
		},
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
	t.Cleanup(func() {
		server.Close()
		if err := router.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return &service{t: t, url: server.URL + hybrid.DefaultPrefix}
}

// browserOnly forbids the server to the tier "browser".
var browserOnly = policy.Tier{Rules: map[string]policy.TierRule{"browser": policy.BrowserOnly}}

// authFailed is an error of authentication with a status of its own.
type authFailed int

func (authFailed) Error() string     { return "the session store objects" }
func (e authFailed) HTTPStatus() int { return int(e) }

// authenticate takes "Bearer subject/tier".
func authenticate(req *http.Request) (policy.Identity, error) {
	token, ok := strings.CutPrefix(req.Header.Get("Authorization"), "Bearer ")
	switch subject, tier, _ := strings.Cut(token, "/"); {
	case !ok:
		return policy.Identity{}, errors.New("no token")
	case token == "slow":
		return policy.Identity{}, context.DeadlineExceeded
	case token == "teapot":
		return policy.Identity{}, authFailed(http.StatusTeapot)
	case subject == "anonymous":
		return policy.Identity{}, nil
	default:
		return policy.Identity{Subject: subject, Tier: tier}, nil
	}
}

// echo says what it was told.
func echo() backend.Backend {
	say := func(_ context.Context, p *backend.Prompt, emit func(backend.Delta) error) (backend.Completion, error) {
		words := strings.SplitAfter(p.Messages[len(p.Messages)-1].Content, " ")
		for _, word := range words {
			if err := emit(backend.Delta{Text: word}); err != nil {
				return backend.Completion{}, err
			}
		}
		usage := backend.Usage{PromptTokens: len(words), CompletionTokens: len(words), TotalTokens: 2 * len(words), Known: true}
		return backend.Completion{FinishReason: "stop", Usage: usage}, nil
	}
	return backend.FromGenerator(backend.GeneratorFunc(say), backend.GeneratorOptions{
		Models: []backend.Model{{ID: "echo", OwnedBy: "tests", Created: 1_700_000_000}, {ID: "other", OwnedBy: "tests"}},
	})
}

// broken is a backend that fails.
type broken struct{ err *backend.Error }

func (b broken) Generate(context.Context, *backend.Request) (*backend.Response, error) {
	return nil, b.err
}
func (b broken) Models(context.Context) ([]backend.Model, error) { return nil, b.err }

// DefaultModel makes requests reach Generate, though there is no list.
func (broken) DefaultModel() string { return "broken" }

// fails has the backend fail.
func fails(err backend.Error) func(*hybrid.Options) {
	return func(o *hybrid.Options) { o.Backend = broken{&err} }
}

// breaksOff has the backend begin a stream that ends in an upstream's error.
func breaksOff(o *hybrid.Options) {
	o.Backend = backend.FromGenerator(backend.GeneratorFunc(
		func(_ context.Context, _ *backend.Prompt, emit func(backend.Delta) error) (backend.Completion, error) {
			if err := emit(backend.Delta{Text: "half"}); err != nil {
				return backend.Completion{}, err
			}
			return backend.Completion{}, &backend.Error{Code: backend.CodeUnavailable}
		}), backend.GeneratorOptions{})
}

// noLimits has the limit store fail.
func noLimits(o *hybrid.Options) { o.LimitStore = brokenStore{} }

var errStore = errors.New("the store is down")

type brokenStore struct{}

func (brokenStore) Take(context.Context, time.Time, []limit.Charge) (*limit.Refusal, error) {
	return nil, errStore
}
func (brokenStore) Settle(context.Context, time.Time, []limit.Charge) error { return errStore }
func (brokenStore) Left(context.Context, time.Time, limit.Account) (int64, error) {
	return 0, errStore
}

// writeOnly has the ledger unable to be read, and unreadable fail at it.
func writeOnly(o *hybrid.Options)  { o.Ledger = struct{ ledger.Ledger }{o.Ledger} }
func unreadable(o *hybrid.Options) { o.Ledger = brokenReader{o.Ledger} }

type brokenReader struct{ ledger.Ledger }

func (brokenReader) Sums(context.Context, ledger.Query) ([]ledger.Sum, error) { return nil, errStore }

// ask sends a request as alice, and headers by name and value: an empty value takes a
// header away.
func (s *service) ask(method, path, body string, header ...string) exchange {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer alice/pro")
	req.Header.Set("X-Edgewise-Version", hybrid.WireVersion)
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/json")
	}
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
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return exchange{
		method: method, path: path, header: req.Header, body: body,
		status: resp.StatusCode, answerHeader: resp.Header, answer: string(answer),
	}
}

func (s *service) get(path string, header ...string) exchange {
	s.t.Helper()
	return s.ask(http.MethodGet, path, "", header...)
}

func (s *service) post(path, body string, header ...string) exchange {
	s.t.Helper()
	return s.ask(http.MethodPost, path, body, header...)
}

// as is the header of somebody else.
func as(who string) []string { return []string{"Authorization", "Bearer " + who} }

// again asks for what it has got already.
func (s *service) again(path string) exchange {
	s.t.Helper()
	first := s.get(path)
	return s.get(path, "If-None-Match", first.answerHeader.Get("ETag"))
}

// grant gets somebody's grant.
func (s *service) grant(who string) policy.Grant {
	s.t.Helper()
	var snapshot policy.Snapshot
	e := s.get("/browser/policy", as(who)...)
	if err := json.Unmarshal([]byte(e.answer), &snapshot); err != nil || snapshot.Grant == nil {
		s.t.Fatalf("no grant in %s: %v", e.answer, err)
	}
	return *snapshot.Grant
}
