package main

import (
	"crypto/rand"
	"errors"
	"maps"
	"net/http"
	"sync"
	"time"

	"github.com/edgewise-ai/edgewise/policy"
)

// cookieName begins with __Host-, by which a browser takes the cookie only with
// Secure and Path=/, and only from this host: no subdomain can plant its own.
const cookieName = "__Host-session"

// sessions stands for what the service has already: who is signed in, and until when.
// Both ends of a session are the server's to say: what is left of a cookie in a browser,
// or was copied from there, opens nothing.
type sessions struct {
	lifetime time.Duration // from signing in; whole seconds
	now      func() time.Time

	mu      sync.Mutex
	records map[string]session // by the cookie's value
}

type session struct {
	who     policy.Identity
	expires time.Time
}

func newSessions(lifetime time.Duration, now func() time.Time) *sessions {
	return &sessions{lifetime: lifetime, now: now, records: make(map[string]session)}
}

// login signs a guest in.
func (s *sessions) login(w http.ResponseWriter, _ *http.Request) {
	token := rand.Text()
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.DeleteFunc(s.records, func(_ string, old session) bool { return !now.Before(old.expires) })
	s.records[token] = session{policy.Identity{Subject: "guest-" + rand.Text()[:8], Tier: "free"}, now.Add(s.lifetime)}
	setCookie(w, token, int(s.lifetime.Seconds()))
}

// logout ends the session. Streams that have begun go on.
func (s *sessions) logout(w http.ResponseWriter, r *http.Request) {
	if cookie, err := r.Cookie(cookieName); err == nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.records, cookie.Value)
	}
	setCookie(w, "", -1) // the browser forgets it
}

// setCookie answers with a cookie that the browser keeps for maxAge seconds.
func setCookie(w http.ResponseWriter, value string, maxAge int) {
	http.SetCookie(w, &http.Cookie{
		Name: cookieName, Value: value, Path: "/", MaxAge: maxAge,
		HttpOnly: true, // no script of the page can read it
		Secure:   true, // over TLS only; Chrome and Firefox take http://localhost for secure, Safari doesn't
		// Links from elsewhere arrive signed in, other sites' POSTs don't. That alone
		// is no protection: blog.example.com is the same site as shop.example.com.
		SameSite: http.SameSiteLaxMode,
	})
	w.WriteHeader(http.StatusNoContent)
}

var errSignedOut = errors.New("sign in first")

// whoAsks says whose session the cookie names.
func (s *sessions) whoAsks(r *http.Request) (policy.Identity, error) {
	cookie, err := r.Cookie(cookieName)
	if err != nil {
		return policy.Identity{}, errSignedOut
	}
	s.mu.Lock()
	found, ok := s.records[cookie.Value]
	s.mu.Unlock()
	if !ok || !s.now().Before(found.expires) {
		return policy.Identity{}, errSignedOut
	}
	return found.who, nil
}
