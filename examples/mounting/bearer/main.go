// Bearer lets requests in by short-lived tokens in their Authorization header.
// Browsers never send one on their own, so no other site can use it.
//
//	go run -C examples/mounting ./bearer
package main

import (
	"context"
	"encoding/json"
	"log"
	"net/http"
	"time"

	"github.com/edgewise-ai/edgewise/backend"
	"github.com/edgewise-ai/edgewise/examples/mounting/internal/echo"
	"github.com/edgewise-ai/edgewise/hybrid"
	"github.com/edgewise-ai/edgewise/policy"
)

func main() {
	handler, err := newService(context.Background(), echo.Backend(), newTokens(15*time.Minute, time.Now))
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.ListenAndServe("127.0.0.1:8080", handler))
}

// grant is what the page gets.
type grant struct {
	Token     string `json:"token"`
	ExpiresIn int    `json:"expiresIn"` // seconds
}

// newService is a service that hands out tokens and takes them. Its page gets one
// before its first request, and another one when a request is answered 401, which
// the npm client then sends once more:
//
//	headers: async ({ refresh }) => ({ authorization: `Bearer ${await token(refresh)}` })
func newService(ctx context.Context, model backend.Backend, tokens *tokens) (http.Handler, error) {
	router, err := hybrid.New(ctx, hybrid.Options{Authenticate: tokens.whoAsks, Backend: model})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	// This stands for the service's own way to sign in, which knows its users.
	mux.HandleFunc("POST /token", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		_ = json.NewEncoder(w).Encode(grant{ // a client that has gone needs none
			Token:     tokens.issue(policy.Identity{Subject: "guest", Tier: "free"}),
			ExpiresIn: int(tokens.lifetime.Seconds()),
		})
	})
	mux.Handle(router.Handler())
	return mux, nil
}
