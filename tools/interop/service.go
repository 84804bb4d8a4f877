//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/edgewise-ai/edgewise/backend"
	"github.com/edgewise-ai/edgewise/backend/openai"
	"github.com/edgewise-ai/edgewise/hybrid"
	"github.com/edgewise-ai/edgewise/hybrid/ledger"
)

// maxRetries and minBackoff leave Ollama two seconds and more to start in, and
// idleTimeout a busy machine time enough for a token.
const (
	maxRetries  = 4
	minBackoff  = 200 * time.Millisecond
	idleTimeout = 5 * time.Second
)

// service is an app with Ollama behind it.
type service struct {
	url      string        // of the API
	attempts *atomic.Int64 // to send something to Ollama
	close    func()

	ledger *ledger.Memory
	busy   sync.RWMutex // held for reading while a request is served
}

func newService(ctx context.Context, upstream string) (*service, error) {
	s := &service{ledger: ledger.NewMemory(ledger.MemoryOptions{}), attempts: new(atomic.Int64)}
	server, err := newBackend(upstream, s.attempts)
	if err != nil {
		return nil, err
	}
	router, err := hybrid.New(ctx, hybrid.Options{Authenticate: hybrid.AllowAnonymous, Backend: server, Ledger: s.ledger})
	if err != nil {
		return nil, err
	}
	prefix, handler := router.Handler()
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		s.busy.RLock()
		defer s.busy.RUnlock()
		handler.ServeHTTP(w, req)
	}))
	s.url = app.URL + strings.TrimSuffix(prefix, "/")
	s.close = func() {
		app.CloseClientConnections()
		app.Close()
		_ = router.Close(context.WithoutCancel(ctx)) // the ledger is in memory: there is nothing to lose
	}
	return s, nil
}

// recorded returns what the ledger says of the last request that was generated for.
// It waits until every request is through: a client has its answer a little earlier.
func (s *service) recorded(ctx context.Context) (ledger.Entry, error) {
	for !s.busy.TryLock() {
		select {
		case <-ctx.Done():
			return ledger.Entry{}, fmt.Errorf("the service goes on with a request: %w", ctx.Err())
		case <-time.After(5 * time.Millisecond):
		}
	}
	defer s.busy.Unlock()
	recent := s.ledger.Recent(1)
	if len(recent) == 0 {
		return ledger.Entry{}, errors.New("the ledger is empty")
	}
	return recent[0], nil
}

// newBackend is what stands before Ollama.
func newBackend(upstream string, attempts *atomic.Int64) (backend.Backend, error) {
	return openai.New(openai.Options{
		BaseURL:      upstream,
		DefaultModel: openModel,
		LimitName:    "max_tokens",           // it knows no other
		Continuation: openai.ContinuePrefill, // openModel does; closedModel shows what becomes of it where it is wrong
		MaxRetries:   maxRetries,
		MinBackoff:   minBackoff,
		RetryBudget:  -1, // so many faults at once are no outage
		IdleTimeout:  idleTimeout,
		Key: func(context.Context) (string, error) { // is asked for with each attempt
			attempts.Add(1)
			return "", nil
		},
	})
}
