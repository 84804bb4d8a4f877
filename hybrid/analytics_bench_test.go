package hybrid_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	"github.com/edgewise-ai/edgewise/hybrid"
	"github.com/edgewise-ai/edgewise/hybrid/ledger"
	"github.com/edgewise-ai/edgewise/policy"
)

// BenchmarkAnalytics takes batches of 50 reports, which are all new, and compares with
// a handler that decodes the same batch and does nothing with it. The budget is
// 0.5 of-bare. Into a queue whose store hangs the memory stays what it is, at any rate.
func BenchmarkAnalytics(b *testing.B) {
	queue := ledger.NewQueue(blocked{}, ledger.QueueOptions{})
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	b.Cleanup(func() { _ = queue.Close(ended) })
	for _, test := range []struct {
		name   string
		ledger ledger.Ledger
	}{
		{"memory", ledger.NewMemory(ledger.MemoryOptions{MaxEntries: 10_000})},
		{"queue full", noFlush{queue}},
	} {
		b.Run(test.name, func(b *testing.B) {
			s := open(b, func(o *hybrid.Options) {
				o.Ledger = test.ledger
				o.Prices = map[string]policy.Prices{"": {PromptMicroUSDPerMTok: 150_000, CompletionMicroUSDPerMTok: 600_000}}
			})
			_, h := s.router.Handler()
			bodies := s.batches(400) // of 20,000 reports: when they come again they are forgotten
			ours, theirs := sending(b, h, bodies), sending(b, http.HandlerFunc(bareAnalytics), bodies)
			for i := range 2 * len(bodies) {
				ours(i)
			}
			before := heapBytes()
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				ours(i)
			}
			b.ReportMetric(float64(heapBytes()-before), "B-grown")
			b.ReportMetric(ratio(theirs, ours), "of-bare")
		})
	}
}

// batches are bodies of 50 reports each, half of them about decisions of the server.
func (s *service) batches(count int) []string {
	s.t.Helper()
	var bodies []string
	for len(bodies) < count {
		g := s.grant()
		for first := 1; first+50 <= g.MaxReports; first += 50 {
			var reports []string
			for n := range 50 {
				report := reportJSON(g, first+n)
				if n%2 == 0 {
					var route routeReply
					s.post("/browser/route", routeBody(desktop, `"promptLength":40`)).decode(s.t, &route)
					report = strings.Replace(report, `"decidedBy":"page"`, `"decidedBy":"server","decisionId":"`+route.DecisionID+`"`, 1)
				}
				reports = append(reports, report)
			}
			bodies = append(bodies, batchJSON(g, reports...))
		}
	}
	return bodies
}

func sending(b *testing.B, h http.Handler, bodies []string) func(i int) {
	template := httptest.NewRequest(http.MethodPost, "/api/v1/browser/analytics", nil)
	return func(i int) {
		req, body := *template, bodies[i%len(bodies)]
		req.Body, req.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
		w := counter{header: make(http.Header)}
		h.ServeHTTP(&w, &req)
		if w.status != http.StatusAccepted {
			b.Fatalf("status %d", w.status)
		}
	}
}

// bareAnalytics decodes a batch and answers.
func bareAnalytics(w http.ResponseWriter, req *http.Request) {
	var batch struct {
		Grant   string `json:"grant"`
		Reports []struct {
			ID                   string `json:"id"`
			Target               string `json:"target"`
			ModelID              string `json:"modelId"`
			Framework            string `json:"framework"`
			Reason               string `json:"reason"`
			DecidedBy            string `json:"decidedBy"`
			DecisionID           string `json:"decisionId"`
			PromptTokens         int64  `json:"promptTokens"`
			CompletionTokens     int64  `json:"completionTokens"`
			LatencyMs            int64  `json:"latencyMs"`
			TTFTMs               int64  `json:"ttftMs"`
			TokensPerSecondMilli int64  `json:"tokensPerSecondMilli"`
			StartedAt            int64  `json:"startedAt"`
			Success              bool   `json:"success"`
			ErrorCode            string `json:"errorCode"`
			Fallback             bool   `json:"fallback"`
		} `json:"reports"`
	}
	if err := json.NewDecoder(req.Body).Decode(&batch); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusAccepted)
	_ = json.NewEncoder(w).Encode(ledger.Receipt{Accepted: len(batch.Reports)})
}

func heapBytes() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
