// Cookies signs users in by a session cookie, and keeps other sites from using it.
//
//	go run -C examples/mounting ./cookies
package main

import (
	"context"
	"log"
	"net/http"
	"time"

	"github.com/edgewise-ai/edgewise/backend"
	"github.com/edgewise-ai/edgewise/examples/mounting/internal/echo"
	"github.com/edgewise-ai/edgewise/examples/mounting/internal/serve"
	"github.com/edgewise-ai/edgewise/hybrid"
)

func main() {
	handler, err := newService(context.Background(), echo.Backend(echo.Pause), newSessions(12*time.Hour, time.Now))
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(serve.Forever(handler))
}

// newService is a service whose every route is protected, signing in and out included.
func newService(ctx context.Context, model backend.Backend, sessions *sessions) (http.Handler, error) {
	router, err := hybrid.New(ctx, hybrid.Options{Authenticate: sessions.whoAsks, Backend: model})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /login", sessions.login)
	mux.HandleFunc("POST /logout", sessions.logout)
	mux.Handle(router.Handler())
	// A browser sends the cookie along whoever's page makes it ask, but it says
	// whose page that was. No token in forms or headers is needed. Behind a proxy
	// this needs the Host that the browser asked for: see behind.
	return http.NewCrossOriginProtection().Handler(mux), nil
}
