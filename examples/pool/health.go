package main

import (
	"encoding/json"
	"net/http"

	"github.com/edgewise-ai/edgewise/backend/pool"
)

// health answers with 503 while no endpoint may be asked, so that a load balancer sends
// requests elsewhere. It names the endpoints: keep it from the public.
func health(servers *pool.Pool) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		ready := servers.Ready()
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		if !ready {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"ready": ready, "endpoints": servers.Status()}) // whoever left needs none
	}
}
