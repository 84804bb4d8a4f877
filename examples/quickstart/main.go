// Quickstart is an existing net/http service that mounts Edgewise beside its own
// routes. What its page does is in page.ts, for your bundler; examples/demo serves
// a page without one.
//
//	OPENAI_BASE_URL=http://127.0.0.1:11434/v1 OPENAI_MODEL=llama3.2 go run -C examples ./quickstart
package main

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"os"

	"github.com/edgewise-ai/edgewise/backend/openai"
	"github.com/edgewise-ai/edgewise/hybrid"
	"github.com/edgewise-ai/edgewise/policy"
)

func main() {
	mux, err := newMux(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.ListenAndServe("127.0.0.1:8080", mux))
}

// newMux is the whole service.
func newMux(ctx context.Context) (*http.ServeMux, error) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /hello", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, "this service was here before")
	})
	var sessions sessions
	mux.HandleFunc("POST /login", sessions.login)
	return mux, mount(ctx, mux, &sessions)
}

// snippet:begin
// mount adds Edgewise to a service that is there already.
func mount(ctx context.Context, mux *http.ServeMux, sessions *sessions) error {
	backend, err := openai.New(openai.Options{ // any OpenAI-compatible server
		BaseURL:      os.Getenv("OPENAI_BASE_URL"),
		APIKey:       os.Getenv("OPENAI_API_KEY"),
		DefaultModel: os.Getenv("OPENAI_MODEL"),
	})
	if err != nil {
		return err
	}
	router, err := hybrid.New(ctx, hybrid.Options{
		Authenticate: func(r *http.Request) (policy.Identity, error) {
			user, err := sessions.user(r) // the service's own
			return policy.Identity{Subject: user, Tier: "free"}, err
		},
		Backend: backend,
		Policies: policy.Defaults( // the built-in ones, with two changes
			policy.Complexity{MaxPromptLength: 4_000},
			policy.Named("shop.checkout", policy.PolicyFunc(checkout)),
		),
	})
	if err != nil {
		return err
	}
	mux.Handle(router.Handler()) // everything under /api/v1/
	return nil
}

// checkout prefers the server for the shop's checkout assistant.
func checkout(_ context.Context, in *policy.Input) (policy.Verdict, error) {
	if in.Request.Task == "checkout" {
		return policy.Verdict{Prefer: policy.Server, Reason: "shop_checkout"}, nil
	}
	return policy.Verdict{}, nil
}

// snippet:end
