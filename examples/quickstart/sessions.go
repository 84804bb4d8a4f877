package main

import (
	"crypto/rand"
	"errors"
	"net/http"
	"sync"
)

// sessions stands for what the service has already: who is signed in, by the
// value of a cookie.
type sessions struct{ users sync.Map }

// login signs a guest in.
func (s *sessions) login(w http.ResponseWriter, _ *http.Request) {
	token := rand.Text()
	s.users.Store(token, "guest-"+rand.Text()[:8])
	// SameSite keeps other sites from spending this user's requests.
	http.SetCookie(w, &http.Cookie{Name: "session", Value: token, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode})
	w.WriteHeader(http.StatusNoContent)
}

var errSignedOut = errors.New("sign in first")

// user returns who sent the request.
func (s *sessions) user(r *http.Request) (string, error) {
	cookie, err := r.Cookie("session")
	if err != nil {
		return "", errSignedOut
	}
	user, ok := s.users.Load(cookie.Value)
	if !ok {
		return "", errSignedOut
	}
	return user.(string), nil
}
