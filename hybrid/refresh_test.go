package hybrid_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edgewise-ai/edgewise/hybrid"
	"github.com/edgewise-ai/edgewise/policy"
	"github.com/edgewise-ai/edgewise/registry"
)

// flaky is a registry that fails, hangs or panics as told.
type flaky struct {
	mu    sync.Mutex
	list  registry.Listing
	err   error
	panic bool
	calls int
}

func (f *flaky) ListAll(context.Context) (registry.Listing, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls++
	if f.panic {
		panic("no registry")
	}
	return f.list, f.err
}

func (f *flaky) GetModel(context.Context, string) (registry.Model, error) {
	return registry.Model{}, registry.ErrNotFound
}

func (f *flaky) set(change func(*flaky)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(f)
}

func candidate(t *testing.T, r *hybrid.Router) string {
	t.Helper()
	d, err := r.Route(t.Context(), policy.Input{})
	if err != nil {
		t.Fatal(err)
	}
	if d.Model == nil {
		return ""
	}
	return d.Model.ID
}

func TestRefreshAtInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		models := testModels()
		reg := &flaky{list: registry.Listing{Revision: "1", Models: models[1:]}}
		var log bytes.Buffer
		r, err := hybrid.New(t.Context(), hybrid.Options{
			Authenticate: hybrid.AllowAnonymous, Registry: reg, Logger: slog.New(slog.NewTextHandler(&log, nil)),
		})
		if err != nil {
			t.Fatal(err)
		}
		next := func() string {
			time.Sleep(30 * time.Second)
			synctest.Wait()
			return candidate(t, r)
		}
		if got := next(); got != "small-360m" {
			t.Errorf("at first %q", got)
		}
		reg.set(func(f *flaky) { f.list = registry.Listing{Revision: "2", Models: models} })
		if got := next(); got != "big-3b" {
			t.Errorf("after a change %q", got)
		}
		reg.set(func(f *flaky) { f.err = errors.New("no database") })
		if got := next(); got != "big-3b" || !strings.Contains(log.String(), "no database") {
			t.Errorf("while failing %q, log %s", got, &log)
		}
		twice := []registry.Model{models[1], models[1]}
		reg.set(func(f *flaky) { f.err, f.list = nil, registry.Listing{Revision: "3", Models: twice} })
		if got := next(); got != "big-3b" {
			t.Errorf("with an invalid listing %q", got)
		}
		reg.set(func(f *flaky) { f.panic = true })
		if got := next(); got != "big-3b" {
			t.Errorf("with a registry that panics %q", got)
		}
		reg.set(func(f *flaky) { f.panic, f.list = false, registry.Listing{Revision: "4", Models: models[1:]} })
		if got := next(); got != "small-360m" {
			t.Errorf("after it recovered %q", got)
		}
		if err := r.Close(t.Context()); err != nil {
			t.Error(err)
		}
		calls := reg.calls
		time.Sleep(time.Hour)
		if reg.calls != calls {
			t.Error("listed after Close")
		}
	})
}

// The caller may use its slices again: every view is made of what New was given.
func TestOptionsAreCopied(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory, err := registry.NewMemory(testModels()...)
		if err != nil {
			t.Fatal(err)
		}
		prefers := custom("test.server", func(context.Context, *policy.Input) (policy.Verdict, error) {
			return policy.Verdict{Prefer: policy.Server, Reason: "test.server"}, nil
		})
		policies, first := policy.Defaults(prefers), []string{"test.server"}
		engines, shadowed := []string{registry.WebLLM}, []string{registry.WebLLM}
		var told policy.Decision
		r, err := hybrid.New(t.Context(), hybrid.Options{
			Authenticate: hybrid.AllowAnonymous, Registry: memory,
			Policies: policies, First: first, Limits: registry.Limits{DisabledEngines: engines},
			Shadow: &hybrid.Shadow{
				Limits:     &registry.Limits{DisabledEngines: shadowed},
				OnDecision: func(_, shadow policy.Decision) { told = shadow },
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		policies[0], first[0], engines[0], shadowed[0] = policy.Enabled{Disabled: true}, "test.unknown", "", ""
		added := testModels()[1]
		added.ID = "small-too"
		if err := memory.PutModel(t.Context(), added); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		d, err := r.Route(t.Context(), policy.Input{})
		if err != nil {
			t.Fatal(err)
		}
		if d.Target != policy.Server || d.Reason != "test.server" || d.Model.ID != "small-360m" || len(d.Alternates()) != 1 {
			t.Errorf("got %v because %s, model %s and %d more", d.Target, d.Reason, d.Model.ID, len(d.Alternates()))
		}
		synctest.Wait()
		if told.Target != policy.Server || told.Reason != "test.server" || told.Model.ID != "small-360m" {
			t.Errorf("the shadow says %v because %s, model %v", told.Target, told.Reason, told.Model.ID)
		}
		if err := r.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestRefreshOnSignal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory, err := registry.NewMemory(testModels()...)
		if err != nil {
			t.Fatal(err)
		}
		r, err := hybrid.New(t.Context(), hybrid.Options{Authenticate: hybrid.AllowAnonymous, Registry: memory})
		if err != nil {
			t.Fatal(err)
		}
		if got := candidate(t, r); got != "big-3b" {
			t.Errorf("at first %q", got)
		}
		if err := memory.DeleteModel(t.Context(), "big-3b"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait() // no time passes
		if got := candidate(t, r); got != "small-360m" {
			t.Errorf("after the signal %q", got)
		}
		if err := r.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// watched is a registry that signals, whatever it lists.
type watched struct {
	flaky
	signal chan struct{}
}

func (w *watched) Watch(context.Context) (<-chan struct{}, error) { return w.signal, nil }

// A change whose listing failed is not lost: there will be no second signal.
func TestRefreshRetriesAfterASignal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		models := testModels()
		reg := &watched{signal: make(chan struct{})}
		reg.list = registry.Listing{Revision: "1", Models: models[1:]}
		r, err := hybrid.New(t.Context(), hybrid.Options{Authenticate: hybrid.AllowAnonymous, Registry: reg})
		if err != nil {
			t.Fatal(err)
		}
		reg.set(func(f *flaky) {
			f.err, f.list = errors.New("no database"), registry.Listing{Revision: "2", Models: models}
		})
		reg.signal <- struct{}{}
		synctest.Wait()
		reg.set(func(f *flaky) { f.err = nil })
		if got := candidate(t, r); got != "small-360m" {
			t.Errorf("while failing %q", got)
		}
		time.Sleep(hybrid.DefaultRefreshInterval)
		synctest.Wait()
		if got := candidate(t, r); got != "big-3b" {
			t.Errorf("an interval later %q", got)
		}
		calls := reg.calls
		time.Sleep(time.Hour)
		if reg.calls != calls {
			t.Error("listed without a signal or a failure")
		}
		if err := r.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// A new listing changes revision and ETags.
func TestRefreshChangesRevision(t *testing.T) {
	memory, err := registry.NewMemory(testModels()...)
	if err != nil {
		t.Fatal(err)
	}
	s := open(t, func(o *hybrid.Options) { o.Registry = memory })
	models, snapshot := s.get("/browser/models"), s.get("/browser/policy")
	if err := memory.DeleteModel(t.Context(), "big-3b"); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() bool {
		m := s.get("/browser/models", "If-None-Match", models.header.Get("ETag"))
		p := s.get("/browser/policy", "If-None-Match", snapshot.header.Get("ETag"))
		return m.status == http.StatusOK && p.status == http.StatusOK &&
			p.header.Get("X-Edgewise-Policy-Revision") != snapshot.header.Get("X-Edgewise-Policy-Revision")
	})
}

// Decisions and refreshes race in one process all day.
func TestRefreshRaces(t *testing.T) {
	memory, err := registry.NewMemory(testModels()...)
	if err != nil {
		t.Fatal(err)
	}
	s := open(t, func(o *hybrid.Options) { o.Registry = memory })
	_, h := s.router.Handler()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 50 {
				if w := record(h, http.MethodPost, "/api/v1/browser/route", routeBody(desktop, `"promptLength":5`)); w.Code != http.StatusOK {
					t.Errorf("%d: %s", w.Code, w.Body)
				}
				record(h, http.MethodGet, "/api/v1/browser/policy", "")
			}
		})
	}
	for range 50 {
		m := testModels()[0]
		if err := memory.PutModel(t.Context(), m); err != nil {
			t.Error(err)
		}
		if err := memory.DeleteModel(t.Context(), m.ID); err != nil {
			t.Error(err)
		}
	}
	wg.Wait()
}
