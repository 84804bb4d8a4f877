package main

import (
	"errors"
	"net/http"
	"strings"
)

// user is somebody that the service knows.
type user struct{ name, plan string }

// users stand for what the service has already: who they are, by the token that they
// send. Yours are in a database, or in a session.
var users = map[string]user{
	"token-of-ann": {"ann", "free"},
	"token-of-bob": {"bob", "pro"},
	"token-of-eve": {"eve", "staff"},
}

var errUnknown = errors.New("nobody has this token")

// userOf returns who sent the request.
func userOf(r *http.Request) (user, error) {
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	u, known := users[token]
	if !known {
		return user{}, errUnknown
	}
	return u, nil
}
