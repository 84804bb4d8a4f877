package hybridtest

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/edgewise-ai/edgewise/hybrid"
	"github.com/edgewise-ai/edgewise/hybrid/limit"
	"github.com/edgewise-ai/edgewise/policy"
)

func auditedByAda(o *hybrid.Options) {
	o.Auditor = func(who policy.Identity) bool { return who.Subject == "ada" }
}

// allow gives everybody an allowance.
func allow(a hybrid.Allowance) func(*hybrid.Options) {
	return func(o *hybrid.Options) { o.Allowance = a }
}

// decision is where the server sends a request, and why.
type decision struct {
	Target string `json:"target"`
	Reason string `json:"reason"`
}

// ask is a routing request of a device that could run the model.
const ask = `{"capabilities":{"hasWebGPU":true,"gpuTier":"high","isDesktop":true},"promptLength":20}`

// However many ask at once, a hard budget is never overdrawn while answers are no longer
// than they may be, and all of it can be spent.
func testHardBudget(t *testing.T, stores Replicas) {
	// "one two three" costs 3 + 2*3 = 9 at most where 3 tokens may be said; its prompt
	// is estimated at 4.
	a := hybrid.Allowance{MaxOutputTokens: 3, Budget: limit.Budget{MicroUSD: 100, Per: limit.Day, Hard: true}}
	s := serve(t, stores.Stores, allow(a))
	var mu sync.Mutex
	answered := 0
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 5 {
				answer := s.say("alice/free", "one two three")
				if answer.status != http.StatusOK {
					answer.want(t, 429, "budget_exhausted")
					continue
				}
				mu.Lock()
				answered++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if cost := s.summary().Total.CostMicroUSD; cost != int64(9*answered) || cost > 100 {
		t.Errorf("%d answers cost %d of 100", answered, cost)
	}
	for answered < 99 && s.say("alice/free", "one two three").status == http.StatusOK {
		answered++
	}
	if answered != 11 { // the eleventh finds the 10 that it may need, and leaves 1
		t.Errorf("%d answers for 100, want 11", answered)
	}
	refused := s.say("alice/free", "one two three")
	refused.want(t, 429, "budget_exhausted")
	if refused.header.Get("X-Should-Retry") != "false" || refused.header.Get("Retry-After") != "41400" { // midnight
		t.Errorf("headers %v", refused.header)
	}
	if !strings.Contains(string(refused.body), "insufficient_quota") {
		t.Errorf("got %s", refused.body)
	}
	// A failure gives back what was taken for it, and another user has money.
	for range 20 {
		s.say("bob/free", "fail").want(t, 503, "upstream_unavailable")
	}
	s.say("bob/free", "one two three").want(t, 200, "")
	s.wait(12 * time.Hour)
	s.say("alice/free", "one two three").want(t, 200, "")
}

// A budget that is spent, and not hard, sends requests to browsers and refuses none.
func testSoftBudget(t *testing.T, stores Replicas) {
	s := serve(t, stores.Stores, func(o *hybrid.Options) {
		o.Allowance.Budget = limit.Budget{MicroUSD: 20}
		// Without the budget, this one would choose the server.
		o.Policies = policy.Defaults(policy.Tier{Otherwise: policy.PreferServer})
	})
	route := func() decision { return decode[decision](t, s.post("/browser/route", "alice/free", ask)) }
	if got := route(); got.Target != "server" {
		t.Errorf("with money left: %+v", got)
	}
	for range 5 {
		s.say("alice/free", "one two three").want(t, 200, "")
	}
	if got := route(); got.Target != "browser" || got.Reason != "budget_exhausted" {
		t.Errorf("with none left: %+v", got)
	}
	snapshot := decode[struct {
		Subject policy.Subject `json:"subject"`
	}](t, s.get("/browser/policy", "alice/free"))
	if b := snapshot.Subject.Budget; b == nil || b.RemainingMicroUSD > 0 {
		t.Errorf("the snapshot says %+v", b)
	}
	s.say("alice/free", "one two three").want(t, 200, "")
	if cost := s.summary().Total.CostMicroUSD; cost != 6*9 {
		t.Errorf("cost %d, want %d", cost, 6*9)
	}
}

// All of a tier share its budget.
func testTierBudget(t *testing.T, stores Replicas) {
	s := serve(t, stores.Stores, func(o *hybrid.Options) {
		o.Tiers = map[string]hybrid.Allowance{
			"free": {MaxOutputTokens: 3, TierBudget: limit.Budget{MicroUSD: 30, Hard: true}},
		}
	})
	for _, user := range []string{"alice/free", "bob/free"} {
		s.say(user, "one two three").want(t, 200, "")
	}
	s.say("carol/free", "one two three").want(t, 200, "")
	s.say("dave/free", "one two three").want(t, 429, "budget_exhausted")
	s.say("erin/pro", "one two three").want(t, 200, "")
}

// Tokens are taken by estimate, and corrected by what was counted.
func testTokens(t *testing.T, stores Replicas) {
	s := serve(t, stores.Stores, allow(hybrid.Allowance{
		MaxOutputTokens: 50, Tokens: limit.Rate{Amount: 60, Per: time.Minute, Burst: 120},
	}))
	// 2+50 are taken before, 3+2 really: so requests fit until less than 52 are left.
	n := 0
	for n < 99 && s.say("alice/free", "one two").status == http.StatusOK {
		n++
	}
	if n != 14 { // 120-13*5 = 55 are enough, 50 are not
		t.Errorf("%d requests fit, want 14", n)
	}
	s.say("alice/free", "one two").want(t, 429, "rate_limit_exceeded")
	// One that asks for less fits.
	s.say("alice/free", "one two", `,"max_tokens":5`).want(t, 200, "")
	s.wait(8 * time.Second) // and 8 have come back: 50-5+8 = 53
	s.say("alice/free", "one two").want(t, 200, "")
}

// Replicas enforce limits together.
func testReplicas(t *testing.T, stores Replicas) {
	a := hybrid.Allowance{Requests: limit.Rate{Amount: 20, Per: time.Hour}}
	replicas := []*service{serve(t, stores.Stores, allow(a)), serve(t, stores.another(), allow(a))}
	var mu sync.Mutex
	answered := 0
	var wg sync.WaitGroup
	for i := range 6 {
		wg.Go(func() {
			for range 10 {
				if replicas[i%2].say("alice/free", "one").status == http.StatusOK {
					mu.Lock()
					answered++
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	if answered != 20 {
		t.Errorf("%d requests were answered, want 20", answered)
	}
	replicas[1].summary() // flushes
	if got := replicas[0].summary().Total.Requests; got != 20 {
		t.Errorf("%d are counted, want 20", got)
	}
}
