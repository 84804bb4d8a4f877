package registry_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgewise-ai/edgewise/capability"
	"github.com/edgewise-ai/edgewise/registry"
)

func ranked(id, parameters string, megabytes int64, capabilities ...string) registry.Model {
	m := validModel(id)
	m.Parameters, m.SizeBytes, m.Capabilities = parameters, megabytes<<20, capabilities
	return m
}

// ids lists a selection, best first.
func ids(s registry.Selection) []string {
	if s.Model == nil {
		return nil
	}
	all := []string{s.Model.ID}
	for _, m := range s.Alternates() {
		all = append(all, m.ID)
	}
	return all
}

func TestNewIndexRefuses(t *testing.T) {
	invalid := validModel("b")
	invalid.SizeBytes = -1
	for name, test := range map[string]struct {
		models []registry.Model
		field  string
	}{
		"an invalid model":  {[]registry.Model{validModel("a"), invalid}, "sizeBytes"},
		"an ID used twice":  {[]registry.Model{validModel("b"), validModel("a"), validModel("b")}, "id"},
		"twice, not beside": {[]registry.Model{ranked("b", "7B", 1), ranked("a", "3B", 1), ranked("b", "1B", 1)}, "id"},
	} {
		_, err := registry.NewIndex(registry.Listing{Models: test.models})
		var fieldErr *registry.FieldError
		if !errors.As(err, &fieldErr) || fieldErr.Model != "b" || fieldErr.Field != test.field {
			t.Errorf("%s: got %v, want a FieldError about %s of b", name, err, test.field)
		}
	}
}

func TestIndexIsImmutable(t *testing.T) {
	models := []registry.Model{ranked("a", "1B", 1, "chat")}
	index := newIndex(t, models...)
	models[0].ID, models[0].Disabled, models[0].Capabilities[0] = "b", true, "code"
	got := index.Select(registry.Query{Task: "chat"})
	if got.Model == nil || got.Model.ID != "a" || got.Model.Capabilities[0] != "chat" {
		t.Errorf("a change of the listing shows in the index: %+v", got.Model)
	}
}

func TestIndexLooksUp(t *testing.T) {
	index := newIndex(t, ranked("small", "350M", 1), ranked("large", "1.1B", 9), ranked("unknown", "", 1), ranked("lean", "1.1B", 8))
	if got := index.Revision(); got != "test" {
		t.Errorf("revision %q", got)
	}
	var order []string
	for _, m := range index.Models() {
		order = append(order, m.ID)
	}
	if want := []string{"lean", "large", "small", "unknown"}; !slices.Equal(order, want) {
		t.Errorf("order %v, want %v", order, want)
	}
	if m := index.Model("large"); m == nil || m.ID != "large" {
		t.Errorf("Model(large) = %v", m)
	}
	if m := index.Model("nobody"); m != nil {
		t.Errorf("Model(nobody) = %v", m)
	}
}

func TestSelectFromNothing(t *testing.T) {
	got := newIndex(t).Select(registry.Query{})
	if got.Model != nil || got.Emptied != registry.FilterNone || len(got.Alternates()) != 0 || got.State != (registry.ModelState{}) {
		t.Errorf("an empty registry gives %+v", got)
	}
}

func TestRanking(t *testing.T) {
	models := []registry.Model{
		ranked("7b", "7B", 4000, "chat"),
		ranked("3b", "3B", 1900, "chat"),
		ranked("3b-lean", "3B", 1800, "chat"),
		ranked("3b-same", "3B", 1900, "chat"),
		ranked("coder", "1.5B", 900, "code", "chat", "code"),
		ranked("1b", "1.1B", 600, "chat"),
		ranked("mini", "350M", 200, "classification"),
	}
	state := func(pairs ...string) map[string]registry.ModelState {
		states := make(map[string]registry.ModelState)
		for i := 0; i < len(pairs); i += 2 {
			states[pairs[i]] = registry.ModelState{Status: registry.Status(pairs[i+1])}
		}
		return states
	}
	for _, test := range []struct {
		name  string
		query registry.Query
		want  []string
	}{
		{"parameters, then smaller, then ID", registry.Query{}, []string{"7b", "3b-lean", "3b", "3b-same"}},
		{"task first", registry.Query{Task: "code"}, []string{"coder", "7b", "3b-lean", "3b"}},
		{"task of a small model", registry.Query{Task: "classification"}, []string{"mini", "7b", "3b-lean", "3b"}},
		{"task of nobody", registry.Query{Task: "poetry"}, []string{"7b", "3b-lean", "3b", "3b-same"}},
		{"loaded before task", registry.Query{Task: "code", States: state("1b", "loaded")}, []string{"1b", "coder", "7b", "3b-lean"}},
		{"cached before task", registry.Query{Task: "code", States: state("1b", "cached")}, []string{"1b", "coder", "7b", "3b-lean"}},
		{"loaded before cached", registry.Query{States: state("7b", "cached", "mini", "loaded")}, []string{"mini", "7b", "3b-lean", "3b"}},
		{"task among the loaded", registry.Query{Task: "code", States: state("7b", "loaded", "coder", "loaded")}, []string{"coder", "7b", "3b-lean", "3b"}},
		{"absent is as unknown", registry.Query{States: state("7b", "absent")}, []string{"7b", "3b-lean", "3b", "3b-same"}},
		{"a word that is no status is as unknown", registry.Query{States: state("mini", "resident")}, []string{"7b", "3b-lean", "3b", "3b-same"}},
		{"more on the device than ride along", registry.Query{
			States: state("mini", "loaded", "1b", "cached", "3b", "cached", "coder", "cached", "3b-same", "cached"),
		}, []string{"mini", "3b", "3b-same", "coder"}},
		{"states of models that are gone", registry.Query{States: state("gone", "loaded")}, []string{"7b", "3b-lean", "3b", "3b-same"}},
		{"only one is left", registry.Query{
			Network: registry.Network{Offline: true}, States: state("1b", "cached"),
		}, []string{"1b"}},
		{"filters before ranking", registry.Query{Limits: &registry.Limits{MaxModelBytes: 700 << 20}}, []string{"1b", "mini"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			// Twice over: states are a map, whose order must not show.
			for range 20 {
				shuffled := slices.Clone(models)
				rand.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
				got := newIndex(t, shuffled...).Select(test.query)
				if diff := cmp.Diff(test.want, ids(got)); diff != "" {
					t.Fatalf("-want +got:\n%s", diff)
				}
				if want := test.query.States[got.Model.ID]; got.State != want {
					t.Fatalf("state %+v, want %+v", got.State, want)
				}
			}
		})
	}
}

// The six places of a model, best first, and what counts as its speed.
func TestRankingBySpeed(t *testing.T) {
	const slow, fast = registry.DefaultFastTokensPerSecondMilli - 1, registry.DefaultFastTokensPerSecondMilli
	measured := func(status registry.Status, speed capability.Count) registry.ModelState {
		return registry.ModelState{Status: status, TokensPerSecondMilli: speed}
	}
	predicted := func(status registry.Status, speed capability.Count) registry.ModelState {
		return registry.ModelState{Status: status, PredictedTokensPerSecondMilli: speed}
	}
	loaded, cached, absent := registry.Loaded, registry.Cached, registry.Absent
	for _, test := range []struct {
		name   string
		better registry.ModelState // of the smaller model
		worse  registry.ModelState
		limit  int64
	}{
		{"loaded before cached", measured(loaded, fast), measured(cached, fast), 0},
		{"a fast cached one before a slow loaded one", measured(cached, fast), measured(loaded, slow), 0},
		{"loaded before cached among the slow", measured(loaded, slow), measured(cached, slow), 0},
		{"a slow cached one before a download", measured(cached, slow), registry.ModelState{}, 0},
		{"a slow cached one before a fast download", measured(cached, slow), predicted(absent, fast), 0},
		{"an unknown download before a slow one", registry.ModelState{}, predicted(absent, slow), 0},
		{"a download that was slow counts as slow", registry.ModelState{}, measured(absent, slow), 0},
		{"prediction counts on the device", predicted(cached, fast), predicted(loaded, slow), 0},
		{"an unknown speed is fast enough", measured(cached, 0), measured(loaded, slow), 0},
		{"measurement before prediction", registry.ModelState{Status: cached, TokensPerSecondMilli: fast, PredictedTokensPerSecondMilli: 1},
			registry.ModelState{Status: loaded, TokensPerSecondMilli: slow, PredictedTokensPerSecondMilli: fast}, 0},
		{"a limit of the operator's", measured(cached, 20_000), measured(loaded, 19_999), 20_000},
	} {
		t.Run(test.name, func(t *testing.T) {
			index := newIndex(t, ranked("small", "350M", 200), ranked("large", "7B", 4000))
			got := index.Select(registry.Query{
				Limits: &registry.Limits{FastTokensPerSecondMilli: test.limit},
				States: map[string]registry.ModelState{"small": test.better, "large": test.worse},
			})
			if want := []string{"small", "large"}; !slices.Equal(ids(got), want) {
				t.Errorf("got %v, want %v", ids(got), want)
			}
		})
	}
	t.Run("a limit of 1 turns it off", func(t *testing.T) {
		index := newIndex(t, ranked("small", "350M", 200), ranked("large", "7B", 4000))
		got := index.Select(registry.Query{
			Limits: &registry.Limits{FastTokensPerSecondMilli: 1},
			States: map[string]registry.ModelState{"small": measured(absent, fast), "large": measured(absent, 1)},
		})
		if got.Model.ID != "large" {
			t.Errorf("got %v, want the larger one first", ids(got))
		}
	})
}

// The set empties at the filter that the longest-lived model reached.
func TestEmptiedIsTheLastFilter(t *testing.T) {
	disabled, tooLarge, short := validModel("disabled"), validModel("large"), validModel("short")
	disabled.Disabled = true
	tooLarge.SizeBytes = 4 << 30
	short.ContextWindow = 100
	query := registry.Query{Tokens: 1000, Limits: &registry.Limits{MaxModelBytes: 1 << 30}}
	for _, test := range []struct {
		models []registry.Model
		want   registry.Filter
	}{
		{[]registry.Model{disabled}, registry.FilterEnabled},
		{[]registry.Model{disabled, tooLarge}, registry.FilterSize},
		{[]registry.Model{short, disabled, tooLarge}, registry.FilterContext},
	} {
		if got := newIndex(t, test.models...).Select(query).Emptied; got != test.want {
			t.Errorf("%d models: emptied by %q, want %q", len(test.models), got, test.want)
		}
	}
	if got := newIndex(t, disabled, validModel("fine")).Select(registry.Query{}).Emptied; got != registry.FilterNone {
		t.Errorf("one is left, yet %q emptied the set", got)
	}
}

// A query may need more steps than fit on the stack.
func TestSelectAmongManyEngines(t *testing.T) {
	var models []registry.Model
	for i := range 100 {
		m := ranked(fmt.Sprintf("m%02d", i), "1B", 1)
		m.Framework, m.Requires.GPU = fmt.Sprintf("acme/engine-%d", i), registry.NeedsNoGPU
		models = append(models, m)
	}
	index := newIndex(t, models...)
	device := capability.Device{Engines: []string{"acme/engine-70", "acme/engine-7", "acme/engine-x"}}
	query := registry.Query{Device: &device, Limits: &registry.Limits{DisabledEngines: []string{"acme/engine-7"}}}
	if got := ids(index.Select(query)); !slices.Equal(got, []string{"m70"}) {
		t.Errorf("got %v", got)
	}
	query.Engines = []string{"acme/engine-7"}
	if got := index.Select(query); got.Emptied != registry.FilterFeatures {
		t.Errorf("emptied by %q", got.Emptied)
	}
	query.Limits.DisabledEngines = device.Engines
	if got := index.Select(query); got.Emptied != registry.FilterEngine {
		t.Errorf("emptied by %q", got.Emptied)
	}
}

func TestSelectDoesNotChangeItsQuery(t *testing.T) {
	limits := registry.Limits{MaxModelBytes: 1 << 40}
	query := registry.Query{Limits: &limits}
	index := newIndex(t, validModel("a"))
	index.Select(query)
	index.Remaining(query)
	if want := (registry.Limits{MaxModelBytes: 1 << 40}); fmt.Sprint(limits) != fmt.Sprint(want) {
		t.Errorf("limits became %+v", limits)
	}
}
