// Gin mounts the API under a prefix of a gin engine, and takes from gin's own
// middleware who asks: here by a bearer token, which POST /token hands out.
//
//	go run -C examples/mounting ./gin
package main

import (
	"context"
	"errors"
	"log"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/edgewise-ai/edgewise/backend"
	"github.com/edgewise-ai/edgewise/examples/mounting/internal/echo"
	"github.com/edgewise-ai/edgewise/examples/mounting/internal/serve"
	"github.com/edgewise-ai/edgewise/examples/mounting/internal/tokens"
	"github.com/edgewise-ai/edgewise/hybrid"
	"github.com/edgewise-ai/edgewise/policy"
)

func main() {
	gin.SetMode(gin.ReleaseMode)
	engine, err := newEngine(context.Background(), echo.Backend(echo.Pause), tokens.New(15*time.Minute, time.Now))
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(serve.Forever(engine))
}

func newEngine(ctx context.Context, model backend.Backend, users *tokens.Store) (*gin.Engine, error) {
	router, err := hybrid.New(ctx, hybrid.Options{
		Authenticate: whoAsks,
		Backend:      model,
		Prefix:       "/llm/v1",
	})
	if err != nil {
		return nil, err
	}
	engine := gin.New()
	engine.Use(gin.Recovery(), identify(users))
	engine.GET("/hello", func(c *gin.Context) { c.String(http.StatusOK, "this service was here before\n") })
	engine.POST("/token", gin.WrapF(users.SignIn))
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
func identify(users *tokens.Store) gin.HandlerFunc {
	return func(c *gin.Context) {
		if who, err := users.WhoAsks(c.Request); err == nil {
			c.Request = c.Request.WithContext(context.WithValue(c.Request.Context(), userKey{}, who))
		}
	}
}

var errSignedOut = errors.New("sign in first")

func whoAsks(r *http.Request) (policy.Identity, error) {
	who, ok := r.Context().Value(userKey{}).(policy.Identity)
	if !ok {
		return policy.Identity{}, errSignedOut
	}
	return who, nil
}
