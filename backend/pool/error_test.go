package pool_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/edgewise-ai/edgewise/backend"
	"github.com/edgewise-ai/edgewise/backend/pool"
)

func TestTellsWhatLeavesMostHope(t *testing.T) {
	rate := func(wait time.Duration) backend.Error {
		return backend.Error{Code: backend.CodeRateLimited, RetryAfter: wait}
	}
	code := func(c backend.Code) backend.Error { return backend.Error{Code: c} }
	for _, test := range []struct {
		name   string
		errors []backend.Error
		want   string // the endpoint whose error it is
	}{
		{"a limit before an outage", []backend.Error{rate(9 * time.Second), code(backend.CodeUnavailable)}, "a"},
		{"the shorter limit", []backend.Error{rate(9 * time.Second), rate(2 * time.Second), rate(5 * time.Second)}, "b"},
		{"a limit that ends at a known time", []backend.Error{rate(9 * time.Second), rate(0)}, "a"},
		{"the last of what may pass", []backend.Error{code(backend.CodeUnavailable), code(backend.CodeTimeout), code(backend.CodeTruncated), code(backend.CodeBadResponse)}, "d"},
		{"unless one knows when", []backend.Error{{Code: backend.CodeUnavailable, RetryAfter: time.Second}, code(backend.CodeTimeout)}, "a"},
		{"an outage before a bill", []backend.Error{code(backend.CodeInternal), code(backend.CodeQuotaExceeded), code(backend.CodeUpstreamAuth)}, "a"},
		{"an outage before an absence", []backend.Error{code(backend.CodeUnavailable), code(backend.CodeModelNotFound)}, "a"},
		{"a bill before an inability", []backend.Error{code(backend.CodeUnsupported), code(backend.CodeQuotaExceeded), code(backend.CodeModelNotFound)}, "b"},
		{"the last of what can't be", []backend.Error{code(backend.CodeUnsupported), code(backend.CodeModelNotFound)}, "b"},
	} {
		t.Run(test.name, func(t *testing.T) {
			ups := make([]*upstream, len(test.errors))
			for i, e := range test.errors {
				ups[i] = &upstream{}
				ups[i].does(fails(&e))
			}
			p := newPool(t, pool.Options{Endpoints: ranked(ups...)})
			_, err := ask(t, p, hi)
			e := backend.AsError(err, "")
			if e.Endpoint != test.want || e.Attempts != len(ups) {
				t.Errorf("error is %+v, want that of %s", e, test.want)
			}
		})
	}
}

// TestErrorIsACopy also holds what pages and operators are told.
func TestErrorIsACopy(t *testing.T) {
	cause := errors.New("dial 10.0.0.7: connection refused")
	first := &backend.Error{Code: backend.CodeUnavailable, Err: cause, Attempts: 3}
	second := &backend.Error{
		Code: backend.CodeRateLimited, Status: 429, Message: "slow down", RetryAfter: 4 * time.Second,
		Header: http.Header{"Retry-After": {"4"}}, Body: []byte(`{"message":"slow down"}`), Err: errors.New("second cause"), Attempts: 2,
	}
	before := *second
	a, b := &upstream{}, &upstream{}
	a.does(fails(first))
	b.does(fails(second))
	p := newPool(t, pool.Options{Endpoints: ranked(a, b)})
	_, err := ask(t, p, hi)
	var e *backend.Error
	if !errors.As(err, &e) || e == second {
		t.Fatalf("error is %v", err)
	}
	if diff := cmp.Diff(before, *second, cmpopts.EquateErrors()); diff != "" {
		t.Errorf("the endpoint's own error was changed: %s", diff)
	}
	want := before
	want.Endpoint, want.Attempts = "b", 5
	if diff := cmp.Diff(want, *e, cmpopts.IgnoreFields(backend.Error{}, "Err")); diff != "" {
		t.Error(diff)
	}
	if !errors.Is(e, second.Err) || errors.Is(e, backend.CodeUnavailable) || errors.Is(e, cause) {
		t.Errorf("it is what it isn't: %v", e)
	}
	for _, words := range []string{"second cause", "endpoint a", "upstream_unavailable", "10.0.0.7"} {
		if !strings.Contains(e.Error(), words) {
			t.Errorf("the operator isn't told %q: %v", words, e)
		}
	}
	if page, _ := e.MarshalJSON(); string(page) != `{"message":"slow down"}` {
		t.Errorf("pages are told %s", page)
	}
}

func TestNobodyToAsk(t *testing.T) {
	limit := func(code backend.Code, wait time.Duration) backend.Error {
		return backend.Error{Code: code, RetryAfter: wait}
	}
	dead := backend.Error{Code: backend.CodeUpstreamAuth} // for a pause of 8 s, less up to a quarter
	for _, test := range []struct {
		name     string
		errors   []backend.Error
		want     backend.Code
		min, max time.Duration
	}{
		{"all limited", []backend.Error{limit(backend.CodeRateLimited, 9*time.Second), limit(backend.CodeRateLimited, 3*time.Second)}, backend.CodeRateLimited, 3 * time.Second, 3 * time.Second},
		{"all out of quota", []backend.Error{limit(backend.CodeQuotaExceeded, 0), limit(backend.CodeQuotaExceeded, 0)}, backend.CodeQuotaExceeded, 20 * time.Second, 20 * time.Second},
		{"limited or out of quota", []backend.Error{limit(backend.CodeRateLimited, 9*time.Second), limit(backend.CodeQuotaExceeded, 0)}, backend.CodeRateLimited, 9 * time.Second, 9 * time.Second},
		{"one limited", []backend.Error{limit(backend.CodeRateLimited, 3*time.Second), dead}, backend.CodeUnavailable, 3 * time.Second, 3 * time.Second},
		{"the other limited", []backend.Error{dead, limit(backend.CodeRateLimited, 3*time.Second)}, backend.CodeUnavailable, 3 * time.Second, 3 * time.Second},
		{"one limited for longer", []backend.Error{limit(backend.CodeRateLimited, 19*time.Second), dead}, backend.CodeUnavailable, 6 * time.Second, 8 * time.Second},
		{"all failing", []backend.Error{dead, dead}, backend.CodeUnavailable, 6 * time.Second, 8 * time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			clock := newFakeClock()
			ups := []*upstream{{}, {}}
			for i, e := range test.errors {
				ups[i].does(fails(&e))
			}
			p := newPool(t, pool.Options{Endpoints: ranked(ups...), MinPause: 8 * time.Second, MaxPause: 20 * time.Second, Now: clock.Now})
			_, _ = ask(t, p, hi)
			for passed := time.Duration(0); passed < test.min; passed += time.Second {
				_, err := ask(t, p, hi)
				e := backend.AsError(err, "")
				if e == nil || e.Code != test.want || e.RetryAfter < test.min-passed || e.RetryAfter > test.max-passed || e.Endpoint != "" {
					t.Fatalf("after %s: %+v", passed, e)
				}
				if text := e.Error(); !strings.Contains(text, "a is ") || !strings.Contains(text, "b is ") {
					t.Errorf("the operator isn't told why: %s", text)
				}
				clock.advance(time.Second)
			}
			if ups[0].times() != 1 || ups[1].times() != 1 {
				t.Errorf("asked %d and %d times", ups[0].times(), ups[1].times())
			}
		})
	}
}

// TestTellsWhenToComeBack is about errors of endpoints that don't say it themselves.
func TestTellsWhenToComeBack(t *testing.T) {
	for _, test := range []struct {
		code     backend.Code
		failures int
		want     bool
	}{
		{backend.CodeUnavailable, 1, true},
		{backend.CodeRateLimited, 1, true},
		{backend.CodeUnavailable, 2, false},   // it may be asked at once
		{backend.CodeQuotaExceeded, 1, false}, // and here time doesn't help
		{backend.CodeUpstreamAuth, 1, false},
	} {
		a := &upstream{}
		a.does(failsWith(test.code))
		clock := newFakeClock()
		p := newPool(t, pool.Options{Endpoints: team(a), Failures: test.failures, Now: clock.Now})
		_, err := ask(t, p, hi)
		e := backend.AsError(err, "")
		if told := e.RetryAfter > 0 && e.RetryAfter <= time.Second; told != test.want || e.Endpoint != "a" {
			t.Errorf("%s: %+v", test.code, e)
		}
	}
}

func TestWaitsForABackendThatIsNotReady(t *testing.T) {
	a, b := &upstream{unready: true}, &upstream{}
	p := newPool(t, pool.Options{Endpoints: ranked(a, b)})
	if resp, err := ask(t, p, hi); err != nil || resp.Endpoint != "b" {
		t.Errorf("%+v, %v", resp, err)
	}
	b.unready = true
	_, err := ask(t, p, hi)
	if e := backend.AsError(err, ""); e == nil || e.Code != backend.CodeUnavailable || e.RetryAfter != time.Second || a.times() != 0 || !strings.Contains(e.Error(), "ready") {
		t.Errorf("error is %+v", e)
	}
}

func TestNewRefuses(t *testing.T) {
	ok := pool.Endpoint{Name: "a", Backend: &upstream{}}
	with := func(change func(*pool.Endpoint)) []pool.Endpoint {
		e := ok
		change(&e)
		return []pool.Endpoint{e}
	}
	long := strings.Repeat("n", 64)
	for _, test := range []struct {
		want string
		opts pool.Options
	}{
		{"Endpoints is required", pool.Options{}},
		{`Name is ""`, pool.Options{Endpoints: with(func(e *pool.Endpoint) { e.Name = "" })}},
		{`Name is "Big"`, pool.Options{Endpoints: with(func(e *pool.Endpoint) { e.Name = "Big" })}},
		{`Name is "a/b"`, pool.Options{Endpoints: with(func(e *pool.Endpoint) { e.Name = "a/b" })}},
		{fmt.Sprintf("Name is %q", long), pool.Options{Endpoints: with(func(e *pool.Endpoint) { e.Name = long })}},
		{"has no Backend", pool.Options{Endpoints: with(func(e *pool.Endpoint) { e.Backend = nil })}},
		{"weight -1", pool.Options{Endpoints: with(func(e *pool.Endpoint) { e.Weight = -1 })}},
		{"weight 1000001", pool.Options{Endpoints: with(func(e *pool.Endpoint) { e.Weight = 1_000_001 })}},
		{`model "" to "m"`, pool.Options{Endpoints: with(func(e *pool.Endpoint) { e.Models = map[string]string{"": "m"} })}},
		{`model "m" to ""`, pool.Options{Endpoints: with(func(e *pool.Endpoint) { e.Models = map[string]string{"m": ""} })}},
		{`called "a"`, pool.Options{Endpoints: []pool.Endpoint{ok, ok}}},
		{"DefaultModel", pool.Options{DefaultModel: "x", Endpoints: with(func(e *pool.Endpoint) { e.Models = map[string]string{"m": "m"} })}},
		{"negative", pool.Options{Endpoints: []pool.Endpoint{ok}, Failures: -1}},
		{"negative", pool.Options{Endpoints: []pool.Endpoint{ok}, MinPause: -1}},
		{"negative", pool.Options{Endpoints: []pool.Endpoint{ok}, MaxPause: -1}},
		{"negative", pool.Options{Endpoints: []pool.Endpoint{ok}, ProbeTimeout: -1}},
		{"MinPause", pool.Options{Endpoints: []pool.Endpoint{ok}, MinPause: 2, MaxPause: 1}},
	} {
		if _, err := pool.New(test.opts); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("error is %v, want one about %s", err, test.want)
		}
	}
}

// TestPausesFitEachOther gives one bound only, beyond the default of the other.
func TestPausesFitEachOther(t *testing.T) {
	for _, opts := range []pool.Options{{MinPause: time.Hour}, {MaxPause: time.Millisecond}} {
		a, clock := &upstream{}, newFakeClock()
		a.does(failsWith(backend.CodeUpstreamAuth))
		opts.Endpoints, opts.Now = team(a), clock.Now
		p := newPool(t, opts)
		want := opts.MinPause + opts.MaxPause
		_, _ = ask(t, p, hi)
		if pause := wait(t, p, clock); pause > want || pause < want*3/4 {
			t.Errorf("%+v: pause is %s", opts, pause)
		}
	}
}
