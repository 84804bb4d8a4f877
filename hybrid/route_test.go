package hybrid_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/edgewise-ai/edgewise/capability"
	"github.com/edgewise-ai/edgewise/hybrid"
	"github.com/edgewise-ai/edgewise/internal/race"
	"github.com/edgewise-ai/edgewise/policy"
	"github.com/edgewise-ai/edgewise/registry"
)

type routeAnswer struct {
	Target         string           `json:"target"`
	UseBrowser     bool             `json:"useBrowser"`
	Reason         string           `json:"reason"`
	ModelInfo      *registry.Model  `json:"modelInfo"`
	Alternates     []registry.Model `json:"alternates"`
	Fallback       string           `json:"fallback"`
	Preload        string           `json:"preload"`
	Continuation   string           `json:"continuation"`
	DecisionID     string           `json:"decisionId"`
	PolicyRevision string           `json:"policyRevision"`
	Trace          []policy.Step    `json:"trace"`
}

func TestRoute(t *testing.T) {
	s := open(t)
	for _, test := range []struct {
		name, capabilities, rest string
		target, reason           string
		model, fallback          string
	}{
		{"capable desktop", desktop, `"promptLength":40`, "browser", "optimal_for_browser", "big-3b", "server"},
		{"nothing known", `{}`, `"promptLength":40`, "browser", "optimal_for_browser", "big-3b", "server"},
		{"no GPU", `{"hasWebGPU":false,"hasWebGL2":false}`, `"promptLength":40`, "server", "insufficient_device_capabilities", "", ""},
		{"little memory", `{"hasWebGPU":true,"estimatedAvailableRAMGB":1.5}`, `"promptLength":40`, "server", "insufficient_device_capabilities", "", ""},
		{"phone", `{"hasWebGPU":true,"isMobile":true,"estimatedAvailableRAMGB":3}`, `"promptLength":40`, "browser", "optimal_for_browser", "small-360m", "server"},
		{"long prompt", desktop, `"promptLength":5000,"complexity":"auto"`, "server", "request_too_complex", "big-3b", "browser"},
		{"long answer", desktop, `"promptLength":50,"maxTokens":501`, "server", "request_too_complex", "big-3b", "browser"},
		{"declared simple", desktop, `"promptLength":5000,"complexity":"simple"`, "browser", "optimal_for_browser", "big-3b", "server"},
		{"declared complex", desktop, `"promptLength":5,"complexity":"complex"`, "server", "request_too_complex", "big-3b", "browser"},
		{"local only", desktop, `"promptLength":5,"privacy":"local-only"`, "browser", "local_only", "big-3b", ""},
		{"local only, no GPU", `{"hasWebGPU":false,"hasWebGL2":false}`, `"promptLength":5,"privacy":"local-only"`, "none", "local_only_unavailable", "", ""},
		{"user's switch", desktop, `"promptLength":5,"state":{"mode":"never"}`, "server", "user_disabled_browser", "", ""},
		{"absent model", desktop, `"promptLength":5,"state":{"models":{"big-3b":{"status":"absent"}}}`, "server", "model_not_ready", "big-3b", "browser"},
		{"task", desktop, `"promptLength":5,"task":"classification"`, "browser", "task_prefers_browser", "small-360m", "server"},
		{"tool loop", desktop, `"promptLength":5,"inToolLoop":"server"`, "server", "sticky", "big-3b", "browser"},
		{"tool loop, absent", desktop, `"promptLength":5,"inToolLoop":"","lastTarget":null`, "browser", "optimal_for_browser", "big-3b", "server"},
		{"last answer", desktop, `"promptLength":5,"lastTarget":"server"`, "browser", "optimal_for_browser", "big-3b", "server"},
		{"hard text", desktop, `"promptLength":900,"features":{"codePoints":900,"codeFences":2,"digits":90,"operators":45,"reasoningVerbs":3}`,
			"server", "request_too_complex", "big-3b", "browser"},
		{"low battery", desktop, `"promptLength":5,"state":{"battery":{"levelPermille":199,"charging":false}}`, "server", "low_battery", "big-3b", "browser"},
		{"slow device", desktop, `"promptLength":5,"state":{"models":{"big-3b":{"predictedTokensPerSecondMilli":8000}}}`,
			"server", "too_slow", "big-3b", "browser"},
		{"offline page", desktop, `"promptLength":5,"state":{"network":{"offline":true},"models":{"big-3b":{"status":"cached"}}}`,
			"browser", "offline", "big-3b", ""},
		{"context window", desktop, `"promptLength":99999,"complexity":"simple"`, "server", "context_window_exceeded", "", ""},
		{"no engine that can", desktop, `"promptLength":5,"engines":[]`, "server", "feature_unsupported", "", ""},
		{"another engine that can", desktop, `"promptLength":5,"engines":["acme/other"]`, "server", "feature_unsupported", "", ""},
		{"an engine that can", desktop, `"promptLength":5,"engines":["webllm"]`, "browser", "optimal_for_browser", "big-3b", "server"},
		{"engines unsaid", desktop, `"promptLength":5,"engines":null`, "browser", "optimal_for_browser", "big-3b", "server"},
		{"absurd claims", `{"hasWebGPU":true,"estimatedAvailableRAMGB":1e300,"deviceMemoryGB":-7,"storageQuotaMB":-1,"hardwareConcurrency":1e99,` +
			`"gpuTier":"galactic","browserName":"` + strings.Repeat("x", 9999) + `"}`, `"promptLength":5`, "browser", "optimal_for_browser", "big-3b", "server"},
		{"unknown fields", `{"hasWebGPU":true,"hasQuantumGPU":{"deep":[1]}}`, `"promptLength":5,"later":null`, "browser", "optimal_for_browser", "big-3b", "server"},
		{"duplicate fields", desktop, `"promptLength":5000,"promptLength":5`, "browser", "optimal_for_browser", "big-3b", "server"},
		{"lone surrogate", desktop, `"promptLength":5,"task":"\ud800"`, "browser", "optimal_for_browser", "big-3b", "server"},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := s.post("/browser/route", routeBody(test.capabilities, test.rest))
			if a.status != http.StatusOK {
				t.Fatalf("status %d: %s", a.status, a.body)
			}
			var got routeAnswer
			a.decode(t, &got)
			var model string
			if got.ModelInfo != nil {
				model = got.ModelInfo.ID
			}
			if got.Target != test.target || got.Reason != test.reason || model != test.model || got.Fallback != test.fallback {
				t.Errorf("got %s, %s, model %q, fallback %q; want %s, %s, %q, %q",
					got.Target, got.Reason, model, got.Fallback, test.target, test.reason, test.model, test.fallback)
			}
			if got.UseBrowser != (got.Target == "browser") {
				t.Error("useBrowser contradicts the target")
			}
			if got.DecisionID == "" || got.PolicyRevision == "" || got.Continuation != "none" {
				t.Errorf("incomplete: %s", a.body)
			}
			for name, want := range map[string]string{
				"X-Edgewise-Target": got.Target, "X-Edgewise-Reason": got.Reason,
				"X-Edgewise-Policy-Revision": got.PolicyRevision, "Cache-Control": "no-store",
			} {
				if a.header.Get(name) != want {
					t.Errorf("%s is %q, want %q", name, a.header.Get(name), want)
				}
			}
		})
	}
}

func TestRouteExplains(t *testing.T) {
	s := open(t)
	var plain, traced routeAnswer
	s.post("/browser/route", routeBody(desktop, `"promptLength":5`)).decode(t, &plain)
	s.post("/browser/route", routeBody(desktop, `"promptLength":5,"trace":true`)).decode(t, &traced)
	if plain.Trace != nil {
		t.Error("a trace that nobody asked for")
	}
	if n := len(traced.Trace); n == 0 || traced.Trace[n-1].Step != "outcome" {
		t.Errorf("trace: %+v", traced.Trace)
	}
	if plain.DecisionID == traced.DecisionID {
		t.Error("two decisions have one ID")
	}
	if plain.PolicyRevision != traced.PolicyRevision {
		t.Error("the revision changed by itself")
	}
}

// By option a conversation stays where its last answer was made.
func TestRouteKeepsConversations(t *testing.T) {
	s := open(t, func(o *hybrid.Options) { o.Policies = policy.Defaults(policy.Sticky{Conversations: true}) })
	for target, reason := range map[string]string{"browser": "sticky", "server": "sticky", "": "optimal_for_browser"} {
		var got routeAnswer
		s.post("/browser/route", routeBody(desktop, `"promptLength":5,"lastTarget":"`+target+`"`)).decode(t, &got)
		if got.Reason != reason || target != "" && got.Target != target {
			t.Errorf("after %q: %s, %s", target, got.Target, got.Reason)
		}
	}
}

// What a page says of its user changes nothing: tier and bucket are the
// identity's.
func TestRouteIgnoresClaimedIdentity(t *testing.T) {
	tierOnly := policy.Named("test.tier", policy.PolicyFunc(func(_ context.Context, in *policy.Input) (policy.Verdict, error) {
		if in.Subject.Tier == "free" && in.Identity.Tier == "free" {
			return policy.Verdict{Forbid: policy.SetOf(policy.Server), Reason: "test.free"}, nil
		}
		return policy.Verdict{}, nil
	}))
	s := open(t, func(o *hybrid.Options) { o.Policies = policy.Defaults(tierOnly) })
	s.token = "bob/free"
	var got routeAnswer
	s.post("/browser/route", routeBody(desktop, `"promptLength":5,"tier":"pro","identity":{"tier":"pro"},"subject":{"tier":"pro"}`)).decode(t, &got)
	if got.Reason != "test.free" || got.Fallback != "" {
		t.Errorf("got %+v", got)
	}
}

// What a page claims arrives within bounds, and what makes no sense as unknown.
func TestRouteClampsClaims(t *testing.T) {
	var device capability.Device
	var state policy.State
	spy := policy.Named("test.spy", policy.PolicyFunc(func(_ context.Context, in *policy.Input) (policy.Verdict, error) {
		device, state = *in.Device, *in.State
		return policy.Verdict{}, nil
	}))
	s := open(t, func(o *hybrid.Options) { o.Policies = policy.Defaults(spy) })
	long := `"` + strings.Repeat("x", 999) + `"`
	engines := long + strings.Repeat(`,"e"`, 999)
	device1 := `{"browserName":` + long + `,"browserVersion":` + long + `,"connectionType":` + long + `,"deviceMemoryGB":-4,"storageQuotaMB":-1,` +
		`"hardwareConcurrency":-8,"estimatedAvailableRAMGB":1e9,"gpuTier":"galactic","engines":[` + engines + `],` +
		`"gpu":{"vendor":` + long + `,"architecture":` + long + `,"description":` + long + `,"features":[` + engines + `],"limits":{"maxBufferSize":-1}}}`
	if a := s.post("/browser/route", routeBody(device1, `"promptLength":5,"state":{"models":{"big-3b":{"status":"eaten","failures":-3}},`+
		`"battery":{"levelPermille":99999},"mode":"sometimes"}`)); a.status != http.StatusOK {
		t.Fatalf("%d: %s", a.status, a.body)
	}
	if len(device.Engines) != capability.MaxEngines || len(device.GPU.Features) != capability.MaxFeatures {
		t.Fatalf("%d engines, %d features", len(device.Engines), len(device.GPU.Features))
	}
	for name, label := range map[string]string{
		"browserName": device.BrowserName, "browserVersion": device.BrowserVersion, "connectionType": device.ConnectionType,
		"vendor": device.GPU.Vendor, "architecture": device.GPU.Architecture, "description": device.GPU.Description,
		"an engine": device.Engines[0], "a feature": device.GPU.Features[0],
	} {
		if len(label) != capability.MaxLabelLength {
			t.Errorf("%s has %d bytes", name, len(label))
		}
	}
	if device.Memory != 0 || device.StorageQuotaMB != 0 || device.Cores != 0 || device.GPU.Limits.MaxBufferSize != 0 ||
		device.AvailableRAM != capability.MaxMemory || device.GPUTier != capability.GPUUnknown {
		t.Errorf("got %+v", device)
	}
	if m := state.Models["big-3b"]; m.Status != "" || m.Failures != 0 || state.Battery.LevelPermille != 1000 || state.Mode != "" {
		t.Errorf("got %+v", state)
	}

	var models []string
	for n := range policy.MaxStateModels + 1 {
		models = append(models, fmt.Sprintf(`"m%d":{"status":"cached"}`, n))
	}
	for _, test := range []struct{ sent, want int }{{len(models) - 1, len(models) - 1}, {len(models), 0}} {
		s.post("/browser/route", routeBody(`{}`, `"promptLength":5,"state":{"models":{`+strings.Join(models[:test.sent], ",")+`}}`))
		if len(state.Models) != test.want {
			t.Errorf("of %d model states %d arrived, want %d", test.sent, len(state.Models), test.want)
		}
	}
}

// Where a model's figures were read is for people who look at the list.
func TestOriginIsListedOnly(t *testing.T) {
	s := open(t)
	for path, a := range map[string]answer{
		"/browser/models": s.get("/browser/models"), "/browser/policy": s.get("/browser/policy"),
		"/browser/route": s.post("/browser/route", routeBody(desktop, `"promptLength":5`)),
	} {
		if !strings.Contains(string(a.body), "big-3b") {
			t.Fatalf("%s: %s", path, a.body)
		}
		if has := strings.Contains(string(a.body), `"origin"`); has != (path == "/browser/models") {
			t.Errorf("%s has an origin: %v", path, has)
		}
	}
}

// The in-process call and the endpoint agree.
func TestRouteInProcess(t *testing.T) {
	s := open(t)
	in := policy.Input{
		Identity: policy.Identity{Subject: "alice", Tier: "pro"},
		Request:  &policy.Request{PromptLength: 5000},
	}
	d, err := s.router.Route(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	if d.Target != policy.Server || d.Reason != policy.RequestTooComplex || d.Model.ID != "big-3b" {
		t.Errorf("got %+v", d)
	}
	if in.Subject != nil {
		t.Error("the caller's input was changed")
	}
	in.Request = &policy.Request{PromptLength: -1}
	if _, err := s.router.Route(t.Context(), in); err == nil || !strings.Contains(err.Error(), "promptLength") {
		t.Errorf("got %v, want an error that names promptLength", err)
	}
}

func TestRouteAllocatesNothing(t *testing.T) {
	for name, change := range map[string]func(*hybrid.Options){
		"without facts": func(*hybrid.Options) {},
		"with facts":    facts(hybrid.Facts{Budget: spent, Prices: somePrices}),
	} {
		t.Run(name, func(t *testing.T) {
			p := newPopulation()
			s := open(t, holding(t, p.models(50)), change)
			ctx := t.Context()
			for i, in := range p.inputs(100, 50) {
				if n := testing.AllocsPerRun(20, func() { _, _ = s.router.Route(ctx, in) }); n != 0 && !race.Enabled {
					t.Errorf("input %d: %v allocations", i, n)
				}
			}
		})
	}
}
