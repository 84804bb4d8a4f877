package main

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/edgewise-ai/edgewise/backend"
	"github.com/edgewise-ai/edgewise/backend/openai"
	"github.com/edgewise-ai/edgewise/backend/pool"
	"github.com/edgewise-ai/edgewise/hybrid"
	"github.com/edgewise-ai/edgewise/hybrid/ledger"
	"github.com/edgewise-ai/edgewise/policy"
)

// prefix is where both proxies answer.
const prefix = "/v1"

// bearer is the token of the one user there is.
const bearer = "0123456789abcdef0123456789abcdef"

// newEdgewise is ours, as a service would mount it. It ends with the process.
func newEdgewise(upstream string) (http.Handler, error) {
	b, err := newBackend(upstream)
	if err != nil {
		return nil, err
	}
	users := map[string]policy.Identity{bearer: {Subject: "user-1", Tier: "free"}}
	router, err := hybrid.New(context.Background(), hybrid.Options{
		Authenticate: func(req *http.Request) (policy.Identity, error) {
			token, _ := strings.CutPrefix(req.Header.Get("Authorization"), "Bearer ")
			who, known := users[token]
			if !known {
				return policy.Identity{}, errors.New("nobody has this token")
			}
			return who, nil
		},
		Backend: b,
		Ledger:  ledger.NewMemory(ledger.MemoryOptions{MaxEntries: ledgerEntries}),
		Prefix:  prefix,
	})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle(router.Handler())
	return mux, nil
}

// newBackend is a pool, as in production, of one endpoint, as there is.
func newBackend(upstream string) (backend.Backend, error) {
	api, err := openai.New(openai.Options{BaseURL: upstream})
	if err != nil {
		return nil, err
	}
	return pool.New(pool.Options{Endpoints: []pool.Endpoint{{Name: "mock", Backend: api}}})
}

// ledgerEntries is small, lest the ledger's memory make the heap larger and the
// collector's work less than the ReverseProxy's, which keeps nothing.
const ledgerEntries = 1000
