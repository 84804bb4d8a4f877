package hybrid_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/edgewise-ai/edgewise/backend"
	"github.com/edgewise-ai/edgewise/hybrid"
	"github.com/edgewise-ai/edgewise/hybrid/limit"
	"github.com/edgewise-ai/edgewise/policy"
)

// cents are prices at which every token costs a millionth of a dollar.
var cents = map[string]policy.Prices{"": {PromptMicroUSDPerMTok: 1_000_000, CompletionMicroUSDPerMTok: 1_000_000}}

// within gives everybody an allowance, and returns the store that counts it.
func within(a hybrid.Allowance) (*limit.Memory, func(*hybrid.Options)) {
	store := limit.NewMemory(limit.MemoryOptions{})
	return store, func(o *hybrid.Options) { o.Allowance, o.Prices, o.LimitStore = a, cents, store }
}

// watching is a store that says how much was taken of it, and does as it is told.
type watching struct {
	limit.Store
	taken  *int64
	settle func(ctx context.Context) error
}

func (w *watching) Take(ctx context.Context, now time.Time, charges []limit.Charge) (*limit.Refusal, error) {
	if w.taken != nil {
		for _, c := range charges {
			*w.taken += c.Amount
		}
	}
	return w.Store.Take(ctx, now, charges)
}

func (w *watching) Settle(ctx context.Context, now time.Time, charges []limit.Charge) error {
	if w.settle != nil {
		if err := w.settle(ctx); err != nil {
			return err
		}
	}
	return w.Store.Settle(ctx, now, charges)
}

// Whoever leaves pays: the prompt at least, for the ledger; and of the budget what was
// estimated, where nobody knows how far the backend came.
func TestAbandonedRequestsCost(t *testing.T) {
	for _, test := range []struct {
		name   string
		stream bool
		left   int64 // of 1000
	}{
		{"plain", false, 1000 - (3 + 100)},
		{"stream", true, 1000 - 3},
	} {
		t.Run(test.name, func(t *testing.T) {
			store, options := within(hybrid.Allowance{MaxOutputTokens: 100, Budget: limit.Budget{MicroUSD: 1000, Hard: true}})
			begun, over := make(chan struct{}), make(chan struct{})
			s := open(t, options, generates(func(ctx context.Context, _ *backend.Prompt, _ func(backend.Delta) error) (backend.Completion, error) {
				close(begun)
				<-ctx.Done()
				return backend.Completion{}, ctx.Err()
			}), func(o *hybrid.Options) {
				o.Observers = []hybrid.Observer{{Failed: func(context.Context, hybrid.RequestFailed) { close(over) }}}
			})
			ctx, leave := context.WithCancel(t.Context())
			body := fmt.Sprintf(`{"stream":%v,"messages":[{"role":"user","content":"hello world"}]}`, test.stream)
			req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url+"/chat/completions", strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Content-Type", "application/json")
			req.Header.Set("Authorization", "Bearer alice/pro")
			go func() {
				<-begun
				leave()
			}()
			if _, err := http.DefaultClient.Do(req); err == nil {
				t.Fatal("it was answered")
			}
			<-over
			e := s.ledger.Recent(1)[0]
			if e.PromptTokens != 3 || e.CompletionTokens != 0 || e.CostMicroUSD != 3 || !e.Estimated {
				t.Errorf("the ledger says %+v", e)
			}
			account, _ := limit.Budget{MicroUSD: 1000}.Account("budget/" + e.Identity)
			if left, err := store.Left(t.Context(), noon, account); err != nil || left != test.left {
				t.Errorf("%d are left, %v; want %d", left, err, test.left)
			}
		})
	}
}

// A model that has no price is no way around a hard budget.
func TestHardBudgetNeedsAPrice(t *testing.T) {
	s := open(t, func(o *hybrid.Options) {
		o.Allowance.Budget = limit.Budget{MicroUSD: 1000, Hard: true}
		o.Prices = map[string]policy.Prices{"upper": cents[""]}
		o.Facts = func(context.Context, policy.Identity) (hybrid.Facts, error) { return hybrid.Facts{}, nil }
	})
	if a := s.post("/chat/completions", sayHi); a.status != http.StatusOK {
		t.Errorf("status %d: %s", a.status, a.body)
	}
	s.post("/chat/completions", `{"model":"other",`+sayHi[1:]).wantError(t, http.StatusServiceUnavailable, "server_error", "limits_unavailable", "model")
}

// Where prices are by model and the default is the first that is listed, answers are
// compared with that one.
func TestPricesOfTheDefaultModel(t *testing.T) {
	s := open(t, func(o *hybrid.Options) { o.Prices = map[string]policy.Prices{"upper": cents[""]} })
	s.get("/models") // by then they are listed
	g := s.grant()
	s.post("/browser/analytics", single(g, reportJSON(g, 1)))
	if e := s.ledger.Recent(1)[0]; e.AvoidedMicroUSD != 12+40 {
		t.Errorf("got %+v", e)
	}
}

// A backend that panics leaves nothing taken, and an entry that says so.
func TestPanicSettles(t *testing.T) {
	store, options := within(hybrid.Allowance{MaxOutputTokens: 100, Budget: limit.Budget{MicroUSD: 1000, Hard: true}})
	s := open(t, options, func(o *hybrid.Options) { o.Backend = panicking{o.Backend} })
	if _, err := http.Post(s.url+"/generate", "application/json", strings.NewReader(`{}`)); err != nil {
		t.Fatal(err) // refused, not authenticated
	}
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/generate", strings.NewReader(`{"prompt":"hello"}`))
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer alice/pro")
	if _, err := http.DefaultClient.Do(req); err == nil {
		t.Fatal("it was answered")
	}
	e := s.ledger.Recent(1)[0]
	account, _ := limit.Budget{MicroUSD: 1000}.Account("budget/" + e.Identity)
	if left, err := store.Left(t.Context(), noon, account); err != nil || left != 1000 || e.ErrorCode != "internal_error" {
		t.Errorf("%d are left, %v; the ledger says %+v", left, err, e)
	}
}

type panicking struct{ backend.Backend }

func (panicking) Generate(context.Context, *backend.Request) (*backend.Response, error) {
	panic(http.ErrAbortHandler)
}

// What was taken from a period that has ended is not given back to the next.
func TestRefundsStayInTheirPeriod(t *testing.T) {
	var clock atomic.Int64
	now := func() time.Time {
		return time.Date(2026, 11, 23, 12, 59, 59, 0, time.UTC).Add(time.Duration(clock.Load()))
	}
	store, options := within(hybrid.Allowance{MaxOutputTokens: 1000, Budget: limit.Budget{MicroUSD: 2000, Per: limit.Hour, Hard: true}})
	account, _ := limit.Budget{MicroUSD: 2000, Per: limit.Hour}.Account("")
	s := open(t, options, generates(func(_ context.Context, _ *backend.Prompt, emit func(backend.Delta) error) (backend.Completion, error) {
		clock.Add(int64(2 * time.Second))
		if refusal, err := store.Take(t.Context(), now(), []limit.Charge{{Account: account, Amount: 500}}); refusal != nil || err != nil {
			t.Errorf("another request of the new hour: %v, %v", refusal, err)
		}
		return backend.Completion{}, emit(backend.Delta{Text: "a"})
	}), func(o *hybrid.Options) {
		o.Now = now
		o.LimitStore = oneAccount{store, &account.Key}
	})
	s.post("/chat/completions", sayHi)
	if left, err := store.Left(t.Context(), now(), account); err != nil || left != 1500 {
		t.Errorf("%d are left of the new hour, %v; want 1500", left, err)
	}
}

// oneAccount tells under what name the last account was taken from.
type oneAccount struct {
	limit.Store
	key *string
}

func (o oneAccount) Take(ctx context.Context, now time.Time, charges []limit.Charge) (*limit.Refusal, error) {
	*o.key = charges[0].Account.Key
	return o.Store.Take(ctx, now, charges)
}

// A store that hangs is a store that fails: routing and answers wait a second at most,
// and none for the correction afterwards.
func TestHangingLimitStore(t *testing.T) {
	s := open(t, func(o *hybrid.Options) {
		o.Allowance.Budget, o.Prices, o.LimitStore = limit.Budget{MicroUSD: 1000}, cents, hangingLimits{}
	})
	if a := s.post("/browser/route", routeBody(desktop, `"promptLength":40`)); a.status != http.StatusOK {
		t.Errorf("status %d", a.status)
	}

	settling, goOn := make(chan struct{}), make(chan struct{})
	store, options := within(hybrid.Allowance{Tokens: limit.Rate{Amount: 1000}})
	s = open(t, options, func(o *hybrid.Options) {
		o.LimitStore = &watching{Store: store, settle: func(context.Context) error {
			close(settling)
			<-goOn
			return nil
		}}
	})
	if a := s.post("/generate", `{"prompt":"hello"}`); a.status != http.StatusOK { // before it is settled
		t.Errorf("status %d", a.status)
	}
	<-settling
	if n := len(s.ledger.Recent(9)); n != 1 {
		t.Errorf("%d entries", n)
	}
	close(goOn)
}

type hangingLimits struct{ brokenLimits }

func (hangingLimits) Left(ctx context.Context, _ time.Time, _ limit.Account) (int64, error) {
	<-ctx.Done()
	return 0, ctx.Err()
}

// A spent hard budget says when there is money again, whoever notices that it is spent.
func TestSpentBudgetSaysWhenItIsRenewed(t *testing.T) {
	store, options := within(hybrid.Allowance{Budget: limit.Budget{MicroUSD: 1000, Per: limit.Day, Hard: true}})
	s := open(t, options)
	s.post("/chat/completions", sayHi)
	account, _ := limit.Budget{MicroUSD: 1000, Per: limit.Day}.Account("budget/" + s.ledger.Recent(1)[0].Identity)
	if err := store.Settle(t.Context(), noon, []limit.Charge{{Account: account, Amount: 5000}}); err != nil {
		t.Fatal(err)
	}
	a := s.post("/chat/completions", sayHi)
	a.wantError(t, http.StatusTooManyRequests, "insufficient_quota", "budget_exhausted", "")
	if got := a.header.Get("Retry-After"); got != "43200" {
		t.Errorf("Retry-After is %q", got)
	}
}

// Prompts that are refused are nobody's to see.
func TestRefusedPromptsAreNotShown(t *testing.T) {
	shown := 0
	_, options := within(hybrid.Allowance{Requests: limit.Rate{Amount: 1, Per: time.Hour}})
	s := open(t, options, func(o *hybrid.Options) {
		o.Observers = []hybrid.Observer{{Prompted: func(context.Context, json.RawMessage) { shown++ }}}
	})
	for range 3 {
		s.post("/chat/completions", sayHi)
	}
	if shown != 1 {
		t.Errorf("%d prompts were shown", shown)
	}
}
