package tokens

import (
	"encoding/json"
	"net/http"

	"github.com/edgewise-ai/edgewise/policy"
)

// Grant is what the page gets.
type Grant struct {
	Token     string `json:"token"`
	ExpiresIn int    `json:"expiresIn"` // seconds
}

// SignIn answers with a Grant for a guest. It stands for the service's own way to sign
// in, which knows its users.
func (s *Store) SignIn(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(Grant{ // a client that has gone needs none
		Token:     s.Issue(policy.Identity{Subject: "guest", Tier: "free"}),
		ExpiresIn: int(s.lifetime.Seconds()),
	})
}
