package hybrid_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edgewise-ai/edgewise/backend"
	"github.com/edgewise-ai/edgewise/hybrid"
	"github.com/edgewise-ai/edgewise/hybrid/limit"
	"github.com/edgewise-ai/edgewise/policy"
)

const sayHi = `{"messages":[{"role":"user","content":"hi"}]}`

// Tiers see and get what they may; a request that names no model gets one that they may.
func TestAllowanceModels(t *testing.T) {
	three := []backend.Model{{ID: "small"}, {ID: "large"}, {ID: "huge"}}
	for _, test := range []struct {
		name   string
		models []string
		listed []string
		auto   string // "" is none
	}{
		{"all", nil, []string{"large", "small", "huge"}, "large"},
		{"with the default", []string{"small", "large"}, []string{"large", "small"}, "large"},
		{"without the default", []string{"huge", "small"}, []string{"small", "huge"}, "huge"},
		{"one that isn't served", []string{"gone"}, nil, ""},
		{"none", []string{}, nil, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			up := &scripted{models: three, body: wholeAnswer}
			s := open(t, up.serve, func(o *hybrid.Options) {
				o.DefaultModel = "large"
				o.Tiers = map[string]hybrid.Allowance{"pro": {Models: test.models}}
			})
			var list struct {
				Data []struct {
					ID string `json:"id"`
				} `json:"data"`
			}
			s.get("/models").decode(t, &list)
			var listed []string
			for _, m := range list.Data {
				listed = append(listed, m.ID)
			}
			if diff := cmp.Diff(test.listed, listed); diff != "" {
				t.Error(diff)
			}
			if a := s.post("/chat/completions", sayHi); test.auto == "" {
				a.wantError(t, http.StatusNotFound, "invalid_request_error", "model_not_found", "model")
			} else if a.status != http.StatusOK || up.last().Model != test.auto {
				t.Errorf("status %d, asked %s, want %s", a.status, up.last().Model, test.auto)
			}
			for _, model := range []string{"small", "large", "huge"} {
				want := http.StatusNotFound
				if test.models == nil || strings.Contains(strings.Join(test.listed, " "), model) {
					want = http.StatusOK
				}
				if a := s.post("/chat/completions", `{"model":"`+model+`",`+sayHi[1:]); a.status != want {
					t.Errorf("%s: status %d, want %d", model, a.status, want)
				}
			}
		})
	}
}

// A tier's own allowance replaces the general one, also where it allows more.
func TestAllowanceOfTier(t *testing.T) {
	s := open(t, func(o *hybrid.Options) {
		o.Allowance.MaxPromptTokens = 1
		o.Tiers = map[string]hybrid.Allowance{"pro": {}}
	})
	if a := s.post("/generate", `{"prompt":"hello world"}`); a.status != http.StatusOK {
		t.Errorf("pro: status %d", a.status)
	}
	s.token = "bob/free"
	s.post("/generate", `{"prompt":"hello world"}`).wantError(t, http.StatusRequestEntityTooLarge, "invalid_request_error", "prompt_too_long", "prompt")
	s.post("/chat/completions", `{"messages":[{"role":"user","content":"hello world"}]}`).
		wantError(t, http.StatusRequestEntityTooLarge, "invalid_request_error", "prompt_too_long", "messages")
}

// A limit that can't be looked up holds.
func TestLimitStoreFails(t *testing.T) {
	hard := limit.Budget{MicroUSD: 1_000_000, Hard: true}
	for name, test := range map[string]struct {
		allowance hybrid.Allowance
		code      string
	}{
		"requests":    {hybrid.Allowance{Requests: limit.Rate{Amount: 5}}, "limits_unavailable"},
		"hard budget": {hybrid.Allowance{Budget: hard}, "budget_exhausted"}, // the policy knows it already
		"soft budget": {hybrid.Allowance{Budget: limit.Budget{MicroUSD: 1_000_000}}, ""},
		"no limit":    {hybrid.Allowance{}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, func(o *hybrid.Options) {
				o.Allowance, o.LimitStore = test.allowance, brokenLimits{}
				o.Prices = map[string]policy.Prices{"": {}}
			})
			a := s.post("/generate", `{"prompt":"hello world"}`)
			var body struct{ Error wireError }
			a.decode(t, &body)
			code := ""
			if body.Error.Code != nil {
				code = *body.Error.Code
			}
			if code != test.code {
				t.Errorf("got %d %s, want %q", a.status, a.body, test.code)
			}
		})
	}
}

type brokenLimits struct{}

func (brokenLimits) Take(context.Context, time.Time, []limit.Charge) (*limit.Refusal, error) {
	panic("no connection")
}

func (brokenLimits) Settle(context.Context, time.Time, []limit.Charge) error {
	return errors.New("no connection")
}

func (brokenLimits) Left(context.Context, time.Time, limit.Account) (int64, error) {
	return 0, errors.New("no connection")
}

// Of several budgets the one that is worse off counts, in routing and in the snapshot.
func TestBudgetsWorstCounts(t *testing.T) {
	for _, test := range []struct {
		name string
		own  limit.Budget
		app  *policy.Balance
		want policy.Balance
	}{
		{"the allowance's", limit.Budget{MicroUSD: 500}, nil, policy.Balance{RemainingMicroUSD: 500}},
		{"the smaller", limit.Budget{MicroUSD: 500}, &policy.Balance{RemainingMicroUSD: 400, Hard: true}, policy.Balance{RemainingMicroUSD: 400, Hard: true}},
		{"the smaller, again", limit.Budget{MicroUSD: 300}, &policy.Balance{RemainingMicroUSD: 400, Hard: true}, policy.Balance{RemainingMicroUSD: 300}},
		{"the one that is spent", limit.Budget{MicroUSD: 300}, &policy.Balance{}, policy.Balance{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := open(t, func(o *hybrid.Options) {
				o.Allowance.Budget = test.own
				o.Facts = func(context.Context, policy.Identity) (hybrid.Facts, error) {
					return hybrid.Facts{Budget: test.app}, nil
				}
			})
			var snapshot struct {
				Subject policy.Subject `json:"subject"`
			}
			s.get("/browser/policy").decode(t, &snapshot)
			if snapshot.Subject.Budget == nil || *snapshot.Subject.Budget != test.want {
				t.Errorf("got %+v, want %+v", snapshot.Subject.Budget, test.want)
			}
		})
	}
}

func TestAllowanceRefused(t *testing.T) {
	for want, change := range map[string]func(*hybrid.Options){
		`Options.Allowance.MaxPromptTokens`: func(o *hybrid.Options) { o.Allowance.MaxPromptTokens = -1 },
		`Options.Allowance.Models`:          func(o *hybrid.Options) { o.Allowance.Models = []string{"auto"} },
		`Options.Tiers["free"].Requests`: func(o *hybrid.Options) {
			o.Tiers = map[string]hybrid.Allowance{"free": {Requests: limit.Rate{Amount: -1}}}
		},
		`Options.Allowance.Reports`: func(o *hybrid.Options) { o.Allowance.Reports = limit.Rate{Amount: 10} },
		`Options.Allowance.Budget`:  func(o *hybrid.Options) { o.Allowance.Budget = limit.Budget{MicroUSD: 1, Per: "year"} },
		`Options.Prices["m"]`: func(o *hybrid.Options) {
			o.Prices = map[string]policy.Prices{"m": {PromptMicroUSDPerMTok: -1}}
		},
		`Options.Prices`: func(o *hybrid.Options) { o.Allowance.TierBudget = limit.Budget{MicroUSD: 1} },
	} {
		opts := hybrid.Options{Authenticate: hybrid.AllowAnonymous}
		change(&opts)
		router, err := hybrid.New(t.Context(), opts)
		if err == nil {
			_ = router.Close(t.Context())
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v", want, err)
		}
	}
}

// What the page says of how it came to ask is for the ledger, and for no upstream.
func TestSaidOfRequest(t *testing.T) {
	up := &scripted{body: wholeAnswer}
	s := open(t, up.serve)
	var route struct {
		DecisionID string `json:"decisionId"`
		Reason     string `json:"reason"`
	}
	s.post("/browser/route", routeBody(desktop, `"promptLength":40`)).decode(t, &route)
	for _, test := range []struct {
		said, reason, decidedBy string
		fallback                bool
	}{
		{`{"decisionId":"` + route.DecisionID + `","reason":"` + route.Reason + `","fallback":true}`, route.Reason, "server", true},
		{`{"decisionId":"` + route.DecisionID + `","reason":"too_slow"}`, "too_slow", "page", false}, // that was not why
		{`{"reason":"i.made.this.up"}`, "other", "page", false},
		{`{"decisionId":"forged","reason":"offline"}`, "offline", "page", false},
		{`{}`, "", "", false},
		{`null`, "", "", false},
	} {
		s.post("/chat/completions", sayHi[:len(sayHi)-1]+`,"edgewise":`+test.said+`}`)
		e := s.ledger.Recent(1)[0]
		if e.Reason != test.reason || e.DecidedBy != test.decidedBy || e.Fallback != test.fallback {
			t.Errorf("%s: got %+v", test.said, e)
		}
		if body := up.last().Body; !json.Valid(body) || strings.Contains(string(body), "edgewise") {
			t.Errorf("the upstream got %s", body)
		}
	}
	s.post("/generate", `{"prompt":"hi","edgewise":{"reason":"sticky"}}`)
	if e := s.ledger.Recent(1)[0]; e.Reason != "sticky" {
		t.Errorf("got %+v", e)
	}
	s.post("/generate", `{"prompt":"hi","edgewise":{"fallback":"yes"}}`).
		wantError(t, http.StatusBadRequest, "invalid_request_error", "invalid_type", "edgewise.fallback")
}
