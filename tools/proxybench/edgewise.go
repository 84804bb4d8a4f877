//go:build linux

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

// newBackend is a pool of three endpoints, as in production; here all are the mock.
func newBackend(upstream string) (backend.Backend, error) {
	transport := newTransport() // one, as the ReverseProxy has
	var endpoints []pool.Endpoint
	for _, name := range []string{"a", "b", "c"} {
		api, err := openai.New(openai.Options{BaseURL: upstream, MaxRetries: -1, Transport: transport})
		if err != nil {
			return nil, err
		}
		endpoints = append(endpoints, pool.Endpoint{Name: name, Backend: api})
	}
	return pool.New(pool.Options{Endpoints: endpoints})
}

// ledgerEntries is small, lest the ledger's memory make the heap larger and the
// collector's work less than the ReverseProxy's, which keeps nothing.
const ledgerEntries = 1000
