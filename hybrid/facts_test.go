package hybrid_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgewise-ai/edgewise/hybrid"
	"github.com/edgewise-ai/edgewise/policy"
)

// facts makes an option of what is known of everybody.
func facts(f func(s *policy.Subject)) func(*hybrid.Options) {
	return func(o *hybrid.Options) {
		o.Facts = func(_ context.Context, _ policy.Identity, s *policy.Subject) { f(s) }
	}
}

var (
	somePrices = &policy.Prices{PromptMicroUSDPerMTok: 150_000, CompletionMicroUSDPerMTok: 600_000}
	spent      = &policy.Balance{RemainingMicroUSD: 0}
	spentHard  = &policy.Balance{RemainingMicroUSD: -1, Hard: true}
)

// What the app knows of an identity decides, over the wire and in process.
func TestFactsDecide(t *testing.T) {
	for _, test := range []struct {
		name   string
		know   func(s *policy.Subject)
		reason policy.Reason
	}{
		{"nothing", func(*policy.Subject) {}, policy.OptimalForBrowser},
		{"prices", func(s *policy.Subject) { s.Prices = somePrices }, policy.CheaperInBrowser},
		{"a spent budget", func(s *policy.Subject) { s.Budget = spent }, policy.BudgetExhausted},
		{"money left", func(s *policy.Subject) { s.Budget = &policy.Balance{RemainingMicroUSD: 1} }, policy.OptimalForBrowser},
		{"no server", func(s *policy.Subject) { s.Server.Unavailable = true }, policy.ServerUnavailable},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := open(t, facts(test.know))
			var got routeAnswer
			s.post("/browser/route", routeBody(desktop, `"promptLength":40`)).decode(t, &got)
			if got.Reason != string(test.reason) {
				t.Errorf("the endpoint says %s, want %s", got.Reason, test.reason)
			}
			if d, err := s.router.Route(t.Context(), policy.Input{}); err != nil || d.Reason != test.reason {
				t.Errorf("Route says %s, %v; want %s", d.Reason, err, test.reason)
			}
		})
	}
}

func TestFactsAreAskedOnce(t *testing.T) {
	type key struct{}
	var asked atomic.Int64
	s := open(t, func(o *hybrid.Options) {
		o.Facts = func(ctx context.Context, who policy.Identity, s *policy.Subject) {
			asked.Add(1)
			if who.Subject != "alice" || who.Tier != "pro" || s.Tier != "pro" || s.RolloutBucket == 0 || s.Server.Continuation != "none" ||
				s.Budget != nil || s.Prices != nil || ctx.Value(key{}) == nil {
				t.Errorf("asked about %+v with %+v", who, s)
			}
		}
	})
	serveWith(t, s, func(*http.Server) {}, func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			h.ServeHTTP(w, req.WithContext(context.WithValue(req.Context(), key{}, true)))
		})
	})
	alice := policy.Identity{Subject: "alice", Tier: "pro"}
	ctx := context.WithValue(t.Context(), key{}, true)
	for _, test := range []struct {
		name string
		do   func()
		want int64
	}{
		{"route", func() { s.post("/browser/route", routeBody(desktop, `"promptLength":40`)) }, 1},
		{"snapshot", func() { s.get("/browser/policy") }, 1},
		{"generate", func() { s.post("/generate", `{"prompt":"x"}`) }, 1},
		{"chat", func() { s.post("/chat/completions", chatHello) }, 1},
		{"a prompt that must stay", func() { s.post("/generate", `{"prompt":"x","privacy":"local-only"}`) }, 0},
		{"bad input", func() { s.post("/browser/route", `{}`) }, 0},
		{"in process", func() { _, _ = s.router.Route(ctx, policy.Input{Identity: alice}) }, 1},
		{"in process, with a subject", func() { _, _ = s.router.Route(ctx, policy.Input{Identity: alice, Subject: &policy.Subject{}}) }, 0},
	} {
		asked.Store(0)
		if test.do(); asked.Load() != test.want {
			t.Errorf("%s: asked %d times, want %d", test.name, asked.Load(), test.want)
		}
	}
}

// Nonsense does not reach the wire, and neither does what is not the app's to say.
func TestFactsAreChecked(t *testing.T) {
	var log bytes.Buffer
	budget := &policy.Balance{RemainingMicroUSD: 1 << 62, Hard: true}
	prices := *somePrices
	s := open(t, facts(func(s *policy.Subject) {
		s.Tier, s.RolloutBucket, s.Server.Continuation, s.Server.Unavailable = "admin", 77_777, "magic", true
		s.Budget, s.Prices = budget, &prices
	}), func(o *hybrid.Options) { o.Logger = slog.New(slog.NewTextHandler(&log, nil)) })

	got := s.snapshot().Subject
	want := policy.Subject{
		Tier: "pro", RolloutBucket: got.RolloutBucket, Budget: &policy.Balance{RemainingMicroUSD: 1<<53 - 1, Hard: true},
		Prices: somePrices, Server: policy.ServerFacts{Unavailable: true, Continuation: "none"},
	}
	if diff := cmp.Diff(want, got); diff != "" || got.RolloutBucket >= 10_000 {
		t.Error(diff)
	}
	if budget.RemainingMicroUSD != 1<<62 {
		t.Error("the app's own memory was changed")
	}
	budget.RemainingMicroUSD = -1 << 62
	if got := s.snapshot().Subject.Budget.RemainingMicroUSD; got != -1<<53+1 {
		t.Errorf("a debt of %d", got)
	}
	for _, nonsense := range []int64{-1, policy.MaxPrice + 1} {
		prices.EgressMicroUSDPerGB = nonsense
		if got := s.snapshot().Subject.Prices; got != nil {
			t.Errorf("got %+v", got)
		}
	}
	if n := strings.Count(log.String(), "Options.Facts failed"); n != 1 || !strings.Contains(log.String(), "EgressMicroUSDPerGB") {
		t.Errorf("logged %d times, want once a minute:\n%s", n, &log)
	}
}

// Facts that panic leave unknown what they had not set yet.
func TestFactsThatPanic(t *testing.T) {
	var log bytes.Buffer
	s := open(t, facts(func(s *policy.Subject) {
		s.Prices = somePrices
		panic("no connection to the budgets")
	}), func(o *hybrid.Options) { o.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
	if got := s.snapshot().Subject; got.Budget != nil || got.Prices == nil || got.Tier != "pro" {
		t.Errorf("got %+v", got)
	}
	for path, body := range map[string]string{
		"/browser/route": routeBody(desktop, `"promptLength":40`), "/generate": `{"prompt":"x"}`, "/chat/completions": chatHello,
	} {
		if a := s.post(path, body); a.status != http.StatusOK {
			t.Errorf("%s: %d: %s", path, a.status, a.body)
		}
	}
	if n := strings.Count(log.String(), "no connection to the budgets"); n != 1 {
		t.Errorf("logged %d times:\n%s", n, &log)
	}
}

// A page must not keep a snapshot whose facts no longer hold.
func TestSnapshotTagDependsOnFacts(t *testing.T) {
	var known policy.Subject
	s := open(t, facts(func(s *policy.Subject) {
		s.Budget, s.Prices, s.Server.Unavailable = known.Budget, known.Prices, known.Server.Unavailable
	}))
	dear := *somePrices
	dear.PromptMicroUSDPerMTok++
	seen := map[string]policy.Subject{}
	for _, subject := range []policy.Subject{
		{}, {Server: policy.ServerFacts{Unavailable: true}},
		{Prices: &policy.Prices{}}, {Prices: somePrices}, {Prices: &dear},
		{Budget: spent}, {Budget: spentHard}, {Budget: &policy.Balance{RemainingMicroUSD: 1}}, {Budget: spent, Prices: somePrices},
	} {
		known = subject
		etag := s.get("/browser/policy").header.Get("ETag")
		if a := s.get("/browser/policy", "If-None-Match", etag); a.status != http.StatusNotModified {
			t.Errorf("%+v again: %d", known, a.status)
		}
		if other, twice := seen[etag]; twice {
			t.Errorf("%+v and %+v have one tag", known, other)
		}
		seen[etag] = known
	}
}

// A spent hard budget is for the server to enforce: like OpenAI's own quota, and
// unlike any other refusal.
func TestHardBudgetIsEnforced(t *testing.T) {
	for _, test := range []struct {
		name     string
		budget   *policy.Balance
		policies []policy.Policy
		status   int
	}{
		{"none", nil, nil, http.StatusOK},
		{"spent", spent, nil, http.StatusOK},
		{"spent and hard", spentHard, nil, http.StatusTooManyRequests},
		{"spent, where all are hard", spent, policy.Defaults(policy.Budget{Hard: true}), http.StatusTooManyRequests},
		{"within the reserve", &policy.Balance{RemainingMicroUSD: 5, Hard: true}, policy.Defaults(policy.Budget{ReserveMicroUSD: 5}), http.StatusTooManyRequests},
		{"above the reserve", &policy.Balance{RemainingMicroUSD: 6, Hard: true}, policy.Defaults(policy.Budget{ReserveMicroUSD: 5}), http.StatusOK},
		{"spent, without the policy", spentHard, []policy.Policy{policy.Enabled{}}, http.StatusOK},
		{"without a server at all", nil, policy.Defaults(policy.Tier{Otherwise: policy.BrowserOnly}), http.StatusForbidden},
		{"both", spentHard, policy.Defaults(policy.Tier{Otherwise: policy.BrowserOnly}), http.StatusTooManyRequests},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := open(t, facts(func(s *policy.Subject) { s.Budget = test.budget }), func(o *hybrid.Options) { o.Policies = test.policies })
			for path, body := range map[string]string{
				"/generate": `{"prompt":"x"}`, "/chat/completions": chatHelloStream,
			} {
				a := s.post(path, body)
				switch retry := a.header.Get("X-Should-Retry"); test.status {
				case http.StatusTooManyRequests:
					a.wantError(t, test.status, "insufficient_quota", "budget_exhausted", "")
					if retry != "false" {
						t.Errorf("X-Should-Retry is %q", retry)
					}
				case http.StatusForbidden:
					a.wantError(t, test.status, "permission_error", "tier_browser_only", "")
				default:
					if a.status != test.status || retry != "" {
						t.Errorf("%d: %s", a.status, a.body)
					}
				}
			}
			if n := len(s.ledger.Recent(9)); (n == 0) == (test.status == http.StatusOK) {
				t.Errorf("%d entries: what is refused must not reach the backend", n)
			}
		})
	}
}

// Facts are read in many requests at once; what they point to is shared.
func TestFactsRace(t *testing.T) {
	s := open(t, facts(func(s *policy.Subject) { s.Budget, s.Prices = spent, somePrices }))
	_, h := s.router.Handler()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 50 {
				record(h, http.MethodPost, "/api/v1/browser/route", routeBody(desktop, `"promptLength":5`))
				record(h, http.MethodGet, "/api/v1/browser/policy", "")
			}
		})
	}
	wg.Wait()
}
