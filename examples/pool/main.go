// Pool puts two OpenAI-compatible servers behind one name: the second answers when the
// first can't. GET /healthz says how they are, and a line of the log what became of each
// request. It ends when the last answer has been given.
//
//	OPENAI_BASE_URL=http://127.0.0.1:11434/v1 OPENAI_MODEL=llama3.2 \
//	FALLBACK_BASE_URL=http://127.0.0.1:8000/v1 FALLBACK_MODEL=qwen3-8b go run -C examples ./pool
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/edgewise-ai/edgewise/backend/openai"
	"github.com/edgewise-ai/edgewise/backend/pool"
	"github.com/edgewise-ai/edgewise/hybrid"
)

// drainTime is how long an ending service waits for its streams: below the time after
// which the platform kills it, which in Kubernetes is 30 seconds.
const drainTime = 25 * time.Second

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "`address` to listen on")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	if err := serve(ctx, listener, slog.Default()); err != nil {
		log.Fatal(err)
	}
}

// snippet:begin
// newPool puts two OpenAI-compatible servers behind one name.
func newPool(logger *slog.Logger) (*pool.Pool, error) {
	var endpoints []pool.Endpoint
	for priority, name := range []string{"OPENAI", "FALLBACK"} {
		api, err := openai.New(openai.Options{
			BaseURL:    os.Getenv(name + "_BASE_URL"),
			APIKey:     os.Getenv(name + "_API_KEY"),
			MaxRetries: -1, // the other one is asked at once instead
		})
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		endpoints = append(endpoints, pool.Endpoint{
			Name:     strings.ToLower(name),
			Backend:  api,
			Models:   map[string]string{"assistant": os.Getenv(name + "_MODEL")}, // what it has under that name
			Priority: priority,                                                   // equal ones would share the load
		})
	}
	return pool.New(pool.Options{Endpoints: endpoints, DefaultModel: "assistant", Logger: logger})
}

// snippet:end

// serve serves until ctx ends, and returns when the last answer has been given.
func serve(ctx context.Context, listener net.Listener, logger *slog.Logger) error {
	servers, err := newPool(logger)
	if err != nil {
		return err
	}
	router, err := hybrid.New(ctx, hybrid.Options{
		Authenticate: hybrid.AllowAnonymous, // examples/mounting lets in who should be
		Backend:      servers,
		Observers:    []hybrid.Observer{accessLog(logger)},
		Logger:       logger,
	})
	if err != nil {
		return errors.Join(err, servers.Close())
	}
	mux := http.NewServeMux()
	mux.Handle(router.Handler())
	mux.HandleFunc("GET /healthz", health(servers))
	// Requests don't descend from ctx: its end is not theirs.
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}

	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err = <-failed:
	case <-ctx.Done():
	}
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
	defer cancel()
	// Each after those that use it: the server waits for its streams, the router
	// flushes what they recorded, and nobody asks the pool any more.
	return errors.Join(err, server.Shutdown(ending), router.Close(ending), servers.Close())
}
