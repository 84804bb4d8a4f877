package hybrid_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edgewise-ai/edgewise/hybrid"
	"github.com/edgewise-ai/edgewise/hybrid/ledger"
	"github.com/edgewise-ai/edgewise/policy"
)

// reportJSON is one whole report, numbered n.
func reportJSON(g *policy.Grant, n int) string {
	return fmt.Sprintf(`{"id":"%s.%d","target":"browser","modelId":"small-360m","framework":"transformers.js","reason":"optimal_for_browser",`+
		`"promptTokens":12,"completionTokens":40,"latencyMs":2100,"ttftMs":300,"tokensPerSecondMilli":22222,"success":true,`+
		`"fallback":false,"decidedBy":"page","startedAt":%d}`, g.ID, n, noon.Add(-time.Minute).UnixMilli())
}

func batchJSON(g *policy.Grant, reports ...string) string {
	return `{"grant":"` + g.Token + `","reports":[` + strings.Join(reports, ",") + `]}`
}

// single is a report with the grant among its fields.
func single(g *policy.Grant, report string) string {
	return `{"grant":"` + g.Token + `",` + report[1:]
}

func (s *service) report(body string, want ledger.Receipt, header ...string) {
	s.t.Helper()
	a := s.post("/browser/analytics", body, header...)
	var got ledger.Receipt
	a.decode(s.t, &got)
	if a.status != http.StatusAccepted || got != want {
		s.t.Errorf("got %d, %+v; want 202, %+v", a.status, got, want)
	}
}

func TestAnalytics(t *testing.T) {
	s := open(t)
	g := s.grant()
	// No header but what a beacon sends.
	s.report(single(g, reportJSON(g, 1)), ledger.Receipt{Accepted: 1}, "Authorization", "", "Content-Type", "text/plain;charset=UTF-8")
	s.report(single(g, reportJSON(g, 1)), ledger.Receipt{Duplicates: 1})
	s.report(batchJSON(g, reportJSON(g, 1), reportJSON(g, 2), reportJSON(g, 2), reportJSON(g, 3)), ledger.Receipt{Accepted: 2, Duplicates: 2})
	s.report(batchJSON(g), ledger.Receipt{})
	s.report(single(g, reportJSON(g, 1000)), ledger.Receipt{Accepted: 1})
	s.post("/browser/analytics", batchJSON(g, reportJSON(g, 999), reportJSON(g, 1001))).
		wantError(t, http.StatusForbidden, "permission_error", "grant_exhausted", "grant")

	got := s.ledger.Recent(99)
	if len(got) != 4 {
		t.Fatalf("%d entries", len(got))
	}
	want := ledger.Entry{
		ID: g.ID + ".1", Time: noon.Add(-time.Minute), Identity: got[3].Identity, Tier: "pro", Source: ledger.Browser,
		Model: "small-360m", Framework: "transformers.js", Reason: "optimal_for_browser", DecidedBy: "page",
		PromptTokens: 12, CompletionTokens: 40, LatencyMs: 2100, TTFTMs: 300, TokensPerSecondMilli: 22222,
		Success: true, Attempts: 1,
	}
	if diff := cmp.Diff(want, got[3]); diff != "" {
		t.Error(diff)
	}
	if want.Identity == "" || strings.Contains(want.Identity, "alice") {
		t.Errorf("identity is %q", want.Identity)
	}
}

// A report counts for whom its grant was made, whoever sends it.
func TestAnalyticsIdentityIsTheGrants(t *testing.T) {
	s := open(t)
	g := s.grant()
	s.token = "bob/free"
	s.report(single(g, reportJSON(g, 1)), ledger.Receipt{Accepted: 1})
	if e := s.ledger.Recent(1)[0]; e.Tier != "pro" {
		t.Errorf("tier %q", e.Tier)
	}
}

// Nobody in particular is no identity: a hash would add all of them up to one.
func TestAnonymousHasNoIdentity(t *testing.T) {
	s := open(t, func(o *hybrid.Options) { o.Authenticate = hybrid.AllowAnonymous })
	g := s.grant()
	s.report(single(g, reportJSON(g, 1)), ledger.Receipt{Accepted: 1})
	s.post("/generate", `{"prompt":"x"}`)
	for _, e := range s.ledger.Recent(9) {
		if e.Identity != "" {
			t.Errorf("identity %q in %+v", e.Identity, e)
		}
	}
}

func TestAnalyticsLate(t *testing.T) {
	now := noon
	s := open(t, func(o *hybrid.Options) { o.Now = func() time.Time { return now } })
	g := s.grant()
	expires := time.Unix(g.Expires, 0)

	now = expires
	s.report(single(g, reportJSON(g, 1)), ledger.Receipt{Accepted: 1})
	now = expires.Add(7 * 24 * time.Hour)
	s.report(single(g, reportJSON(g, 2)), ledger.Receipt{Accepted: 1})
	s.report(single(g, reportJSON(g, 1)), ledger.Receipt{Duplicates: 1})
	now = now.Add(time.Second)
	s.post("/browser/analytics", single(g, reportJSON(g, 3))).
		wantError(t, http.StatusUnauthorized, "authentication_error", "grant_expired", "grant")

	recent := s.ledger.Recent(9)
	if len(recent) != 2 || !recent[0].Late || recent[1].Late {
		t.Errorf("got %+v", recent)
	}
}

// Clocks of pages go wrong.
func TestAnalyticsClampsStart(t *testing.T) {
	s := open(t)
	g := s.grant()
	for i, startedAt := range []string{"0", "1", "9007199254740991"} {
		body := fmt.Sprintf(`{"grant":"%s","id":"%s.%d","modelId":"m","startedAt":%s}`, g.Token, g.ID, i+1, startedAt)
		s.report(body, ledger.Receipt{Accepted: 1})
		if e := s.ledger.Recent(1)[0]; !e.Time.Equal(noon) {
			t.Errorf("startedAt %s became %v", startedAt, e.Time)
		}
	}
}

// A bad report spoils its batch and records nothing of it.
func TestAnalyticsIsAllOrNothing(t *testing.T) {
	s := open(t)
	g := s.grant()
	bad := strings.Replace(reportJSON(g, 2), `"latencyMs":2100`, `"latencyMs":-2100`, 1)
	s.post("/browser/analytics", batchJSON(g, reportJSON(g, 1), bad)).
		wantError(t, http.StatusBadRequest, "invalid_request_error", "invalid_value", "reports[1].latencyMs")
	if n := len(s.ledger.Recent(9)); n != 0 {
		t.Errorf("%d entries", n)
	}
}

// blocked is a store that never ends.
type blocked struct{}

func (blocked) Append(ctx context.Context, _ []ledger.Entry) error {
	<-ctx.Done()
	return ctx.Err()
}

func TestAnalyticsFullQueue(t *testing.T) {
	queue := ledger.NewQueue(blocked{}, ledger.QueueOptions{Capacity: 2})
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	defer func() { _ = queue.Close(ended) }()
	s := open(t, func(o *hybrid.Options) { o.Ledger = noFlush{queue} })
	g := s.grant()
	s.report(batchJSON(g, reportJSON(g, 1), reportJSON(g, 2), reportJSON(g, 3)), ledger.Receipt{Accepted: 2, Dropped: 1})
	s.report(single(g, reportJSON(g, 4)), ledger.Receipt{Dropped: 1})
	if queue.Stats().Dropped != 2 {
		t.Errorf("%d dropped", queue.Stats().Dropped)
	}
}

// noFlush does not wait for a store that never ends.
type noFlush struct{ ledger.Ledger }

func (noFlush) Flush(context.Context) error { return nil }

// The longest batch that a page can send at its end is taken.
func TestAnalyticsLongBatch(t *testing.T) {
	s := open(t)
	g := s.grant()
	var reports []string
	for size := 0; size < 60<<10; {
		report := reportJSON(g, len(reports)+1)
		reports = append(reports, report)
		size += len(report) + 1
	}
	s.report(batchJSON(g, reports...), ledger.Receipt{Accepted: len(reports)})
}

// Strangers can't make the service decode thousands of reports.
func TestAnalyticsCountsReportsFirst(t *testing.T) {
	s := open(t)
	s.post("/browser/analytics", `{"grant":"e30.AAAA","reports":[`+strings.Repeat("{},", 20_000)+`{}]}`).
		wantError(t, http.StatusBadRequest, "invalid_request_error", "invalid_value", "reports")
}
