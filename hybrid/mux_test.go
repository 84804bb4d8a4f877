package hybrid_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/edgewise-ai/edgewise/hybrid"
	"github.com/edgewise-ai/edgewise/policy"
)

// refusal is an error that says its status.
type refusal int

func (r refusal) Error() string   { return "secret reason" }
func (r refusal) HTTPStatus() int { return int(r) }

func TestAuthenticateErrors(t *testing.T) {
	for _, test := range []struct {
		err        error
		status     int
		kind, code string
	}{
		{errors.New("secret reason"), 401, "authentication_error", "unauthorized"},
		{refusal(401), 401, "authentication_error", "unauthorized"},
		{fmt.Errorf("wrapped: %w", refusal(403)), 403, "permission_error", "forbidden"},
		{refusal(429), 429, "rate_limit_error", "rate_limit_exceeded"},
		{refusal(451), 451, "invalid_request_error", "refused"},
		{refusal(500), 500, "server_error", "authentication_unavailable"},
		{refusal(599), 599, "server_error", "authentication_unavailable"},
		// These are no errors.
		{refusal(200), 401, "authentication_error", "unauthorized"},
		{refusal(600), 401, "authentication_error", "unauthorized"},
		// The session store did not answer.
		{context.DeadlineExceeded, 503, "server_error", "authentication_unavailable"},
		{fmt.Errorf("secret reason: %w", context.Canceled), 503, "server_error", "authentication_unavailable"},
	} {
		t.Run(fmt.Sprint(test.err, test.status), func(t *testing.T) {
			s := open(t, func(o *hybrid.Options) {
				o.Authenticate = func(*http.Request) (policy.Identity, error) { return policy.Identity{}, test.err }
			})
			a := s.post("/browser/route", `{}`)
			a.wantError(t, test.status, test.kind, test.code, "")
			if strings.Contains(string(a.body), "secret") {
				t.Errorf("the page is told %s", a.body)
			}
			if got := a.header.Get("WWW-Authenticate"); (got == "Bearer") != (test.status == 401) || got != "" && got != "Bearer" {
				t.Errorf("WWW-Authenticate is %q", got)
			}
		})
	}
}

// Middleware knows which scheme the app has.
func TestAuthenticateSchemeOfTheApp(t *testing.T) {
	s := open(t)
	serveWith(t, s, func(*http.Server) {}, func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			w.Header().Set("WWW-Authenticate", "Basic")
			h.ServeHTTP(w, req)
		})
	})
	if a := s.get("/models", "Authorization", ""); a.header.Get("WWW-Authenticate") != "Basic" {
		t.Errorf("headers: %v", a.header)
	}
}

// challenged is an app's error that knows what it wants.
type challenged struct{ error }

func (challenged) Challenge() string { return `Bearer error="invalid_token"` }

// A 401 carries the app's own challenge.
func TestChallenge(t *testing.T) {
	s := open(t, func(o *hybrid.Options) {
		o.Authenticate = func(*http.Request) (policy.Identity, error) {
			return policy.Identity{}, fmt.Errorf("session: %w", challenged{errors.New("the token has expired")})
		}
	})
	a := s.get("/browser/policy")
	a.wantError(t, http.StatusUnauthorized, "authentication_error", "unauthorized", "")
	if got := a.header.Get("WWW-Authenticate"); got != `Bearer error="invalid_token"` {
		t.Errorf("the challenge is %q", got)
	}
}
