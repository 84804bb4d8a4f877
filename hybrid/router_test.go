package hybrid_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/edgewise-ai/edgewise/hybrid"
	"github.com/edgewise-ai/edgewise/hybrid/ledger"
	"github.com/edgewise-ai/edgewise/policy"
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
		"stale before old":    {valid(func(o *hybrid.Options) { o.MaxAge, o.StaleIfUnreachable = time.Hour, time.Minute }), "Options.MaxAge"},
		"negative body":       {valid(func(o *hybrid.Options) { o.MaxBodyBytes = -1 }), "MaxBodyBytes"},
		"negative tokens":     {valid(func(o *hybrid.Options) { o.Allowance.MaxOutputTokens = -1 }), "MaxOutputTokens"},
		"negative limit":      {valid(func(o *hybrid.Options) { o.Limits.MaxFailures = -1 }), "MaxFailures"},
		"nameless policy":     {valid(func(o *hybrid.Options) { o.Policies = []policy.Policy{policy.PolicyFunc(panics)} }), "name"},
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
