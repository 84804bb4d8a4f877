// Bearer lets requests in by short-lived tokens in their Authorization header.
// Browsers never send one on their own, so no other site can use it.
//
//	go run -C examples/mounting ./bearer
package main

import (
	"context"
	"log"
	"net/http"
	"time"

	"github.com/edgewise-ai/edgewise/backend"
	"github.com/edgewise-ai/edgewise/examples/mounting/internal/echo"
	"github.com/edgewise-ai/edgewise/examples/mounting/internal/serve"
	"github.com/edgewise-ai/edgewise/examples/mounting/internal/tokens"
	"github.com/edgewise-ai/edgewise/hybrid"
)

func main() {
	handler, err := newService(context.Background(), echo.Backend(echo.Pause), tokens.New(15*time.Minute, time.Now))
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(serve.Forever(handler))
}

// newService is a service that hands out tokens and takes them. Its page gets one
// before its first request, and another one when a request is answered 401, which
// the npm client then sends once more:
//
//	headers: async ({ refresh }) => ({ authorization: `Bearer ${await token(refresh)}` })
func newService(ctx context.Context, model backend.Backend, users *tokens.Store) (http.Handler, error) {
	router, err := hybrid.New(ctx, hybrid.Options{Authenticate: users.WhoAsks, Backend: model})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /token", users.SignIn)
	mux.Handle(router.Handler())
	return mux, nil
}
