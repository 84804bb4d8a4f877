package tokens

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/edgewise-ai/edgewise/policy"
)

// A copy of the store lets nobody in.
func TestStoreHoldsNoToken(t *testing.T) {
	s := New(time.Minute, time.Now)
	token := s.Issue(policy.Identity{Subject: "alice"})
	for hash, r := range s.records {
		if stored := fmt.Sprintf("%s %v", hash, r.who); !strings.Contains(stored, "alice") || strings.Contains(stored, token) {
			t.Errorf("the store holds %q", stored)
		}
	}
}

func TestTokensExpireAndAreForgotten(t *testing.T) {
	now := time.Unix(0, 0)
	s := New(time.Minute, func() time.Time { return now })
	req := httptest.NewRequest(http.MethodGet, "/", nil)
	req.Header.Set("Authorization", "Bearer "+s.Issue(policy.Identity{Subject: "alice"}))
	now = now.Add(time.Minute - 1)
	if who, err := s.WhoAsks(req); err != nil || who.Subject != "alice" {
		t.Errorf("before it expires: %v, %v", who, err)
	}
	now = now.Add(1)
	if who, err := s.WhoAsks(req); err == nil {
		t.Errorf("after: %v", who)
	}
	s.Issue(policy.Identity{Subject: "bob"})
	if n := len(s.records); n != 1 {
		t.Errorf("%d tokens are kept: the old one is of no use", n)
	}
}
