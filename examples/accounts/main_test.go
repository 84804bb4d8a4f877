package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/edgewise-ai/edgewise/backend/openai"
	"github.com/edgewise-ai/edgewise/hybrid/ledger"
	"github.com/edgewise-ai/edgewise/internal/postgrestest"
)

const (
	ann = "token-of-ann" // free
	bob = "token-of-bob" // pro
	eve = "token-of-eve" // staff
)

func TestPlansAreEnforced(t *testing.T) {
	s := open(t, sqliteFile(t), 1000)
	long := strings.Repeat("word ", 1700) // 8,500 characters, four a token
	for name, test := range map[string]struct {
		token, body string
		status      int
		code        string
	}{
		"nobody":                             {"", `"prompt":"Hi"`, http.StatusUnauthorized, "unauthorized"},
		"ann asks":                           {ann, `"prompt":"Hi"`, http.StatusOK, ""},
		"ann asks for what she may not have": {ann, `"prompt":"Hi","model":"large"`, http.StatusNotFound, "model_not_found"},
		"bob may have it":                    {bob, `"prompt":"Hi","model":"large"`, http.StatusOK, ""},
		"ann asks too long":                  {ann, `"prompt":"` + long + `"`, http.StatusRequestEntityTooLarge, "prompt_too_long"},
		"bob may":                            {bob, `"prompt":"` + long + `"`, http.StatusOK, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if status, body := s.generate(test.token, test.body); status != test.status || !strings.Contains(body, test.code) {
				t.Errorf("status %d: %s", status, body)
			}
		})
	}
	for range 10 { // one of which she has had
		if status, body := s.generate(ann, `"prompt":"Hi"`); status == http.StatusTooManyRequests {
			if !strings.Contains(body, "rate_limit_exceeded") {
				t.Errorf("refused with %s", body)
			}
			return
		}
	}
	t.Error("eleven requests in a minute")
}

// What was spent is spent, also for a service that is started again.
func TestBudgetsOutliveTheService(t *testing.T) {
	for name, address := range map[string]string{
		"SQLite":     sqliteFile(t),
		"PostgreSQL": postgrestest.Start(t, postgrestest.Options{}).Database(t),
	} {
		t.Run(name, func(t *testing.T) {
			first := open(t, address, 200_000) // tokens, which cost 3 cents
			if status, body := first.generate(ann, `"prompt":"Hi"`); status != http.StatusOK {
				t.Fatalf("status %d: %s", status, body)
			}
			first.stop()

			second := open(t, address, 1000)
			if status, body := second.generate(ann, `"prompt":"Hi"`); status != http.StatusTooManyRequests || !strings.Contains(body, "budget_exhausted") {
				t.Errorf("status %d: %s", status, body)
			}
			if status, body := second.generate(bob, `"prompt":"Hi"`); status != http.StatusOK {
				t.Errorf("status %d: %s", status, body)
			}
			want := ledger.Tally{Requests: 1, PromptTokens: 200_000, CostMicroUSD: 30_000}
			if got := second.savings(ann, "own"); got.Total != want {
				t.Errorf("ann has %+v, want %+v", got.Total, want)
			}
			if got := second.savings(eve, "all"); got.Total.Requests != 2 {
				t.Errorf("all have %+v", got.Total)
			}
			if status, body := second.do(http.MethodGet, "/browser/savings?scope=all", ann, ""); status != http.StatusForbidden {
				t.Errorf("status %d: %s", status, body)
			}
		})
	}
}

func TestServe(t *testing.T) {
	t.Setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/v1")
	for name, test := range map[string]struct{ database, keys, want string }{
		"no database":          {"", "", "DATABASE_URL is empty"},
		"one that is down":     {"postgres://127.0.0.1:1/none", "", "refused"},
		"a folder":             {t.TempDir(), "", "unable to open"},
		"a key that is none":   {sqliteFile(t), "short", "SigningKeys[0] has 5 bytes"},
		"all that it needs":    {sqliteFile(t), "0123456789abcdef fedcba9876543210", ""},
		"keys of its own make": {sqliteFile(t), "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("DATABASE_URL", test.database)
			t.Setenv("SIGNING_KEYS", test.keys)
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			ended := make(chan error, 1)
			go func() {
				err := serve(ctx, listener)
				listener.Close() // it may not have come to serve
				ended <- err
			}()
			if test.want == "" {
				s := &service{t: t, url: "http://" + listener.Addr().String()}
				if status, body := s.do(http.MethodGet, "/browser/policy", bob, ""); status != http.StatusOK {
					t.Errorf("status %d: %s", status, body)
				}
				stop()
			}
			if err := <-ended; (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("it ended with %v, want %q", err, test.want)
			}
		})
	}
}

func sqliteFile(t *testing.T) string { return filepath.Join(t.TempDir(), "accounts.sqlite") }

// service is a running service, whose upstream counts so many tokens for each prompt.
type service struct {
	t    *testing.T
	url  string
	stop func()
}

func open(t *testing.T, address string, promptTokens int) *service {
	t.Helper()
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.Method == http.MethodGet {
			fmt.Fprint(w, `{"object":"list","data":[{"id":"small","object":"model"},{"id":"large","object":"model"}]}`)
			return
		}
		fmt.Fprintf(w, `{"choices":[{"index":0,"message":{"role":"assistant","content":"Hello!"},"finish_reason":"stop"}],
			"usage":{"prompt_tokens":%d,"completion_tokens":0,"total_tokens":%d}}`, promptTokens, promptTokens)
	}))
	t.Cleanup(upstream.Close)
	server, err := openai.New(openai.Options{BaseURL: upstream.URL})
	if err != nil {
		t.Fatal(err)
	}
	db, dialect, err := openDatabase(address)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	end, err := mount(t.Context(), mux, server, db, dialect, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	running := httptest.NewServer(mux)
	stop := sync.OnceFunc(func() {
		running.Close()
		if err := end(context.Background()); err != nil {
			t.Error(err)
		}
		db.Close()
	})
	t.Cleanup(stop)
	return &service{t, running.URL, stop}
}

func (s *service) generate(token, members string) (status int, body string) {
	s.t.Helper()
	return s.do(http.MethodPost, "/generate", token, "{"+members+"}")
}

func (s *service) savings(token, scope string) (sums ledger.Summary) {
	s.t.Helper()
	status, body := s.do(http.MethodGet, "/browser/savings?scope="+scope, token, "")
	if err := json.Unmarshal([]byte(body), &sums); err != nil || status != http.StatusOK {
		s.t.Fatalf("status %d: %s", status, body)
	}
	return sums
}

func (s *service) do(method, path, token, body string) (int, string) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.url+"/api/v1"+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	read, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return resp.StatusCode, string(read)
}
