package pool_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edgewise-ai/edgewise/backend"
	"github.com/edgewise-ai/edgewise/backend/pool"
)

// ids lists a pool's models.
func ids(t *testing.T, p *pool.Pool) []string {
	t.Helper()
	models, err := p.Models(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	all := []string{}
	for _, m := range models {
		all = append(all, m.ID)
	}
	return all
}

func TestModels(t *testing.T) {
	a, b, c, d := &upstream{}, &upstream{}, &upstream{}, &upstream{}
	a.lists("a1", "both", "", "a1")
	b.lists("both", "b1")
	d.lists("d1")
	p := newPool(t, pool.Options{
		Endpoints: []pool.Endpoint{
			{Name: "b", Backend: b, Priority: 2},
			{Name: "c", Backend: c, Priority: 1, Models: map[string]string{"small": "c-7b", "large": "c-70b", "b1": "c-b1"}},
			{Name: "a", Backend: a, Priority: 1},
			{Name: "d", Backend: d, Priority: 2},
		},
		DefaultModel: "both",
	})
	if p.DefaultModel() != "both" {
		t.Errorf("default is %q", p.DefaultModel())
	}
	want := []string{"both", "b1", "large", "small", "a1", "d1"}
	if diff := cmp.Diff(want, ids(t, p)); diff != "" {
		t.Error(diff)
	}
	// What fails counts with what it listed last, and new models are found.
	b.models = nil
	a.lists("a2")
	want = []string{"both", "b1", "large", "small", "a2", "d1"}
	if diff := cmp.Diff(want, ids(t, p)); diff != "" {
		t.Error(diff)
	}
	if c.models != nil {
		t.Error("c was told what to list")
	}
}

func TestModelsKeepsWhatIsKnownOfThem(t *testing.T) {
	a := &upstream{}
	a.models = func(context.Context) ([]backend.Model, error) {
		return []backend.Model{{ID: "x", OwnedBy: "us"}, {ID: "m", OwnedBy: "them", Created: 7}}, nil
	}
	p := newPool(t, pool.Options{Endpoints: team(a), DefaultModel: "m"})
	models, err := p.Models(t.Context())
	if diff := cmp.Diff([]backend.Model{{ID: "m", OwnedBy: "them", Created: 7}, {ID: "x", OwnedBy: "us"}}, models); diff != "" || err != nil {
		t.Error(diff, err)
	}
}

func TestModelsOfNobody(t *testing.T) {
	a, b := &upstream{}, &upstream{}
	b.models = func(context.Context) ([]backend.Model, error) {
		return nil, &backend.Error{Code: backend.CodeRateLimited, RetryAfter: time.Second}
	}
	p := newPool(t, pool.Options{Endpoints: team(a, b), DefaultModel: "m"})
	_, err := p.Models(t.Context())
	if e := backend.AsError(err, ""); e.Code != backend.CodeRateLimited || e.Endpoint != "b" || e.Attempts != 2 {
		t.Errorf("error is %+v", e)
	}
	b.models = func(context.Context) ([]backend.Model, error) { return nil, errors.New("connection refused") }
	if _, err = p.Models(t.Context()); !errors.Is(err, backend.CodeUnavailable) {
		t.Errorf("error is %v", err)
	}
	b.lists() // is something to know
	if diff := cmp.Diff([]string{"m"}, ids(t, p)); diff != "" {
		t.Error(diff)
	}
}

// TestModelsWaitsForNobodyInVain has an endpoint hang, and then has it known to be out of order.
func TestModelsWaitsForNobodyInVain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := &upstream{}, &upstream{}
		a.lists("a1")
		b.lists("b1")
		p := newPool(t, pool.Options{Endpoints: team(a, b), Failures: 1, ProbeTimeout: 3 * time.Second})
		ids(t, p)
		calls := 0
		b.models = func(ctx context.Context) ([]backend.Model, error) {
			calls++
			<-ctx.Done()
			return nil, ctx.Err()
		}
		began := time.Now()
		if diff := cmp.Diff([]string{"a1", "b1"}, ids(t, p)); diff != "" {
			t.Error(diff)
		}
		if took := time.Since(began); took != 3*time.Second {
			t.Errorf("took %s", took)
		}
		b.does(failsWith(dead))
		_, _ = ask(t, p, backend.Request{Model: "b1"})
		if diff := cmp.Diff([]string{"a1", "b1"}, ids(t, p)); diff != "" || calls != 1 {
			t.Errorf("%d calls; %s", calls, diff)
		}
	})
}

func TestModelsAsksWhoeverIsUnknown(t *testing.T) {
	a, b := &upstream{}, &upstream{}
	a.lists("a1")
	b.lists("b1")
	b.does(failsWith(backend.CodeUpstreamAuth))
	p := newPool(t, pool.Options{Endpoints: ranked(b, a)})
	_, _ = ask(t, p, hi)
	wantState(t, p, "a", pool.StateOpen)
	if diff := cmp.Diff([]string{"b1", "a1"}, ids(t, p)); diff != "" {
		t.Error(diff)
	}
}

// TestModelsLeavesTheDeadAlone has an endpoint that never listed anything, and hangs.
func TestModelsLeavesTheDeadAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dead := func(context.Context) error { return errors.New("connection refused") }
		well := func(context.Context) error { return nil }
		a, b := &upstream{}, &upstream{}
		a.lists("a1")
		b.models = func(ctx context.Context) ([]backend.Model, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		endpoints := []pool.Endpoint{{Name: "a", Backend: a, Probe: well}, {Name: "b", Backend: b, Probe: dead}}
		for i, want := range []time.Duration{0, 3 * time.Second} { // alone it is asked all the same
			p := newPool(t, pool.Options{Endpoints: endpoints[i:], ProbeInterval: probeEvery, ProbeTimeout: 3 * time.Second})
			time.Sleep(2 * probeEvery)
			wantState(t, p, "b", pool.StateUnhealthy)
			if i == 0 {
				_, _ = p.Models(t.Context()) // makes a's list known, and waits for b
			}
			began := time.Now()
			models, err := p.Models(t.Context())
			if took := time.Since(began); took != want || (err == nil) != (len(models) == 1) || (err == nil) != (i == 0) {
				t.Errorf("%v, %v after %s", models, err, took)
			}
			p.Close()
		}
	})
}

func TestModelsAllAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ups := []*upstream{{}, {}, {}}
		for _, u := range ups {
			u.models = func(context.Context) ([]backend.Model, error) {
				time.Sleep(time.Second)
				return []backend.Model{{ID: "m"}}, nil
			}
		}
		p := newPool(t, pool.Options{Endpoints: team(ups...)})
		began := time.Now()
		if diff := cmp.Diff([]string{"m"}, ids(t, p)); diff != "" || time.Since(began) != time.Second {
			t.Errorf("took %s; %s", time.Since(began), diff)
		}
	})
}

// TestModelsDecideWhoIsAsked looks at which endpoints a request goes to, when all fail.
func TestModelsDecideWhoIsAsked(t *testing.T) {
	a, b, c, d := &upstream{}, &upstream{}, &upstream{}, &upstream{}
	a.lists("x", "common")
	b.lists("y", "common")
	for _, u := range []*upstream{a, b, c, d} {
		u.does(failsWith(backend.CodeModelNotFound))
	}
	endpoints := ranked(a, b, c, d)
	endpoints[2].Models = map[string]string{"alias": "c-real", "common": "c-common"}
	unlisted := newPool(t, pool.Options{Endpoints: endpoints})
	listed := newPool(t, pool.Options{Endpoints: endpoints[:3], DefaultModel: "y"})
	_, _ = unlisted.Models(t.Context())
	_, _ = listed.Models(t.Context())
	for _, test := range []struct {
		pool  *pool.Pool
		model string
		want  []string // endpoint and model
	}{
		{listed, "x", []string{"a x"}},
		{listed, "y", []string{"b y"}},
		{listed, "common", []string{"a common", "b common", "c c-common"}},
		{listed, "alias", []string{"c c-real"}},
		{listed, "c-real", []string{"a c-real", "b c-real"}}, // no endpoint lists it, so those who may have it are asked
		{listed, "", []string{"b y"}},
		{unlisted, "x", []string{"a x", "d x"}}, // who lists nothing may have everything
		{unlisted, "z", []string{"d z"}},
		{unlisted, "", []string{"a ", "b ", "c ", "d "}},
	} {
		var got []string
		for i, u := range []*upstream{a, b, c, d} {
			u.asked = nil
			defer func() { u.asked = nil }()
			u.does(func(_ context.Context, req *backend.Request) (*backend.Response, error) {
				got = append(got, endpoints[i].Name+" "+req.Model)
				return nil, &backend.Error{Code: backend.CodeModelNotFound}
			})
		}
		req := backend.Request{Model: test.model}
		if _, err := ask(t, test.pool, req); !errors.Is(err, backend.CodeModelNotFound) || req.Model != test.model {
			t.Errorf("%q: error is %v", test.model, err)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%q: %s", test.model, diff)
		}
	}
}

func TestAliasesServeNothingElse(t *testing.T) {
	a, b := &upstream{}, &upstream{}
	endpoints := team(a, b)
	endpoints[0].Models = map[string]string{"small": "a-7b"}
	endpoints[1].Models = map[string]string{"small": "b-8b"}
	p := newPool(t, pool.Options{Endpoints: endpoints})
	for range 4 {
		if _, err := ask(t, p, backend.Request{Model: "small"}); err != nil {
			t.Error(err)
		}
	}
	if a.times() == 0 || b.times() == 0 || a.asked[0].Model != "a-7b" || b.asked[0].Model != "b-8b" {
		t.Errorf("asked %+v and %+v", a.asked, b.asked)
	}
	_, err := ask(t, p, backend.Request{Model: "a-7b"})
	if e := backend.AsError(err, ""); e == nil || e.Code != backend.CodeModelNotFound || e.Param != "model" || e.Attempts != 0 {
		t.Errorf("error is %+v", e)
	}
	endpoints[0].Models["late"] = "a-late" // the pool has its own copy
	if diff := cmp.Diff([]string{"small"}, ids(t, p)); diff != "" {
		t.Error(diff)
	}
}

func TestContinuesWhereThatIsPossible(t *testing.T) {
	a, b, c := &upstream{}, &upstream{native: true}, &upstream{native: true}
	endpoints := ranked(a, b, c)
	endpoints[1].Models = map[string]string{"m": "m"}
	endpoints[2].Models = map[string]string{"n": "n"}
	p := newPool(t, pool.Options{Endpoints: endpoints, Failures: 1})
	a.lists("m", "k")
	_, _ = p.Models(t.Context())
	for range 3 {
		if resp, err := ask(t, p, backend.Request{Model: "m", Continue: true}); err != nil || resp.Endpoint != "b" {
			t.Errorf("%+v, %v", resp, err)
		}
	}
	if !slices.ContainsFunc(b.asked, func(r backend.Request) bool { return r.Continue }) {
		t.Error("b wasn't asked to continue")
	}
	b.does(failsWith(dead))
	if _, err := ask(t, p, backend.Request{Model: "m", Continue: true}); !errors.Is(err, dead) || a.times() != 0 {
		t.Errorf("error is %v", err)
	}
	_, err := ask(t, p, backend.Request{Model: "k", Continue: true})
	if e := backend.AsError(err, ""); e == nil || e.Code != backend.CodeUnsupported || e.Param != "continue_final_message" || a.times() != 0 {
		t.Errorf("error is %+v", e)
	}
}
