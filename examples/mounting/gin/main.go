// Gin mounts the API under a prefix of a gin engine, and takes from gin's own
// middleware who asks.
//
//	go run -C examples/mounting ./gin
package main

import (
	"context"
	"errors"
	"log"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/edgewise-ai/edgewise/backend"
	"github.com/edgewise-ai/edgewise/examples/mounting/internal/echo"
	"github.com/edgewise-ai/edgewise/hybrid"
	"github.com/edgewise-ai/edgewise/policy"
)

func main() {
	gin.SetMode(gin.ReleaseMode)
	engine, err := newEngine(context.Background(), echo.Backend())
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.ListenAndServe("127.0.0.1:8080", engine))
}

func newEngine(ctx context.Context, model backend.Backend) (*gin.Engine, error) {
	router, err := hybrid.New(ctx, hybrid.Options{
		Authenticate: whoAsks,
		Backend:      model,
		Prefix:       "/llm/v1",
	})
	if err != nil {
		return nil, err
	}
	engine := gin.New()
	engine.Use(gin.Recovery(), identify)
	engine.GET("/hello", func(c *gin.Context) { c.String(http.StatusOK, "this service was here before\n") })
	pattern, h := router.Handler()
	// Every method, so that a wrong one is answered in the API's own words. Gin's
	// writer can flush: middleware that puts another in its place must as well.
	engine.Any(pattern+"*path", gin.WrapH(h))
	return engine, nil
}

// userKey is where identify leaves the user, in the request's context: the handler
// sees the request and no gin.Context.
type userKey struct{}

// identify stands for the middleware that the service has already. It refuses
// nobody: pages report what they generated without credentials of the user, as they
// must while they are being closed, and the router asks whoAsks for all the rest.
func identify(c *gin.Context) {
	if user := c.GetHeader("X-User"); user != "" { // the service's own way to know
		c.Request = c.Request.WithContext(context.WithValue(c.Request.Context(), userKey{}, user))
	}
}

var errSignedOut = errors.New("sign in first")

func whoAsks(r *http.Request) (policy.Identity, error) {
	user, ok := r.Context().Value(userKey{}).(string)
	if !ok {
		return policy.Identity{}, errSignedOut
	}
	return policy.Identity{Subject: user, Tier: "free"}, nil
}
