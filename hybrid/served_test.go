package hybrid_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edgewise-ai/edgewise/backend"
	"github.com/edgewise-ai/edgewise/hybrid"
)

// The backend's list is renewed, as long as somebody asks.
func TestServedModelsAreRenewed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		up := &scripted{body: helloChunk + finishChunk + doneChunk}
		r, err := hybrid.New(t.Context(), hybrid.Options{Authenticate: hybrid.AllowAnonymous, Backend: up})
		if err != nil {
			t.Fatal(err)
		}
		_, h := r.Handler()
		ask := func(model string) int {
			return record(h, http.MethodPost, "/api/v1/chat/completions", `{"model":"`+model+`",`+chatHelloStream[1:]).Code
		}
		pass := func() {
			time.Sleep(hybrid.DefaultRefreshInterval)
			synctest.Wait()
		}
		if up.lists() != 0 {
			t.Error("listed before anybody asked")
		}
		if ask("m") != http.StatusOK || ask("new") != http.StatusNotFound {
			t.Error("m is not served, or new is")
		}
		up.mu.Lock()
		up.models = []backend.Model{{ID: "new"}}
		up.mu.Unlock()
		pass()
		if ask("new") != http.StatusOK || ask("m") != http.StatusNotFound {
			t.Error("the new list is not used")
		}
		up.mu.Lock()
		up.modelsErr = errBroken
		up.mu.Unlock()
		pass()
		if ask("new") != http.StatusOK {
			t.Error("the last good list was dropped")
		}
		pass()
		lists := up.lists()
		for range 10 {
			pass()
		}
		if up.lists() != lists {
			t.Error("listed while nobody asked")
		}
		if err := r.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// lister is a backend that lists as a function says, and answers everything.
type lister struct {
	backendFunc
	list func(context.Context) ([]backend.Model, error)
}

func (l lister) Models(ctx context.Context) ([]backend.Model, error) { return l.list(ctx) }

// serveList serves a lister in a bubble of fake time. ask returns the status and
// what the answer says.
func serveList(t *testing.T, change func(*hybrid.Options), list func(context.Context) ([]backend.Model, error)) (ask func(model string) (int, string)) {
	t.Helper()
	up := &scripted{body: helloChunk + finishChunk + doneChunk}
	opts := hybrid.Options{Authenticate: hybrid.AllowAnonymous, Backend: lister{up.Generate, list}}
	if change != nil {
		change(&opts)
	}
	r, err := hybrid.New(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	_, h := r.Handler()
	return func(model string) (int, string) {
		w := record(h, http.MethodPost, "/api/v1/chat/completions", `{"model":"`+model+`",`+chatHelloStream[1:])
		return w.Code, w.Body.String()
	}
}

// Requests that find no list wait for one listing together, and share its error
// for a second.
func TestListingIsShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		ask := serveList(t, nil, func(context.Context) ([]backend.Model, error) {
			calls++
			time.Sleep(200 * time.Millisecond)
			return nil, &backend.Error{Code: backend.CodeUnavailable}
		})
		began := time.Now()
		var all sync.WaitGroup
		for range 10 {
			all.Go(func() {
				if status, body := ask("m"); status != http.StatusServiceUnavailable {
					t.Errorf("%d: %s", status, body)
				}
			})
		}
		all.Wait()
		ask("m")
		if waited := time.Since(began); waited != 200*time.Millisecond || calls != 1 {
			t.Errorf("waited %v for %d listings", waited, calls)
		}
		time.Sleep(time.Second)
		ask("m")
		if calls != 2 {
			t.Errorf("%d listings: a second later it was not tried again", calls)
		}
	})
}

// No request waits for long, and one that goes away takes no other with it.
func TestListingIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ask := serveList(t, nil, func(ctx context.Context) ([]backend.Model, error) {
			<-ctx.Done()
			return nil, backend.AsError(ctx.Err(), backend.CodeUnavailable)
		})
		began := time.Now()
		if status, body := ask("m"); status != http.StatusGatewayTimeout || time.Since(began) != 5*time.Second {
			t.Errorf("%d after %v: %s", status, time.Since(began), body)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		up := &scripted{body: helloChunk + finishChunk + doneChunk}
		r, err := hybrid.New(t.Context(), hybrid.Options{Authenticate: hybrid.AllowAnonymous, Backend: lister{up.Generate,
			func(ctx context.Context) ([]backend.Model, error) {
				select {
				case <-time.After(time.Second):
					return []backend.Model{{ID: "m"}}, nil
				case <-ctx.Done():
					return nil, ctx.Err()
				}
			}}})
		if err != nil {
			t.Fatal(err)
		}
		_, h := r.Handler()
		short := http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			ctx, cancel := context.WithTimeout(req.Context(), time.Millisecond)
			defer cancel()
			h.ServeHTTP(w, req.WithContext(ctx))
		})
		var both sync.WaitGroup
		for want, asker := range map[int]http.Handler{http.StatusGatewayTimeout: short, http.StatusOK: h} {
			both.Go(func() {
				if w := record(asker, http.MethodPost, "/api/v1/chat/completions", chatHelloStream); w.Code != want {
					t.Errorf("%d, want %d: %s", w.Code, want, w.Body)
				}
			})
		}
		both.Wait()
		if err := r.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// Closing the router ends a listing under way.
func TestListingEndsWithTheRouter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		up := lister{list: func(ctx context.Context) ([]backend.Model, error) {
			<-ctx.Done()
			return nil, backend.AsError(ctx.Err(), backend.CodeUnavailable)
		}}
		r, err := hybrid.New(t.Context(), hybrid.Options{Authenticate: hybrid.AllowAnonymous, Backend: up})
		if err != nil {
			t.Fatal(err)
		}
		_, h := r.Handler()
		began := time.Now()
		answered := make(chan int)
		go func() { answered <- record(h, http.MethodGet, "/api/v1/models", "").Code }()
		synctest.Wait()
		if err := r.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if status := <-answered; status != http.StatusServiceUnavailable || time.Since(began) != 0 {
			t.Errorf("%d after %v", status, time.Since(began))
		}
	})
}

// A list that nobody looked at for long is not trusted, and a model that is not
// in it may be newer than it.
func TestListIsKeptTrue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var list []backend.Model
		var failure error
		calls := 0
		ask := serveList(t, nil, func(context.Context) ([]backend.Model, error) {
			calls++
			return list, failure
		})
		want := func(model string, status, listings int) {
			t.Helper()
			if got, body := ask(model); got != status || calls != listings {
				t.Errorf("%s: %d after %d listings, want %d and %d: %s", model, got, calls, status, listings, body)
			}
		}
		list = []backend.Model{{ID: "a"}, {}}
		want("a", http.StatusOK, 1)
		list = []backend.Model{{ID: "b"}}
		want("b", http.StatusNotFound, 1) // the list is younger than a second
		time.Sleep(time.Second)
		want("b", http.StatusOK, 2)
		for range 5 {
			want("c", http.StatusNotFound, 2)
		}
		list = []backend.Model{{ID: "c"}}
		time.Sleep(time.Hour)
		want("b", http.StatusNotFound, 3)
		// What was good stands while the backend can't tell.
		failure = errors.New("no connection")
		time.Sleep(time.Hour)
		want("c", http.StatusOK, 4)
		want("c", http.StatusOK, 4)
		want("d", http.StatusNotFound, 4)
	})
}

// unordered is a lister whose upstream lists in any order.
type unordered struct {
	lister
	preset string
}

func (u unordered) DefaultModel() string { return u.preset }

func TestDefaultModel(t *testing.T) {
	one, two := []backend.Model{{ID: "a"}}, []backend.Model{{ID: "a"}, {ID: "b"}}
	for _, test := range []struct {
		name           string
		models         []backend.Model
		option, preset string
		ordered        bool
		want           string // "" for a refusal
	}{
		{"the first where order means something", two, "", "", true, "a"},
		{"none of several", two, "", "", false, ""},
		{"the only one", one, "", "", false, "a"},
		{"the backend's own", two, "", "b", false, "b"},
		{"the option's", two, "b", "", false, "b"},
		{"the option's rather than the backend's", two, "b", "a", false, "b"},
	} {
		t.Run(test.name, func(t *testing.T) {
			up := &scripted{body: helloChunk + finishChunk + doneChunk, models: test.models}
			s := open(t, up.serve, func(o *hybrid.Options) {
				o.DefaultModel = test.option
				if !test.ordered {
					o.Backend = unordered{lister{up.Generate, up.Models}, test.preset}
				}
			})
			for _, body := range []string{chatHelloStream, `{"model":"auto",` + chatHelloStream[1:]} {
				a := s.post("/chat/completions", body)
				if test.want == "" {
					a.wantError(t, http.StatusBadRequest, "invalid_request_error", "invalid_request", "model")
					if !strings.Contains(string(a.body), "Options.DefaultModel") {
						t.Errorf("got %s", a.body)
					}
				} else if got := up.last().Model; a.status != http.StatusOK || got != test.want {
					t.Errorf("%d, asked for %q, want %q: %s", a.status, got, test.want, a.body)
				}
			}
			if a := s.post("/chat/completions", `{"model":"a",`+chatHelloStream[1:]); a.status != http.StatusOK {
				t.Errorf("a named model: %d: %s", a.status, a.body)
			}
		})
	}
}
