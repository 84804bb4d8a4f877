// Chi mounts the API under a prefix of a chi router, behind its usual middleware, and
// ends as a deployment wants it: streams that have begun are finished first.
//
//	go run -C examples/mounting ./chi
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"

	"github.com/edgewise-ai/edgewise/backend"
	"github.com/edgewise-ai/edgewise/examples/mounting/internal/echo"
	"github.com/edgewise-ai/edgewise/examples/mounting/internal/serve"
	"github.com/edgewise-ai/edgewise/hybrid"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	listener, err := serve.Listen(ctx, os.Args[1:])
	if err != nil {
		log.Fatal(err)
	}
	if err := run(ctx, listener, options(echo.Backend(echo.Pause))); err != nil {
		log.Fatal(err)
	}
}

func options(model backend.Backend) hybrid.Options {
	return hybrid.Options{
		Authenticate: hybrid.AllowAnonymous, // see cookies and bearer
		Backend:      model,
		Prefix:       "/llm/v1", // all of the path: chi strips nothing
	}
}

// drainTime is how long an ending service waits for its streams: below the time after
// which the platform kills it, which in Kubernetes is 30 seconds.
const drainTime = 25 * time.Second

// run serves until ctx ends, and returns when the last answer has been given.
func run(ctx context.Context, listener net.Listener, opts hybrid.Options) error {
	router, err := hybrid.New(ctx, opts)
	if err != nil {
		return err
	}
	// Requests don't descend from ctx: its end is not theirs.
	server := serve.NewServer(newHandler(router))
	drained := make(chan error, 1)
	context.AfterFunc(ctx, func() {
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
		defer cancel()
		// First the server, so that what its handlers record is flushed too.
		drained <- errors.Join(server.Shutdown(ending), router.Close(ending))
	})
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return errors.Join(err, router.Close(ctx))
	}
	return <-drained // Serve returns as soon as nobody new is let in
}

func newHandler(router *hybrid.Router) http.Handler {
	r := chi.NewRouter()
	r.Use(
		middleware.RequestID,
		middleware.Recoverer,
		// Its usual types lack text/event-stream, which passes as it is.
		middleware.Compress(5),
	)
	r.Group(func(r chi.Router) {
		// For the app's own routes only. In front of streams it would end every answer
		// that takes longer, with an error in place of its end: a model that is still
		// speaking is not stuck, and one that is stuck is the backend's to notice.
		r.Use(middleware.Timeout(10 * time.Second))
		r.Get("/hello", func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprintln(w, "this service was here before")
		})
	})
	pattern, h := router.Handler()
	r.Handle(pattern+"*", h)
	return r
}
