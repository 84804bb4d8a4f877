package hybrid_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/edgewise-ai/edgewise/hybrid"
	"github.com/edgewise-ai/edgewise/hybrid/ledger"
	"github.com/edgewise-ai/edgewise/policy"
)

// snapshot fetches a snapshot.
func (s *service) snapshot() policy.Snapshot {
	s.t.Helper()
	a := s.get("/browser/policy")
	if a.status != http.StatusOK {
		s.t.Fatalf("status %d: %s", a.status, a.body)
	}
	var snapshot policy.Snapshot
	a.decode(s.t, &snapshot)
	return snapshot
}

func (s *service) grant() *policy.Grant {
	s.t.Helper()
	return s.snapshot().Grant
}

// The snapshot decides as the router does.
func TestSnapshotDecides(t *testing.T) {
	s := open(t)
	snapshot := s.snapshot()
	if snapshot.MaxAge != 300 || snapshot.StaleIfUnreachable != 2592000 || snapshot.Subject.Tier != "pro" || len(snapshot.Models) != 2 {
		t.Errorf("got %+v", snapshot)
	}
	decider, err := snapshot.Decider()
	if err != nil {
		t.Fatal(err)
	}
	for _, length := range []int64{1, 2000, 2001, 1 << 40} {
		in := policy.Input{Request: &policy.Request{PromptLength: length}, Subject: &snapshot.Subject}
		want, err := s.router.Route(t.Context(), policy.Input{Identity: policy.Identity{Subject: "alice", Tier: "pro"}, Request: in.Request})
		if err != nil {
			t.Fatal(err)
		}
		if got := decider.Decide(t.Context(), in); got.Target != want.Target || got.Reason != want.Reason {
			t.Errorf("length %d: %s, %s in the snapshot, %s, %s in the router", length, got.Target, got.Reason, want.Target, want.Reason)
		}
	}
}

func TestSnapshotRevalidates(t *testing.T) {
	now := noon
	s := open(t, func(o *hybrid.Options) { o.Now = func() time.Time { return now } })
	first := s.get("/browser/policy")
	etag := first.header.Get("ETag")
	if etag == "" || first.header.Get("Cache-Control") != "private, no-cache" || first.header.Get("Vary") != "Authorization, Cookie" {
		t.Fatalf("headers: %v", first.header)
	}
	again := s.get("/browser/policy", "If-None-Match", etag)
	if again.status != http.StatusNotModified || len(again.body) != 0 || again.header.Get("ETag") != etag {
		t.Errorf("got %d with %d bytes", again.status, len(again.body))
	}
	now = now.Add(time.Hour)
	if a := s.get("/browser/policy", "If-None-Match", etag); a.status != http.StatusNotModified {
		t.Errorf("an hour later, in the same window: %d", a.status)
	}
	now = now.Add(6 * time.Hour)
	if a := s.get("/browser/policy", "If-None-Match", etag); a.status != http.StatusOK {
		t.Errorf("in the next window: %d", a.status)
	}
}

func TestSnapshotIsTheAskersOwn(t *testing.T) {
	s := open(t)
	alice := s.get("/browser/policy")
	s.token = "bob/free"
	bob := s.get("/browser/policy", "If-None-Match", alice.header.Get("ETag"))
	if bob.status != http.StatusOK {
		t.Fatalf("bob may use alice's snapshot: %d", bob.status)
	}
	s.token = "alice/free"
	if a := s.get("/browser/policy", "If-None-Match", alice.header.Get("ETag")); a.status != http.StatusOK {
		t.Errorf("alice kept her old tier: %d", a.status)
	}
	var a, b policy.Snapshot
	alice.decode(t, &a)
	bob.decode(t, &b)
	if a.Revision != b.Revision || a.Subject.RolloutBucket == b.Subject.RolloutBucket || b.Subject.Tier != "free" {
		t.Errorf("alice %+v, bob %+v", a.Subject, b.Subject)
	}
}

// Two pages of one user number their reports alike, so they must not share a
// grant; neither must two anonymous users.
func TestSnapshotGrantsAreUnique(t *testing.T) {
	s := open(t, func(o *hybrid.Options) { o.Authenticate = hybrid.AllowAnonymous })
	a, b := s.grant(), s.grant()
	if a.ID == b.ID || a.Token == b.Token {
		t.Errorf("two pages share the grant %s", a.ID)
	}
	if want := noon.Add(24 * time.Hour).Unix(); a.Expires != want || a.MaxReports != 1000 {
		t.Errorf("grant %+v, want it to expire at %d", a, want)
	}
}

// Two users whom the server treats alike still have grants of their own.
func TestSnapshotTagDependsOnIdentity(t *testing.T) {
	s := open(t)
	seen := make(map[int]string) // subjects by bucket
	for n := 0; ; n++ {
		s.token = fmt.Sprintf("user%d", n)
		first := s.snapshot().Subject
		other, twice := seen[first.RolloutBucket]
		seen[first.RolloutBucket] = s.token
		if !twice {
			continue
		}
		etag := s.get("/browser/policy").header.Get("ETag")
		name := s.token
		s.token = other
		if second := s.snapshot().Subject; second != first {
			t.Fatalf("subjects %+v and %+v differ", first, second)
		}
		if a := s.get("/browser/policy", "If-None-Match", etag); a.status != http.StatusOK {
			t.Errorf("%s gets %d for the tag of %s", other, a.status, name)
		}
		return
	}
}

// A list of tags may come in several lines.
func TestSnapshotReadsAllTags(t *testing.T) {
	s := open(t)
	etag := s.get("/browser/policy").header.Get("ETag")
	req, err := http.NewRequest(http.MethodGet, s.url+"/browser/policy", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header = http.Header{"Authorization": {"Bearer " + s.token}, "If-None-Match": {`"a", "b"`, etag}}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusNotModified {
		t.Errorf("status %d", resp.StatusCode)
	}
}

// The caller may wipe its copy of a key.
func TestSigningKeysAreCopied(t *testing.T) {
	key := []byte("a key that is wiped after use")
	s := open(t, func(o *hybrid.Options) { o.SigningKeys = [][]byte{key} })
	g := s.grant()
	clear(key)
	s.report(single(g, reportJSON(g, 1)), ledger.Receipt{Accepted: 1})
}

// A page must not keep a grant whose key is gone.
func TestSnapshotChangesWithItsKey(t *testing.T) {
	etag := open(t).get("/browser/policy").header.Get("ETag")
	other := open(t, func(o *hybrid.Options) { o.SigningKeys = [][]byte{[]byte("another key of the tests")} })
	if a := other.get("/browser/policy", "If-None-Match", etag); a.status != http.StatusOK {
		t.Errorf("status %d", a.status)
	}
}

func TestBrowserModels(t *testing.T) {
	s := open(t)
	a := s.get("/browser/models")
	var list struct {
		Revision string
		Models   []json.RawMessage
	}
	a.decode(t, &list)
	if a.status != http.StatusOK || list.Revision == "" || len(list.Models) != 2 {
		t.Fatalf("%d: %s", a.status, a.body)
	}
	if again := s.get("/browser/models", "If-None-Match", a.header.Get("ETag")); again.status != http.StatusNotModified {
		t.Errorf("status %d", again.status)
	}
	head := s.do(http.MethodHead, "/browser/models", "")
	if head.status != http.StatusOK || len(head.body) != 0 || head.header.Get("ETag") != a.header.Get("ETag") ||
		head.header.Get("Content-Length") != a.header.Get("Content-Length") {
		t.Errorf("HEAD: %d, %v", head.status, head.header)
	}
}
