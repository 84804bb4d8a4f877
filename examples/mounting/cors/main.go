// Cors serves the API to a page of another origin, by a CORS library of the app's
// choice: Edgewise has none of its own.
//
//	go run -C examples/mounting ./cors
package main

import (
	"context"
	"errors"
	"log"
	"net/http"
	"slices"

	"github.com/rs/cors"

	"github.com/edgewise-ai/edgewise/backend"
	"github.com/edgewise-ai/edgewise/examples/mounting/internal/echo"
	"github.com/edgewise-ai/edgewise/examples/mounting/internal/serve"
	"github.com/edgewise-ai/edgewise/hybrid"
)

func main() {
	handler, err := newService(context.Background(), echo.Backend(echo.Pause), "http://localhost:5173")
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(serve.Forever(handler))
}

// newService is a service for pages of these origins: scheme, host and port, exactly
// as browsers write them. There must be one: a list without any is a mistake in the
// configuration, and libraries take it for every origin.
func newService(ctx context.Context, model backend.Backend, origins ...string) (http.Handler, error) {
	if len(origins) == 0 {
		return nil, errors.New("no origin is given")
	}
	router, err := hybrid.New(ctx, hybrid.Options{
		Authenticate: hybrid.AllowAnonymous, // see cookies and bearer
		Backend:      model,
	})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle(router.Handler())

	// CORS says who may read an answer. Where cookies go along, something must say
	// too whose requests are obeyed.
	csrf := http.NewCrossOriginProtection()
	for _, origin := range origins {
		if err := csrf.AddTrustedOrigin(origin); err != nil {
			return nil, err
		}
	}
	return cors.New(cors.Options{
		AllowOriginFunc:  func(origin string) bool { return slices.Contains(origins, origin) }, // exactly: no patterns
		AllowedMethods:   []string{http.MethodGet, http.MethodPost},
		AllowedHeaders:   append(hybrid.AllowedHeaders(), "Authorization"), // and what the page adds
		AllowCredentials: true,                                             // for cookies, which the page's client sends with credentials: 'include'
		ExposedHeaders:   hybrid.ExposedHeaders(),
		MaxAge:           600, // seconds for which a browser asks no second time
	}).Handler(csrf.Handler(mux)), nil // outermost, so that a page can read refusals too
}
