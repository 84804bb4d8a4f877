package hybrid_test

import (
	"bytes"
	"context"
	"errors"
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
func facts(f hybrid.Facts) func(*hybrid.Options) {
	return func(o *hybrid.Options) {
		o.Facts = func(context.Context, policy.Identity) (hybrid.Facts, error) { return f, nil }
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
		known  hybrid.Facts
		reason policy.Reason
	}{
		{"nothing", hybrid.Facts{}, policy.OptimalForBrowser},
		{"prices", hybrid.Facts{Prices: somePrices}, policy.CheaperInBrowser},
		{"a spent budget", hybrid.Facts{Budget: spent}, policy.BudgetExhausted},
		{"money left", hybrid.Facts{Budget: &policy.Balance{RemainingMicroUSD: 1}}, policy.OptimalForBrowser},
		{"no server", hybrid.Facts{ServerUnavailable: true}, policy.ServerUnavailable},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := open(t, facts(test.known))
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
		o.Facts = func(ctx context.Context, who policy.Identity) (hybrid.Facts, error) {
			asked.Add(1)
			if who.Subject != "alice" || who.Tier != "pro" || ctx.Value(key{}) == nil {
				t.Errorf("asked about %+v", who)
			}
			return hybrid.Facts{}, nil
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

// Nonsense does not reach the wire.
func TestFactsAreChecked(t *testing.T) {
	var log bytes.Buffer
	budget := &policy.Balance{RemainingMicroUSD: 1 << 62, Hard: true}
	prices := *somePrices
	s := open(t, facts(hybrid.Facts{Budget: budget, Prices: &prices, ServerUnavailable: true}),
		func(o *hybrid.Options) { o.Logger = slog.New(slog.NewTextHandler(&log, nil)) })

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
	for _, nonsense := range []int64{-1, -1, policy.MaxPrice + 1, policy.MaxPrice + 1} {
		prices.EgressMicroUSDPerGB = nonsense
		if got := s.snapshot().Subject.Prices; got != nil {
			t.Errorf("got %+v", got)
		}
	}
	if n := strings.Count(log.String(), "Options.Facts failed"); n != 2 || !strings.Contains(log.String(), "EgressMicroUSDPerGB") {
		t.Errorf("logged %d times, want each of two errors once a minute:\n%s", n, &log)
	}
}

// Facts that fail are not known, not even by half.
func TestFactsThatFail(t *testing.T) {
	half := hybrid.Facts{Budget: spentHard, Prices: somePrices, ServerUnavailable: true}
	for name, fail := range map[string]func() (hybrid.Facts, error){
		"an error": func() (hybrid.Facts, error) { return half, errors.New("no connection to the budgets") },
		"a panic":  func() (hybrid.Facts, error) { panic("no connection to the budgets") },
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			s := open(t, func(o *hybrid.Options) {
				o.Facts = func(context.Context, policy.Identity) (hybrid.Facts, error) { return fail() }
				o.Logger = slog.New(slog.NewTextHandler(&log, nil))
			})
			if got := s.snapshot().Subject; got.Budget != nil || got.Prices != nil || got.Server.Unavailable || got.Tier != "pro" {
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
		})
	}
}

// A page must not keep a snapshot whose facts no longer hold.
func TestSnapshotTagDependsOnFacts(t *testing.T) {
	var known hybrid.Facts
	s := open(t, func(o *hybrid.Options) {
		o.Facts = func(context.Context, policy.Identity) (hybrid.Facts, error) { return known, nil }
	})
	dear := *somePrices
	dear.PromptMicroUSDPerMTok++
	seen := map[string]hybrid.Facts{}
	for _, known = range []hybrid.Facts{
		{}, {ServerUnavailable: true},
		{Prices: &policy.Prices{}}, {Prices: somePrices}, {Prices: &dear},
		{Budget: spent}, {Budget: spentHard}, {Budget: &policy.Balance{RemainingMicroUSD: 1}}, {Budget: spent, Prices: somePrices},
	} {
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
			s := open(t, facts(hybrid.Facts{Budget: test.budget}), func(o *hybrid.Options) { o.Policies = test.policies })
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
	s := open(t, facts(hybrid.Facts{Budget: spent, Prices: somePrices}))
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
