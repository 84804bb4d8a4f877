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
	"github.com/edgewise-ai/edgewise/hybrid/ledger"
	"github.com/edgewise-ai/edgewise/policy"
	"github.com/edgewise-ai/edgewise/registry"
)

func TestNewRefuses(t *testing.T) {
	valid := func(change func(*hybrid.Options)) hybrid.Options {
		o := hybrid.Options{Authenticate: hybrid.AllowAnonymous}
		change(&o)
		return o
	}
	for name, test := range map[string]struct {
		opts hybrid.Options
		says string
	}{
		"no Authenticate":     {hybrid.Options{}, "AllowAnonymous"},
		"prefix without /":    {valid(func(o *hybrid.Options) { o.Prefix = "api" }), "Prefix"},
		"prefix with / last":  {valid(func(o *hybrid.Options) { o.Prefix = "/api/" }), "Prefix"},
		"prefix as pattern":   {valid(func(o *hybrid.Options) { o.Prefix = "/{x}" }), "Prefix"},
		"short key":           {valid(func(o *hybrid.Options) { o.SigningKeys = [][]byte{make([]byte, 16), make([]byte, 15)} }), "SigningKeys[1]"},
		"negative interval":   {valid(func(o *hybrid.Options) { o.RefreshInterval = -1 }), "RefreshInterval"},
		"short age":           {valid(func(o *hybrid.Options) { o.MaxAge = time.Millisecond }), "MaxAge"},
		"negative stale":      {valid(func(o *hybrid.Options) { o.StaleIfUnreachable = -time.Hour }), "StaleIfUnreachable"},
		"negative body":       {valid(func(o *hybrid.Options) { o.MaxBodyBytes = -1 }), "MaxBodyBytes"},
		"negative tokens":     {valid(func(o *hybrid.Options) { o.MaxOutputTokens = -1 }), "MaxOutputTokens"},
		"negative limit":      {valid(func(o *hybrid.Options) { o.Limits.MaxFailures = -1 }), "MaxFailures"},
		"nameless policy":     {valid(func(o *hybrid.Options) { o.Policies = []policy.Policy{policy.PolicyFunc(nil)} }), "name"},
		"unknown first":       {valid(func(o *hybrid.Options) { o.First = []string{"acme.x"} }), "acme.x"},
		"registry that fails": {valid(func(o *hybrid.Options) { o.Registry = &flaky{err: errors.New("no database")} }), "no database"},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := hybrid.New(t.Context(), test.opts)
			if err == nil {
				_ = r.Close(t.Context())
				t.Fatal("accepted")
			}
			if !strings.Contains(err.Error(), test.says) {
				t.Errorf("%q does not say %q", err, test.says)
			}
		})
	}
}

// The least there is: everything but Authenticate has a default.
func TestNewDefaults(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	r, err := hybrid.New(ctx, hybrid.Options{Authenticate: hybrid.AllowAnonymous})
	if err != nil {
		t.Fatal(err)
	}
	cancel() // a start-up deadline does not end the router
	pattern, h := r.Handler()
	if pattern != "/api/v1/" || h == nil {
		t.Errorf("pattern %q", pattern)
	}
	d, err := r.Route(t.Context(), policy.Input{})
	if err != nil || d.Target != policy.Browser || d.Model == nil {
		t.Errorf("%+v, %v", d, err)
	}
	for range 2 {
		if err := r.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if _, err := r.Route(t.Context(), policy.Input{}); err != nil {
		t.Errorf("after Close: %v", err)
	}
}

func TestPrefix(t *testing.T) {
	for prefix, path := range map[string]string{"/": "/browser/models", "/a/b": "/a/b/browser/models"} {
		r, err := hybrid.New(t.Context(), hybrid.Options{Authenticate: hybrid.AllowAnonymous, Prefix: prefix})
		if err != nil {
			t.Fatal(err)
		}
		mux := http.NewServeMux()
		mux.Handle(r.Handler())
		if w := record(mux, http.MethodGet, path, ""); w.Code != http.StatusOK {
			t.Errorf("%s: %d", path, w.Code)
		}
		if err := r.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

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

// stuck is a ledger that can't be flushed.
type stuck struct{ *ledger.Memory }

func (stuck) Flush(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }

func TestCloseFlushesTheLedger(t *testing.T) {
	r, err := hybrid.New(t.Context(), hybrid.Options{
		Authenticate: hybrid.AllowAnonymous, Ledger: stuck{ledger.NewMemory(ledger.MemoryOptions{})},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := r.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
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
