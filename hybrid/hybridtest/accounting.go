package hybridtest

import (
	"net/http"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgewise-ai/edgewise/hybrid/ledger"
)

// Every answer is counted once, whatever became of it, and what failed before it began
// costs nothing.
func testAccounting(t *testing.T, stores Replicas) {
	s := serve(t, stores.Stores, nil)
	p := s.open("alice/free")
	const stream = `,"stream":true`
	var want ledger.Tally
	for _, test := range []struct {
		name    string
		send    func() answer
		status  int
		code    string
		counted ledger.Tally
	}{
		{"whole", func() answer { return s.say(p.user, "one two") },
			200, "", ledger.Tally{Requests: 1, PromptTokens: 3, CompletionTokens: 2, CostMicroUSD: 7}},
		{"streamed", func() answer { return s.say(p.user, "one two three", stream) },
			200, "", ledger.Tally{Requests: 1, PromptTokens: 3, CompletionTokens: 3, CostMicroUSD: 9}},
		{"simple", func() answer { return s.post("/generate", p.user, `{"prompt":"one"}`) },
			200, "", ledger.Tally{Requests: 1, PromptTokens: 3, CompletionTokens: 1, CostMicroUSD: 5}},
		{"failed", func() answer { return s.say(p.user, "fail") },
			503, "upstream_unavailable", ledger.Tally{Requests: 1, Failures: 1}},
		{"failed as a stream", func() answer { return s.say(p.user, "fail", stream) },
			503, "upstream_unavailable", ledger.Tally{Requests: 1, Failures: 1}},
		// What was delivered is paid for. Nobody counted it: the prompt is estimated at
		// four characters a token, the answer at one event each.
		{"cut", func() answer { return s.say(p.user, "one two cut", stream) },
			200, "upstream_unavailable", ledger.Tally{Requests: 1, Failures: 1, PromptTokens: 3, CompletionTokens: 2, CostMicroUSD: 7}},
		{"reported", func() answer { return p.report(p.claim(1, nil)) },
			202, "", ledger.Tally{Requests: 1, PromptTokens: 12, CompletionTokens: 40, AvoidedMicroUSD: worth}},
		{"reported as failed", func() answer {
			return p.report(p.claim(2, map[string]any{"success": false, "errorCode": "engine_lost", "completionTokens": 0}))
		}, 202, "", ledger.Tally{Requests: 1, Failures: 1, PromptTokens: 12}},
		{"reported again", func() answer { return p.report(p.claim(1, nil), p.claim(2, nil)) },
			202, "", ledger.Tally{}},
		{"refused", func() answer { return s.say(p.user, "secret", `,"privacy":"local-only"`) },
			403, "local_only", ledger.Tally{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.send().want(t, test.status, test.code)
			want.Add(test.counted)
			if diff := cmp.Diff(want, s.summary().Total); diff != "" {
				t.Errorf("counted in all (-want +got):\n%s", diff)
			}
		})
	}
}

// Pages deliver a report until they hear of it: at once, from several replicas, in any
// order, and after a restart.
func testReplays(t *testing.T, stores Replicas) {
	first, second := serve(t, stores.Stores, nil), serve(t, stores.another(), nil)
	p := first.open("alice/free")
	var claims []map[string]any
	for n := range 40 {
		claims = append(claims, p.claim(n+1, nil))
	}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			replica := []*service{first, second}[i%2]
			for n := range claims {
				n = (n + 5*i) % len(claims)
				body := batch(p.grant.Token, claims[n], claims[(n+1)%len(claims)])
				if a := replica.post("/browser/analytics", "", body); a.status != http.StatusAccepted {
					t.Errorf("status %d", a.status)
				}
			}
		})
	}
	wg.Wait()
	second.summary() // flushes
	want := ledger.Tally{Requests: 40, PromptTokens: 40 * 12, CompletionTokens: 40 * 40, AvoidedMicroUSD: 40 * worth}
	if diff := cmp.Diff(want, first.summary().Total); diff != "" {
		t.Error(diff)
	}
	restarted := serve(t, stores.another(), nil)
	restarted.post("/browser/analytics", "", batch(p.grant.Token, claims...)).want(t, 202, "")
	if diff := cmp.Diff(want, restarted.summary().Total); diff != "" {
		t.Errorf("after a restart: %s", diff)
	}
}

// What people see is what the ledger holds: everybody's to an auditor, and to everybody
// their own.
func testSavings(t *testing.T, stores Replicas) {
	s := serve(t, stores.Stores, auditedByAda)
	alice, bob := s.open("alice/free"), s.open("bob/free")
	alice.mustReport(alice.claim(1, nil), alice.claim(2, map[string]any{"reason": "cheaper_in_browser"}))
	bob.mustReport(bob.claim(1, nil))
	s.say(bob.user, "one two", `,"edgewise":{"reason":"request_too_complex","fallback":true}`).want(t, 200, "")

	type savings struct {
		Scope string `json:"scope"`
		From  string `json:"from"`
		Until string `json:"until"`
		ledger.Summary
	}
	s.summary() // flushes
	all := decode[savings](t, s.get("/browser/savings?scope=all", "ada/staff"))
	if diff := cmp.Diff(s.summary(), all.Summary); diff != "" || all.Scope != "all" {
		t.Errorf("scope %s: %s", all.Scope, diff)
	}
	browser := func(n int64) ledger.Tally {
		return ledger.Tally{Requests: n, PromptTokens: n * 12, CompletionTokens: n * 40, AvoidedMicroUSD: n * worth}
	}
	server := ledger.Tally{Requests: 1, PromptTokens: 3, CompletionTokens: 2, CostMicroUSD: 7}
	total := browser(3)
	total.Add(server)
	want := ledger.Summary{
		Total:    total,
		BySource: ledger.BySource{ledger.Browser: browser(3), ledger.Server: server},
		ByModel:  map[string]ledger.BySource{"small": {ledger.Browser: browser(3)}, "large": {ledger.Server: server}},
		ByReason: map[string]ledger.BySource{
			"optimal_for_browser": {ledger.Browser: browser(2)}, "cheaper_in_browser": {ledger.Browser: browser(1)},
			"request_too_complex": {ledger.Server: server},
		},
		ByDay: map[string]ledger.BySource{"2026-11-23": {ledger.Browser: browser(3), ledger.Server: server}},
	}
	if diff := cmp.Diff(want, all.Summary); diff != "" {
		t.Error(diff)
	}
	own := decode[savings](t, s.get("/browser/savings", alice.user))
	if diff := cmp.Diff(browser(2), own.Total); diff != "" || own.Scope != "own" {
		t.Errorf("alice's, scope %s: %s", own.Scope, diff)
	}
	past := decode[savings](t, s.get("/browser/savings?scope=all&until=2026-11-23", "ada/staff"))
	if past.Total != (ledger.Tally{}) || past.Until != "2026-11-23T00:00:00Z" || past.From != "" {
		t.Errorf("before the day: %+v", past)
	}
	s.get("/browser/savings?scope=all", bob.user).want(t, 403, "forbidden")
	s.get("/browser/savings?scope=theirs", bob.user).want(t, 400, "invalid_value")
	s.get("/browser/savings?from=yesterday", bob.user).want(t, 400, "invalid_value")
	s.get("/browser/savings?from=2026-11-23&until=2026-11-23", bob.user).want(t, 400, "invalid_value")
}
