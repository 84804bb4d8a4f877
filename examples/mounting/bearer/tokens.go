package main

import (
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"maps"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/edgewise-ai/edgewise/policy"
)

// tokens stands for the service's store. It keeps the SHA-256 of each token only: a
// stolen copy lets nobody in, and as it is searched by the hash of a guess, the time
// that takes says nothing of the token. (A password would need a slow hash; these
// have 130 random bits.)
//
// A token is checked when a request begins. A stream goes on when it expires.
type tokens struct {
	lifetime time.Duration
	now      func() time.Time

	mu      sync.Mutex
	records map[[sha256.Size]byte]record
}

// record is what a token stands for. Its words count, never the page's.
type record struct {
	who     policy.Identity
	expires time.Time
}

func newTokens(lifetime time.Duration, now func() time.Time) *tokens {
	return &tokens{lifetime: lifetime, now: now, records: make(map[[sha256.Size]byte]record)}
}

// issue returns a new token.
func (t *tokens) issue(who policy.Identity) string {
	token := rand.Text()
	now := t.now()
	t.mu.Lock()
	defer t.mu.Unlock()
	maps.DeleteFunc(t.records, func(_ [sha256.Size]byte, r record) bool { return !now.Before(r.expires) })
	t.records[sha256.Sum256([]byte(token))] = record{who, now.Add(t.lifetime)}
	return token
}

var errNoToken = errors.New("there is no valid token")

// whoAsks says whose token the request carries. Its error is answered with 401 and
// WWW-Authenticate: Bearer.
func (t *tokens) whoAsks(r *http.Request) (policy.Identity, error) {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return policy.Identity{}, errNoToken
	}
	t.mu.Lock()
	found, ok := t.records[sha256.Sum256([]byte(token))]
	t.mu.Unlock()
	if !ok || !t.now().Before(found.expires) {
		return policy.Identity{}, errNoToken
	}
	return found.who, nil
}
