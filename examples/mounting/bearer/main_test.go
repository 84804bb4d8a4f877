package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/edgewise-ai/edgewise/examples/mounting/internal/streamtest"
	"github.com/edgewise-ai/edgewise/examples/mounting/internal/tokens"
	"github.com/edgewise-ai/edgewise/policy"
)

// service is a running service with a clock.
type service struct {
	url     string
	model   *streamtest.Model
	tokens  *tokens.Store
	elapsed atomic.Int64 // nanoseconds
}

func open(t *testing.T) *service {
	t.Helper()
	s := &service{model: streamtest.NewModel()}
	s.tokens = tokens.New(time.Minute, func() time.Time { return time.Unix(0, s.elapsed.Load()) })
	handler, err := newService(t.Context(), s.model.Backend(), s.tokens)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

// request asks for a stream.
func (s *service) request(t *testing.T, authorization string) *http.Request {
	t.Helper()
	req := streamtest.Request(t, s.url+"/api/v1")
	req.Header.Set("Authorization", authorization)
	return req
}

// token gets a token as the page does.
func (s *service) token(t *testing.T) string {
	t.Helper()
	resp, err := http.Post(s.url+"/token", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var got tokens.Grant
	if err := json.NewDecoder(resp.Body).Decode(&got); err != nil || got.ExpiresIn != 60 || resp.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("%v, %+v, %v", err, got, resp.Header)
	}
	return got.Token
}

func wantRefused(t *testing.T, req *http.Request) {
	t.Helper()
	resp, _ := streamtest.Send(t, http.DefaultClient, req)
	if resp.StatusCode != http.StatusUnauthorized || resp.Header.Get("WWW-Authenticate") != "Bearer" {
		t.Errorf("%q: %s, %v", req.Header.Get("Authorization"), resp.Status, resp.Header)
	}
}

func TestToken(t *testing.T) {
	s := open(t)
	token := s.token(t)
	for _, authorization := range []string{"Bearer " + token, "bearer " + token} { // the scheme's case is no matter
		streamtest.PieceByPiece(t, s.model, http.DefaultClient, s.request(t, authorization))
	}
	for _, authorization := range []string{"", "Bearer", "Bearer ", "Bearer guess", "Basic " + token, token, "Bearer " + token + "x"} {
		wantRefused(t, s.request(t, authorization))
	}
}

// A token that expires ends no stream, only what would begin after it; a page that
// fetches another one goes on.
func TestExpiry(t *testing.T) {
	s := open(t)
	old := s.request(t, "Bearer "+s.token(t))
	s.model.Say("one")
	stream := streamtest.Open(t, http.DefaultClient, old)
	stream.Want("one")
	s.elapsed.Add(int64(time.Minute))
	stream.Finish(s.model, "two")

	wantRefused(t, s.request(t, old.Header.Get("Authorization")))
	streamtest.PieceByPiece(t, s.model, http.DefaultClient, s.request(t, "Bearer "+s.token(t)))
}

func TestTierIsOfTheRecord(t *testing.T) {
	s := open(t)
	for _, tier := range []string{"free", "pro"} {
		req := streamtest.Get(t, s.url+"/api/v1/browser/policy", "")
		req.Header.Set("Authorization", "Bearer "+s.tokens.Issue(policy.Identity{Subject: "alice", Tier: tier}))
		_, body := streamtest.Send(t, http.DefaultClient, req)
		var snapshot struct{ Subject policy.Subject }
		if err := json.Unmarshal(body, &snapshot); err != nil || snapshot.Subject.Tier != tier {
			t.Errorf("%v, tier %q, want %q", err, snapshot.Subject.Tier, tier)
		}
	}
}
