package hybrid_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edgewise-ai/edgewise/backend"
	"github.com/edgewise-ai/edgewise/hybrid"
)

// The backend's list is renewed in the background, as long as somebody asks.
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
