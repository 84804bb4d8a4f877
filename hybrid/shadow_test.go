package hybrid_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edgewise-ai/edgewise/hybrid"
	"github.com/edgewise-ai/edgewise/policy"
	"github.com/edgewise-ai/edgewise/registry"
)

// pair is what OnDecision is told.
type pair struct{ actual, shadow policy.Decision }

// shadowed makes an option of a shadow, and a channel of what it decided.
func shadowed(s hybrid.Shadow) (func(*hybrid.Options), <-chan pair) {
	told := make(chan pair, 1000)
	s.OnDecision = func(actual, shadow policy.Decision) { told <- pair{actual, shadow} }
	return func(o *hybrid.Options) { o.Shadow = &s }, told
}

// hear waits for what a shadow says.
func hear(t *testing.T, told <-chan pair) pair {
	t.Helper()
	select {
	case p := <-told:
		return p
	case <-time.After(10 * time.Second):
		t.Fatal("the shadow says nothing")
		return pair{}
	}
}

// Both decisions are told, whether they agree or not; the log has the differences.
func TestShadowTellsAndLogs(t *testing.T) {
	var log bytes.Buffer
	change, told := shadowed(hybrid.Shadow{
		Policies: policy.Defaults(policy.Complexity{MaxPromptLength: 10}),
		Limits:   &registry.Limits{MaxModelBytes: 1_000_000_000},
	})
	var minutes atomic.Int64
	s := open(t, change, facts(hybrid.Facts{Budget: &policy.Balance{RemainingMicroUSD: 4}}), func(o *hybrid.Options) {
		o.Logger = slog.New(slog.NewJSONHandler(&log, nil))
		o.Now = func() time.Time { return noon.Add(time.Duration(minutes.Load()) * time.Minute) }
	})
	s.token = "alice-canary/pro"
	for _, test := range []struct {
		name, rest     string
		actual, shadow string // target, reason, model
		logs           bool
	}{
		{"another target and model", `"promptLength":40,"maxTokens":7,"task":"chat","conversationId":"canary"`,
			"browser optimal_for_browser big-3b", "server request_too_complex small-360m", true},
		{"another model", `"promptLength":5`, "browser optimal_for_browser big-3b", "browser optimal_for_browser small-360m", true},
		{"another reason", `"promptLength":40,"preference":"never","state":{"models":{"small-360m":{"failures":3}}}`,
			"server user_disabled_browser ", "server browser_unhealthy ", true},
		{"no difference", `"promptLength":5000,"task":"classification","complexity":"complex","state":{"models":{"small-360m":{"status":"loaded"}}}`,
			"browser task_prefers_browser small-360m", "browser task_prefers_browser small-360m", false},
		{"a task that is none", `"promptLength":40,"task":"canary in a long sentence"`,
			"browser optimal_for_browser big-3b", "server request_too_complex small-360m", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			log.Reset()
			minutes.Add(1)
			a := s.post("/browser/route", routeBody(desktop, test.rest))
			p := hear(t, told)
			brief := func(d policy.Decision) string {
				var model string
				if d.Model != nil {
					model = d.Model.ID
				}
				return d.Target.String() + " " + string(d.Reason) + " " + model
			}
			if brief(p.actual) != test.actual || brief(p.shadow) != test.shadow {
				t.Errorf("told %q and %q, want %q and %q", brief(p.actual), brief(p.shadow), test.actual, test.shadow)
			}
			if got := a.header.Get("X-Edgewise-Reason"); got != string(p.actual.Reason) {
				t.Errorf("the page is told %s", got)
			}
			if logged := log.Len() > 0; logged != test.logs || strings.Contains(log.String(), "canary") {
				t.Errorf("log: %s", &log)
			}
			if !test.logs {
				return
			}
			type decision struct{ Target, Reason, Model, Revision string }
			var record struct {
				Level, Msg       string
				Decision, Shadow decision
				Request          map[string]any
			}
			if err := json.Unmarshal(log.Bytes(), &record); err != nil { // one record
				t.Fatalf("%v in %s", err, &log)
			}
			said := func(d decision) string { return d.Target + " " + d.Reason + " " + d.Model }
			if record.Level != "INFO" || said(record.Decision) != test.actual || said(record.Shadow) != test.shadow ||
				record.Decision.Revision != a.header.Get("X-Edgewise-Policy-Revision") || record.Shadow.Revision == record.Decision.Revision {
				t.Errorf("log: %s", &log)
			}
			if test.name == "another target and model" {
				want := map[string]any{"task": "chat", "complexity": "", "promptLength": 40., "promptTokens": 10., "maxTokens": 7.}
				if diff := cmp.Diff(want, record.Request); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
}

// It sees what the policies see, in process too, and is not asked whether
// something may be generated.
func TestShadowIsAskedForDecisions(t *testing.T) {
	var seen []string // as JSON: a policy must not keep its input
	spy := custom("test.spy", func(_ context.Context, in *policy.Input) (policy.Verdict, error) {
		data, err := json.Marshal(in)
		seen = append(seen, string(data))
		return policy.Verdict{}, err
	})
	change, told := shadowed(hybrid.Shadow{Policies: policy.Defaults(spy)})
	s := open(t, change, func(o *hybrid.Options) { o.Policies = policy.Defaults(spy) },
		facts(hybrid.Facts{Budget: spent, Prices: somePrices}))

	s.post("/generate", `{"prompt":"x"}`)
	s.post("/chat/completions", chatHello)
	seen = nil
	s.post("/browser/route", routeBody(desktop, `"promptLength":40,"features":{"codePoints":40},"state":{"models":{"big-3b":{"status":"cached"}}}`))
	p := hear(t, told) // the first that it was asked for
	if p.actual.Model.ID != "big-3b" || len(seen) != 2 {
		t.Fatalf("told %+v of %d", p, len(seen))
	}
	if diff := cmp.Diff(seen[0], seen[1]); diff != "" {
		t.Errorf("the shadow saw something else: %s", diff)
	}
	seen = nil
	in := newPopulation().inputs(1, 2)[0]
	if _, err := s.router.Route(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	hear(t, told)
	if diff := cmp.Diff(seen[0], seen[1]); diff != "" {
		t.Errorf("the shadow saw something else: %s", diff)
	}
	if _, err := s.router.Route(t.Context(), policy.Input{Request: &policy.Request{PromptLength: -1}}); err == nil || len(told) != 0 {
		t.Error("asked for no decision")
	}
}

// Whatever a shadow does, no byte and no status is another.
func TestShadowChangesNothing(t *testing.T) {
	answers := func(s *service) string {
		var all strings.Builder
		for _, body := range []string{
			routeBody(desktop, `"promptLength":40`), routeBody(desktop, `"promptLength":40,"privacy":"local-only"`),
			routeBody(`{"hasWebGPU":false,"hasWebGL2":false}`, `"promptLength":40`), routeBody(desktop, `"promptLength":4000`),
			`{}`, `{`,
		} {
			a := s.post("/browser/route", body)
			a.header.Del("Date")
			all.WriteString(http.StatusText(a.status))
			_ = a.header.Write(&all)
			all.Write(steady(a.body, "no grant", "no token"))
		}
		all.Write(steady(s.get("/browser/policy").body, "no grant", "no token"))
		return all.String()
	}
	want := answers(open(t))
	forbids := custom("test.forbids", func(context.Context, *policy.Input) (policy.Verdict, error) {
		return policy.Verdict{Forbid: policy.SetOf(policy.Browser, policy.Server), Reason: "test.no"}, nil
	})
	for name, s := range map[string]*hybrid.Shadow{
		"other policies":     {Policies: policy.Defaults(policy.Enabled{Disabled: true}, forbids), First: []string{"test.forbids"}},
		"a policy panics":    {Policies: policy.Defaults(custom("test.panics", panics))},
		"a policy blocks":    {Policies: policy.Defaults(custom("test.blocks", blocks))},
		"OnDecision panics":  {OnDecision: func(policy.Decision, policy.Decision) { panic("no metrics") }},
		"OnDecision changes": {OnDecision: func(a, b policy.Decision) { a.Target, b.Reason = policy.None, "changed" }},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(want, answers(open(t, func(o *hybrid.Options) { o.Shadow = s }))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A new listing is the shadow's too.
func TestShadowSeesNewModels(t *testing.T) {
	memory, err := registry.NewMemory(testModels()...)
	if err != nil {
		t.Fatal(err)
	}
	change, told := shadowed(hybrid.Shadow{})
	s := open(t, change, func(o *hybrid.Options) { o.Registry = memory })
	if err := memory.DeleteModel(t.Context(), "big-3b"); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() bool {
		s.post("/browser/route", routeBody(desktop, `"promptLength":5`))
		p := hear(t, told)
		if p.actual.Model != p.shadow.Model {
			t.Fatalf("%s and %s are not of one listing", p.actual.Model.ID, p.shadow.Model.ID)
		}
		return p.shadow.Model.ID == "small-360m"
	})
}

// What was decided from belongs to the caller, who may use it again at once.
func TestShadowKeepsNothingOfTheCaller(t *testing.T) {
	change, told := shadowed(hybrid.Shadow{})
	s := open(t, change)
	in := newPopulation().inputs(1, 2)[0]
	in.Subject = &policy.Subject{Budget: &policy.Balance{}}
	in.State.Models = map[string]registry.ModelState{}
	in.Trace = true
	for i := range 100 {
		d, err := s.router.Route(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		d.Trace[0].By = "the caller"
		in.Request.PromptLength++
		in.State.Models[modelID(i)] = registry.ModelState{}
		in.Device.Engines[0] = modelID(i)
		in.Subject.Budget.RemainingMicroUSD++
	}
	for range 100 {
		if p := hear(t, told); len(p.actual.Trace) == 0 || p.actual.Trace[0].By == "the caller" {
			t.Fatalf("told of %+v", p.actual.Trace)
		}
	}
}

// What a shadow leaves out is as it is without it, so that it can try one thing.
func TestShadowInherits(t *testing.T) {
	prefers := func(name string, target policy.Target) policy.Policy {
		return custom(name, func(context.Context, *policy.Input) (policy.Verdict, error) {
			return policy.Verdict{Prefer: target, Reason: policy.Reason(name)}, nil
		})
	}
	both := policy.Defaults(prefers("test.server", policy.Server), prefers("test.browser", policy.Browser))
	for _, test := range []struct {
		name   string
		shadow hybrid.Shadow
		reason policy.Reason
		model  string
	}{
		{"everything", hybrid.Shadow{}, "test.browser", "small-360m"},
		{"policies", hybrid.Shadow{First: []string{"test.server"}}, "test.server", "small-360m"},
		{"policies, with none first", hybrid.Shadow{First: []string{}}, "test.server", "small-360m"},
		{"first", hybrid.Shadow{Policies: policy.Defaults(prefers("test.browser", policy.Server))}, "test.browser", "small-360m"},
		{"all but limits", hybrid.Shadow{Limits: &registry.Limits{}}, "test.browser", "big-3b"},
		{"limits", hybrid.Shadow{Policies: policy.Defaults(), First: []string{}}, policy.OptimalForBrowser, "small-360m"},
	} {
		t.Run(test.name, func(t *testing.T) {
			change, told := shadowed(test.shadow)
			s := open(t, change, func(o *hybrid.Options) {
				o.Policies, o.First, o.Limits = both, []string{"test.browser"}, registry.Limits{MaxModelBytes: 1_000_000_000}
			})
			if _, err := s.router.Route(t.Context(), policy.Input{}); err != nil {
				t.Fatal(err)
			}
			if got := hear(t, told).shadow; got.Reason != test.reason || got.Model.ID != test.model {
				t.Errorf("%s, %s; want %s, %s", got.Reason, got.Model.ID, test.reason, test.model)
			}
		})
	}
}

// A difference that every request shows is logged once a minute, with how often it
// was not, and hides no other.
func TestShadowLogsEachKindOnceAMinute(t *testing.T) {
	var log bytes.Buffer
	var now atomic.Int64
	change, told := shadowed(hybrid.Shadow{Policies: policy.Defaults(policy.Enabled{Disabled: true})})
	s := open(t, change, func(o *hybrid.Options) {
		o.Logger = slog.New(slog.NewTextHandler(&log, nil))
		o.Now = func() time.Time { return noon.Add(time.Duration(now.Load())) }
	})
	ask := func(times int, r policy.Request) {
		for range times {
			if _, err := s.router.Route(t.Context(), policy.Input{Request: &r}); err != nil {
				t.Fatal(err)
			}
			hear(t, told)
		}
	}
	ask(50, policy.Request{})
	ask(3, policy.Request{PromptLength: 5000}) // another reason
	now.Store(int64(time.Minute) - 1)
	ask(1, policy.Request{})
	now.Store(int64(time.Minute))
	ask(2, policy.Request{})
	var omitted []string
	for line := range strings.Lines(log.String()) {
		if _, n, ok := strings.Cut(line, "omitted="); ok {
			omitted = append(omitted, strings.TrimSpace(n))
		}
	}
	if diff := cmp.Diff([]string{"0", "0", "50"}, omitted); diff != "" {
		t.Errorf("%s\n%s", diff, &log)
	}
}

func TestShadowRefusesWhatOptionsRefuse(t *testing.T) {
	for name, shadow := range map[string]hybrid.Shadow{
		"name":        {Policies: []policy.Policy{policy.PolicyFunc(panics)}},
		"acme.x":      {First: []string{"acme.x"}},
		"MaxFailures": {Limits: &registry.Limits{MaxFailures: -1}},
	} {
		_, err := hybrid.New(t.Context(), hybrid.Options{Authenticate: hybrid.AllowAnonymous, Shadow: &shadow})
		if err == nil || !strings.Contains(err.Error(), "Options.Shadow") || !strings.Contains(err.Error(), name) {
			t.Errorf("got %v, want an error that names Options.Shadow and %s", err, name)
		}
	}
}

// A trial without the app's own policy is the most natural one.
func TestShadowGoesWithoutTheRoutersFirst(t *testing.T) {
	own := policy.Named("acme.x", policy.PolicyFunc(func(context.Context, *policy.Input) (policy.Verdict, error) {
		return policy.Verdict{}, nil
	}))
	open(t, func(o *hybrid.Options) {
		o.Policies, o.First = policy.Defaults(own), []string{"acme.x"}
		o.Shadow = &hybrid.Shadow{Policies: policy.Defaults()}
	})
}
