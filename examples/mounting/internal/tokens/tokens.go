// Package tokens stands for what a service has already to let users in by short-lived
// tokens in their Authorization header.
package tokens

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

// Store keeps the SHA-256 of each token only: a stolen copy lets nobody in, and as it is
// searched by the hash of a guess, the time that takes says nothing of the token. (A
// password would need a slow hash; these have 130 random bits.)
//
// A token is checked when a request begins. A stream goes on when it expires.
type Store struct {
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

// New returns a store of tokens of that lifetime.
func New(lifetime time.Duration, now func() time.Time) *Store {
	return &Store{lifetime: lifetime, now: now, records: make(map[[sha256.Size]byte]record)}
}

// Issue returns a new token.
func (s *Store) Issue(who policy.Identity) string {
	token := rand.Text()
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.DeleteFunc(s.records, func(_ [sha256.Size]byte, r record) bool { return !now.Before(r.expires) })
	s.records[sha256.Sum256([]byte(token))] = record{who, now.Add(s.lifetime)}
	return token
}

var errNoToken = errors.New("there is no valid token")

// WhoAsks says whose token the request carries. Its error is answered with 401 and
// WWW-Authenticate: Bearer.
func (s *Store) WhoAsks(r *http.Request) (policy.Identity, error) {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return policy.Identity{}, errNoToken
	}
	s.mu.Lock()
	found, ok := s.records[sha256.Sum256([]byte(token))]
	s.mu.Unlock()
	if !ok || !s.now().Before(found.expires) {
		return policy.Identity{}, errNoToken
	}
	return found.who, nil
}
