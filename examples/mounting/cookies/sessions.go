package main

import (
	"crypto/rand"
	"errors"
	"net/http"
	"sync"

	"github.com/edgewise-ai/edgewise/policy"
)

// cookieName begins with __Host-, by which a browser takes the cookie only with
// Secure and Path=/, and only from this host: no subdomain can plant its own.
const cookieName = "__Host-session"

// sessions stands for what the service has already: who is signed in.
type sessions struct{ users sync.Map }

// login signs a guest in.
func (s *sessions) login(w http.ResponseWriter, _ *http.Request) {
	token := rand.Text()
	s.users.Store(token, policy.Identity{Subject: "guest-" + rand.Text()[:8], Tier: "free"})
	http.SetCookie(w, &http.Cookie{
		Name: cookieName, Value: token, Path: "/",
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
	who, ok := s.users.Load(cookie.Value)
	if !ok {
		return policy.Identity{}, errSignedOut
	}
	return who.(policy.Identity), nil
}
