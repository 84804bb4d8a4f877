package hybridtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/edgewise-ai/edgewise/policy"
)

// page is a page of one user, with the grant of a snapshot.
type page struct {
	*service
	user  string
	grant policy.Grant
}

func (s *service) open(user string) *page {
	s.t.Helper()
	snapshot := decode[struct {
		Grant policy.Grant `json:"grant"`
	}](s.t, s.get("/browser/policy", user))
	return &page{s, user, snapshot.Grant}
}

// decide asks the server where to run a request, and returns what a report says of the
// decision.
func (p *page) decide() map[string]any {
	p.t.Helper()
	decided := decode[struct {
		DecisionID string `json:"decisionId"`
		Reason     string `json:"reason"`
	}](p.t, p.post("/browser/route", p.user, `{"capabilities":{"hasWebGPU":true,"gpuTier":"high","isDesktop":true},"promptLength":20}`))
	return map[string]any{"decidedBy": "server", "decisionId": decided.DecisionID, "reason": decided.Reason}
}

// claim is a report of an answer with 12 prompt tokens and 40 completion tokens: worth
// 92 millionths of a dollar. Members in change replace its own.
func (p *page) claim(n int, change map[string]any) map[string]any {
	c := map[string]any{
		"id": fmt.Sprintf("%s.%d", p.grant.ID, n), "target": "browser", "modelId": "small", "framework": "webllm",
		"reason": "optimal_for_browser", "promptTokens": 12, "completionTokens": 40, "latencyMs": 2000, "ttftMs": 200,
		"success": true, "decidedBy": "page", "startedAt": noon.UnixMilli(),
	}
	for name, value := range change {
		c[name] = value
	}
	return c
}

// worth is what the answer of a claim would have cost on the server.
const worth = 12 + 2*40

// batch is the body of a batch of claims.
func batch(token string, claims ...map[string]any) string {
	body, _ := json.Marshal(map[string]any{"grant": token, "reports": claims}) // maps of plain values always encode
	return string(body)
}

// report sends claims as beacons do, without credentials.
func (p *page) report(claims ...map[string]any) answer {
	p.t.Helper()
	return p.do(http.MethodPost, "/browser/analytics", "", strings.NewReader(batch(p.grant.Token, claims...)), "Content-Type", "text/plain")
}

// mustReport sends claims that are taken.
func (p *page) mustReport(claims ...map[string]any) {
	p.t.Helper()
	p.report(claims...).want(p.t, http.StatusAccepted, "")
}
