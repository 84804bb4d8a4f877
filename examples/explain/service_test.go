package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/edgewise-ai/edgewise/hybrid"
	"github.com/edgewise-ai/edgewise/policy"
)

// shop is a service with policies of its own.
func shop(t *testing.T) *httptest.Server {
	t.Helper()
	abstain := policy.PolicyFunc(func(context.Context, *policy.Input) (policy.Verdict, error) { return policy.Verdict{}, nil })
	may := func(name string, effects policy.Effects) policy.Policy {
		return policy.Named(name, policy.Declared(abstain, policy.Declaration{Effects: &effects}))
	}
	router, err := hybrid.New(t.Context(), hybrid.Options{
		Authenticate: func(r *http.Request) (policy.Identity, error) {
			return policy.Identity{Subject: "alice", Tier: r.Header.Get("Tier")}, nil
		},
		Policies: policy.Defaults(
			policy.Tier{Rules: map[string]policy.TierRule{"free": policy.BrowserOnly, "pro": policy.PreferServer}},
			policy.Complexity{MaxPromptLength: 4_000},
			may("shop.checkout", policy.Effects{Prefer: []policy.Target{policy.Server}}),
			may("shop.embargo", policy.Effects{Forbid: []policy.Target{policy.Server}}),
			may("shop.vip", policy.Effects{Prefer: []policy.Target{policy.Browser, policy.Server}}),
			policy.Named("shop.whim", abstain),
		),
		First: []string{"shop.vip"},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = router.Close(context.Background()) })
	mux := http.NewServeMux()
	mux.Handle(router.Handler())
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server
}

func ask(t *testing.T, method, url, tier, body string) []byte {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Tier", tier)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("status %d, %v: %s", resp.StatusCode, err, data)
	}
	return data
}

// writeSnapshot puts what the shop tells a pro into a file.
func writeSnapshot(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "policy.json")
	if err := os.WriteFile(file, ask(t, http.MethodGet, shop(t).URL+"/api/v1/browser/policy", "pro", ""), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

// From a service's snapshot comes the service's decision.
func TestSameDecisionAsTheService(t *testing.T) {
	service := shop(t)
	example, err := os.ReadFile("request.json")
	if err != nil {
		t.Fatal(err)
	}
	type decision struct{ Target, Reason, Fallback, Preload, PolicyRevision, Model string }
	for _, tier := range []string{"", "free", "pro"} {
		file := filepath.Join(t.TempDir(), "policy.json")
		if err := os.WriteFile(file, ask(t, http.MethodGet, service.URL+"/api/v1/browser/policy", tier, ""), 0o644); err != nil {
			t.Fatal(err)
		}
		for _, body := range []string{string(example), noGPU, `{"promptLength":5000}`, `{"promptLength":40,"maxTokens":9000}`} {
			var answer struct {
				decision
				ModelInfo struct{ ID string }
			}
			if err := json.Unmarshal(ask(t, http.MethodPost, service.URL+"/api/v1/browser/route", tier, body), &answer); err != nil {
				t.Fatal(err)
			}
			want, got := answer.decision, decision{}
			want.Model = answer.ModelInfo.ID
			var out strings.Builder
			if err := run([]string{"-json", "-snapshot", file}, strings.NewReader(body), &out); err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal([]byte(out.String()), &got); err != nil {
				t.Fatal(err)
			}
			if got != want {
				t.Errorf("tier %q, %s:\ngot  %+v\nwant %+v", tier, body, got, want)
			}
		}
	}
}
