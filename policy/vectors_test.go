package policy_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/edgewise-ai/edgewise/capability"
	"github.com/edgewise-ai/edgewise/policy"
	"github.com/edgewise-ai/edgewise/registry"
)

var update = flag.Bool("update", false, "write the golden vectors anew")

const vectorFile = "testdata/vectors.json"

// vectors are decisions that Go and TypeScript must both make. The file holds
// them; the TypeScript tests read the same one.
type vectors struct {
	Snapshots []policy.Snapshot `json:"snapshots"`
	Vectors   []vector          `json:"vectors"`
}

type vector struct {
	Name     string             `json:"name"`
	Snapshot int                `json:"snapshot"` // index into Snapshots
	Subject  policy.Subject     `json:"subject"`
	Device   *capability.Device `json:"device"`
	State    *policy.State      `json:"state"`
	Request  *policy.Request    `json:"request"`
	Want     outcome            `json:"want"`
}

// outcome is what both languages must agree on.
type outcome struct {
	Target     policy.Target `json:"target"`
	Reason     policy.Reason `json:"reason"`
	Model      string        `json:"model,omitempty"`
	Alternates []string      `json:"alternates,omitempty"`
	Fallback   policy.Target `json:"fallback,omitzero"`
	Preload    string        `json:"preload,omitempty"`
}

func outcomeOf(d policy.Decision) outcome {
	o := outcome{Target: d.Target, Reason: d.Reason, Model: idOf(d.Model), Fallback: d.Fallback, Preload: idOf(d.Preload)}
	for _, m := range d.Alternates() {
		o.Alternates = append(o.Alternates, m.ID)
	}
	return o
}

// TestVectors holds the Go decision against the golden file. It goes through
// JSON and [policy.Snapshot.Decider], as the page does.
func TestVectors(t *testing.T) {
	if *update {
		data, err := json.MarshalIndent(makeVectors(t), "", " ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(vectorFile, append(data, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(vectorFile)
	if err != nil {
		t.Fatal(err)
	}
	var golden vectors
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&golden); err != nil {
		t.Fatal(err)
	}
	var deciders []*policy.Decider
	for i := range golden.Snapshots {
		d, err := golden.Snapshots[i].Decider()
		if err != nil {
			t.Fatal(err)
		}
		deciders = append(deciders, d)
	}
	reasons := make(map[policy.Reason]bool)
	for _, v := range golden.Vectors {
		got := outcomeOf(deciders[v.Snapshot].Decide(t.Context(), policy.Input{
			Device: v.Device, State: v.State, Request: v.Request, Subject: &v.Subject,
		}))
		if fmt.Sprint(got) != fmt.Sprint(v.Want) {
			t.Errorf("%s: got %+v, want %+v", v.Name, got, v.Want)
		}
		reasons[v.Want.Reason] = true
	}
	for _, reason := range []policy.Reason{
		policy.OptimalForBrowser, policy.LocalOnly, policy.UserPrefersBrowser, policy.BrowserInferenceDisabled,
		policy.InsufficientDevice, policy.NoCompatibleModel, policy.ModelTooLarge, policy.ContextWindowExceeded,
		policy.FeatureUnsupported, policy.MeteredNetwork, policy.BrowserUnhealthy, policy.TooSlow,
		policy.UserDisabledBrowser, policy.ModelNotReady, policy.RequestTooComplex, policy.Offline,
		policy.LocalOnlyUnavailable,
	} {
		if !reasons[reason] {
			t.Errorf("no vector ends with %s", reason)
		}
	}
}

// makeVectors decides the named cases and a seeded crowd of random ones.
func makeVectors(t *testing.T) vectors {
	setups := []policy.Options{
		{},
		{Policies: policy.Defaults(policy.Readiness{Wait: true}, policy.Capability{AllowCPU: true, MinRAM: capability.GB})},
		{Policies: policy.Defaults(policy.Enabled{RolloutBasisPoints: 5_000}, policy.Complexity{MaxPromptLength: 40, MaxOutputTokens: 100})},
		{Limits: registry.Limits{
			AllowSoftwareGPU: true, MaxModelBytes: 2300e6, DisabledEngines: []string{registry.Wllama},
			MaxFailures: 2, MinTokensPerSecondMilli: 3_000,
		}},
		{Policies: policy.Defaults(policy.Enabled{Disabled: true})},
	}
	var all vectors
	var deciders []*policy.Decider
	for _, opts := range setups {
		d := newDecider(t, opts)
		deciders = append(deciders, d)
		all.Snapshots = append(all.Snapshots, d.Snapshot())
	}
	add := func(name string, snapshot int, in policy.Input) {
		if in.Device == nil {
			in.Device = desktop()
		}
		if in.State == nil {
			in.State = &policy.State{}
		}
		if in.Request == nil {
			in.Request = &policy.Request{PromptLength: 40}
		}
		if in.Subject == nil {
			in.Subject = &policy.Subject{}
		}
		all.Vectors = append(all.Vectors, vector{
			Name: name, Snapshot: snapshot, Subject: *in.Subject, Device: in.Device, State: in.State, Request: in.Request,
			Want: outcomeOf(deciders[snapshot].Decide(t.Context(), in)),
		})
	}
	for _, c := range namedCases() {
		add(c.name, c.snapshot, c.in)
	}
	r := rand.New(rand.NewPCG(5, 15))
	for i := range 400 {
		add(fmt.Sprintf("random %d", i), i%len(setups), randomInput(r))
	}
	return all
}

type namedCase struct {
	name     string
	snapshot int
	in       policy.Input
}

// namedCases walk the edges that random inputs may miss.
func namedCases() []namedCase {
	device := func(change func(*capability.Device)) *capability.Device {
		d := desktop()
		change(d)
		return d
	}
	state := func(status registry.Status, id string) *policy.State {
		return &policy.State{Models: map[string]registry.ModelState{id: {Status: status}}}
	}
	allAbsent := func() *policy.State {
		s := &policy.State{Models: make(map[string]registry.ModelState)}
		for _, m := range models() {
			s.Models[m.ID] = registry.ModelState{Status: registry.Absent}
		}
		return s
	}
	all := func(change func(*registry.ModelState)) *policy.State {
		s := allAbsent()
		for id, m := range s.Models {
			change(&m)
			s.Models[id] = m
		}
		return s
	}
	local := &policy.Request{PromptLength: 40, Privacy: policy.PrivacyLocalOnly}

	return []namedCase{
		{"capable desktop", 0, policy.Input{}},
		{"nothing known", 0, policy.Input{Device: &capability.Device{}}},
		{"high-end", 0, policy.Input{Device: device(func(d *capability.Device) { d.GPUTier = capability.GPUHigh })}},
		{"phone", 0, policy.Input{Device: device(func(d *capability.Device) { d.IsMobile, d.AvailableRAM = capability.Yes, 2048 })}},
		{"tablet with a strong GPU", 0, policy.Input{Device: device(func(d *capability.Device) { d.IsTablet, d.GPUTier = capability.Yes, capability.GPUHigh })}},
		{"no GPU", 0, policy.Input{Device: device(func(d *capability.Device) { d.WebGPU, d.WebGL2 = capability.No, capability.No })}},
		{"no GPU, CPU allowed", 1, policy.Input{Device: device(func(d *capability.Device) { d.WebGPU, d.WebGL2 = capability.No, capability.No })}},
		{"WebGL2 alone", 0, policy.Input{Device: device(func(d *capability.Device) { d.WebGPU = capability.No })}},
		{"software adapter", 0, policy.Input{Device: device(func(d *capability.Device) { d.GPU.Fallback = capability.Yes })}},
		{"software adapter allowed", 3, policy.Input{Device: device(func(d *capability.Device) { d.GPU.Fallback = capability.Yes })}},
		{"software adapter told by its name", 0, policy.Input{Device: device(func(d *capability.Device) { d.GPU.Fallback, d.GPU.Architecture = capability.Unknown, "swiftshader" })}},
		{"just under 2 GB", 0, policy.Input{Device: device(func(d *capability.Device) { d.AvailableRAM = 2047 })}},
		{"just 2 GB", 0, policy.Input{Device: device(func(d *capability.Device) { d.AvailableRAM = 2048 })}},
		{"no engine of ours", 0, policy.Input{Device: device(func(d *capability.Device) { d.Engines = []string{"other"} })}},
		{"WebLLM without WebGPU", 0, policy.Input{Device: device(func(d *capability.Device) { d.WebGPU, d.Engines = capability.No, []string{registry.WebLLM} })}},
		{"little storage", 0, policy.Input{Device: device(func(d *capability.Device) { d.StorageQuotaMB = 100 })}},
		{"little storage, but cached", 0, policy.Input{Device: device(func(d *capability.Device) { d.StorageQuotaMB = 100 }), State: state(registry.Cached, "phone-1b")}},
		{"context exceeded", 0, policy.Input{Request: &policy.Request{PromptTokens: 8_000, MaxTokens: 193, Complexity: policy.Simple}}},
		{"context just fits", 0, policy.Input{Request: &policy.Request{PromptTokens: 8_000, MaxTokens: 192, Complexity: policy.Simple}}},
		{"tools", 0, policy.Input{Request: &policy.Request{PromptLength: 40, Needs: registry.Features{Tools: true}}}},
		{"images", 0, policy.Input{Request: &policy.Request{PromptLength: 40, Needs: registry.Features{Images: true}}}},
		{"four completions", 0, policy.Input{Request: &policy.Request{PromptLength: 40, Needs: registry.Features{N: 4}}}},
		{"saves data", 0, policy.Input{State: &policy.State{Network: registry.Network{SaveData: true}}}},
		{"metered, one cached", 0, policy.Input{State: func() *policy.State {
			s := state(registry.Cached, "phone-350m")
			s.Network.Metered = true
			return s
		}()}},
		{"offline, nothing here", 0, policy.Input{State: &policy.State{Network: registry.Network{Offline: true}}}},
		{"offline, local-only, nothing here", 0, policy.Input{Request: local, State: &policy.State{Network: registry.Network{Offline: true}}}},
		{"offline, user disabled the browser", 0, policy.Input{State: &policy.State{Mode: policy.ModeNever, Network: registry.Network{Offline: true}}}},
		{"failed three times", 0, policy.Input{State: all(func(m *registry.ModelState) { m.Failures = 3 })}},
		{"failed twice", 0, policy.Input{State: all(func(m *registry.ModelState) { m.Failures, m.Status = 2, registry.Loaded })}},
		{"too slow", 3, policy.Input{State: all(func(m *registry.ModelState) { m.TokensPerSecondMilli = 2_999 })}},
		{"just fast enough", 3, policy.Input{State: all(func(m *registry.ModelState) { m.TokensPerSecondMilli, m.Status = 3_000, registry.Cached })}},
		{"absent", 0, policy.Input{State: allAbsent()}},
		{"absent, waits", 1, policy.Input{State: allAbsent()}},
		{"cached, loads in 5 s", 0, policy.Input{State: all(func(m *registry.ModelState) { m.Status, m.LoadMs = registry.Cached, 5_000 })}},
		{"cached, loads in longer", 0, policy.Input{State: all(func(m *registry.ModelState) { m.Status, m.LoadMs = registry.Cached, 5_001 })}},
		{"a loaded small one before a better absent one", 0, policy.Input{State: state(registry.Loaded, "phone-350m")}},
		{"task before size", 0, policy.Input{Request: &policy.Request{PromptLength: 40, Task: "classification"}}},
		{"prompt at the limit", 0, policy.Input{Request: &policy.Request{PromptLength: 2_000}}},
		{"prompt over the limit", 0, policy.Input{Request: &policy.Request{PromptLength: 2_001}}},
		{"output at the limit", 0, policy.Input{Request: &policy.Request{PromptLength: 40, MaxTokens: 500}}},
		{"output over the limit", 0, policy.Input{Request: &policy.Request{PromptLength: 40, MaxTokens: 501}}},
		{"declared simple", 0, policy.Input{Request: &policy.Request{PromptLength: 5_000, Complexity: policy.Simple}}},
		{"declared complex", 0, policy.Input{Request: &policy.Request{PromptLength: 40, Complexity: policy.Complex}}},
		{"local-only", 0, policy.Input{Request: local}},
		{"local-only and never", 0, policy.Input{Request: local, State: &policy.State{Mode: policy.ModeNever}}},
		{"local-only and complex", 0, policy.Input{Request: &policy.Request{PromptLength: 9_000, Privacy: policy.PrivacyLocalOnly}}},
		{"always", 0, policy.Input{State: &policy.State{Mode: policy.ModeAlways}, Request: &policy.Request{PromptLength: 5_000}}},
		{"never", 0, policy.Input{State: &policy.State{Mode: policy.ModeNever}}},
		{"inside the rollout", 2, policy.Input{Subject: &policy.Subject{RolloutBucket: 4_999}}},
		{"outside the rollout", 2, policy.Input{Subject: &policy.Subject{RolloutBucket: 5_000}}},
		{"switched off", 4, policy.Input{}},
		{"CJK counts a token a character", 0, policy.Input{Request: &policy.Request{
			PromptLength: 1_900, Complexity: policy.Simple, MaxTokens: 200,
			Features: &policy.TextFeatures{CodePoints: 1_900, CJK: 1_900},
		}}},
	}
}
