package hybridtest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edgewise-ai/edgewise/hybrid"
	"github.com/edgewise-ai/edgewise/hybrid/ledger"
	"github.com/edgewise-ai/edgewise/hybrid/limit"
)

// free is what the attacker's tier may.
func free(o *hybrid.Options) {
	o.Tiers = map[string]hybrid.Allowance{"free": {
		Models: []string{"large"}, MaxPromptTokens: 100, MaxOutputTokens: 50, MaxChoices: 2,
	}}
}

// Every attack is refused with its code, and none is counted.
func testAttacks(t *testing.T, stores Replicas) {
	s := serve(t, stores.Stores, free)
	mallory := s.open("mallory/free")
	forged := forge(mallory.grant.Token, []byte("not the key of hybridtest"))
	altered := strings.Replace(mallory.grant.Token, mallory.grant.Token[10:14], "AAAA", 1)
	say := `"messages":[{"role":"user","content":"hello"}]`

	for _, attack := range []struct {
		name   string
		send   func() answer
		status int
		code   string
	}{
		{"no credentials", func() answer { return s.get("/browser/policy", "") }, 401, "unauthorized"},
		{"no credentials to generate", func() answer { return s.say("", "hello") }, 401, "unauthorized"},
		{"a tier in the body", func() answer {
			return s.post("/chat/completions", mallory.user, `{"model":"huge","tier":"pro","identity":{"tier":"pro"},`+say+`}`)
		}, 404, "model_not_found"},
		{"a tier in a header", func() answer {
			return s.post("/chat/completions", mallory.user, `{"model":"huge",`+say+`}`, "X-Edgewise-Tier", "pro")
		}, 404, "model_not_found"},
		{"a model off the list", func() answer { return s.say(mallory.user, "hello", `,"model":"huge"`) }, 404, "model_not_found"},
		{"a model off the list, simply", func() answer {
			return s.post("/generate", mallory.user, `{"prompt":"hello","model":"huge"}`)
		}, 404, "model_not_found"},
		{"local-only to the server", func() answer { return s.say(mallory.user, "secret", `,"privacy":"local-only"`) }, 403, "local_only"},
		{"local-only, and taken back", func() answer {
			return s.say(mallory.user, "secret", `,"privacy":"local-only","Privacy":""`)
		}, 403, "local_only"},
		{"local-only, simply", func() answer {
			return s.post("/generate", mallory.user, `{"prompt":"secret","privacy":"local-only"}`)
		}, 403, "local_only"},
		{"a long prompt", func() answer { return s.say(mallory.user, strings.Repeat("long ", 100)) }, 413, "prompt_too_long"},
		{"many choices", func() answer { return s.say(mallory.user, "hello", `,"n":3`) }, 400, "invalid_value"},
		{"a reason that is a text", func() answer {
			return s.say(mallory.user, "hello", `,"edgewise":{"reason":"Dear diary, …"}`)
		}, 400, "invalid_value"},
		{"another version", func() answer {
			return s.post("/generate", mallory.user, `{"prompt":"hello"}`, "X-Edgewise-Version", "7.0")
		}, 400, "unsupported_version"},
		{"no grant", func() answer { return s.post("/browser/analytics", "", batch("", mallory.claim(1, nil))) }, 401, "unauthorized"},
		{"a grant of another key", func() answer {
			return s.post("/browser/analytics", "", batch(forged, mallory.claim(1, nil)))
		}, 401, "invalid_grant"},
		{"an altered grant", func() answer {
			return s.post("/browser/analytics", "", batch(altered, mallory.claim(1, nil)))
		}, 401, "invalid_grant"},
		{"a grant that is none", func() answer {
			return s.post("/browser/analytics", "", batch("e30.AAAA", mallory.claim(1, nil)))
		}, 401, "invalid_grant"},
		{"another's report", func() answer {
			return mallory.report(s.open("victim/pro").claim(1, nil))
		}, 400, "invalid_value"},
		{"more reports than granted", func() answer {
			return mallory.report(mallory.claim(1, nil), mallory.claim(mallory.grant.MaxReports+1, nil))
		}, 403, "grant_exhausted"},
		{"a report of the server's", func() answer { return mallory.report(mallory.claim(1, map[string]any{"target": "server"})) }, 400, "invalid_value"},
		{"a negative count", func() answer { return mallory.report(mallory.claim(1, map[string]any{"promptTokens": -5})) }, 400, "invalid_value"},
		{"a text for a code", func() answer {
			return mallory.report(mallory.claim(1, map[string]any{"success": false, "errorCode": "my prompt was this"}))
		}, 400, "invalid_value"},
		{"everybody's savings", func() answer { return s.get("/browser/savings?scope=all", mallory.user) }, 403, "forbidden"},
	} {
		t.Run(attack.name, func(t *testing.T) { attack.send().want(t, attack.status, attack.code) })
	}

	s.wait(24*time.Hour + 8*24*time.Hour)
	mallory.report(mallory.claim(1, nil)).want(t, 401, "grant_expired")
	if got := s.summary().Total; got != (ledger.Tally{}) {
		t.Errorf("counted %+v", got)
	}
}

// forge signs the payload of a token with another key.
func forge(token string, key []byte) string {
	payload, _, _ := strings.Cut(token, ".")
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("edgewise grant v1\n" + payload))
	return payload + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// What can't be true is kept, and adds to no sum; what only could be false counts.
func testClaims(t *testing.T, stores Replicas) {
	s := serve(t, stores.Stores, nil)
	p := s.open("alice/free")
	other := s.open("bob/free")
	decision := p.decide()
	for n, change := range []map[string]any{
		{"completionTokens": 2000, "latencyMs": 1},                                      // no time
		{"promptTokens": 3000, "completionTokens": 2000},                                // no context window
		{"modelId": "never-heard-of", "promptTokens": 8_000_000, "latencyMs": 80000000}, // nobody's
		{"decidedBy": "server", "decisionId": "made-up"},                                // no decision
		other.decide(), // another's
		{"decidedBy": "server", "decisionId": decision["decisionId"], "reason": "sticky"}, // for another reason
	} {
		p.mustReport(p.claim(n+1, change))
	}
	got := s.summary()
	if diff := cmp.Diff(ledger.Tally{Suspect: 6}, got.Total); diff != "" {
		t.Fatal(diff)
	}

	// What honest pages say, and nobody can tell from a lie.
	for n, change := range []map[string]any{
		{"tokensPerSecondMilli": 50_000_000}, // all of it came at once, at the end
		{"latencyMs": 0},                     // unknown
		{"modelId": "never-heard-of"},        // has left the registry: saved nothing that we know of
		{"reason": "i.made.this.up"},         // an app's own policy, before the server signed decisions
	} {
		p.mustReport(p.claim(n+31, change))
	}
	want := ledger.Tally{Requests: 4, PromptTokens: 4 * 12, CompletionTokens: 4 * 40, AvoidedMicroUSD: 3 * worth, Suspect: 6}
	got = s.summary()
	if diff := cmp.Diff(want, got.Total); diff != "" {
		t.Fatal(diff)
	}
	for name, of := range map[string]map[string]ledger.BySource{"never-heard-of": got.ByModel, "i.made.this.up": got.ByReason} {
		if of[name] != nil || of["other"] == nil {
			t.Errorf("%s has a group of its own: %v", name, of)
		}
	}

	// One decision is good for the candidate and three alternates.
	for n := range 6 {
		p.mustReport(p.claim(n+11, decision))
		p.mustReport(p.claim(n+11, decision)) // delivered again
	}
	p.mustReport(p.claim(21, map[string]any{"decidedBy": "server"})) // says so, and can't prove it: the page's claim
	want.Add(ledger.Tally{Requests: 5, PromptTokens: 5 * 12, CompletionTokens: 5 * 40, AvoidedMicroUSD: 5 * worth, Suspect: 2})
	if diff := cmp.Diff(want, s.summary().Total); diff != "" {
		t.Error(diff)
	}
}

// Floods are refused beyond the rate, say when to come back, and hold no memory.
func testFloods(t *testing.T, stores Replicas) {
	s := serve(t, stores.Stores, func(o *hybrid.Options) {
		o.Allowance = hybrid.Allowance{
			Requests: limit.Rate{Amount: 6, Per: time.Minute, Burst: 10},
			Reports:  limit.Rate{Amount: 60, Per: time.Minute, Burst: 100},
		}
	})
	p := s.open("mallory/free")
	before := heap()
	taken := 0
	for range 200 {
		switch a := s.say(p.user, "hello"); a.status {
		case http.StatusOK:
			taken++
		default:
			a.want(t, 429, "rate_limit_exceeded")
			if a.header.Get("Retry-After") != "10" {
				t.Fatalf("Retry-After is %q, want 10", a.header.Get("Retry-After"))
			}
		}
	}
	reports := 0
	for n := range 20 {
		var claims []map[string]any
		for i := range 50 {
			claims = append(claims, p.claim(n*50+i+1, nil))
		}
		switch a := p.report(claims...); a.status {
		case http.StatusAccepted:
			reports += 50
		default:
			a.want(t, 429, "rate_limit_exceeded")
		}
	}
	if taken != 10 || reports != 100 {
		t.Errorf("%d requests and %d reports were taken, want 10 and 100", taken, reports)
	}
	if grown := heap() - before; grown > 8<<20 {
		t.Errorf("the heap has grown by %d bytes", grown)
	}
	s.wait(10 * time.Second)
	s.say(p.user, "hello").want(t, 200, "")
	s.say(p.user, "hello").want(t, 429, "rate_limit_exceeded")
	s.say("other/free", "hello").want(t, 200, "") // floods are their own sender's
	if got := s.summary().Total.Requests; got != 10+100+2 {
		t.Errorf("%d are counted, want 112", got)
	}
}

// heap is how much is held.
func heap() int64 {
	runtime.GC()
	runtime.GC() // what a pool held is let go in two steps
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// endless is a body that nobody has to hold.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

// A body that is too long is refused before it has been read. (Without a network: a
// client that is still sending may not see the answer.)
func testLargeBodies(t *testing.T, stores Replicas) {
	s := serve(t, stores.Stores, nil)
	const posts, size = 10, 10 << 20
	var m runtime.MemStats
	for _, path := range []string{"/browser/route", "/browser/analytics", "/generate", "/chat/completions"} {
		runtime.ReadMemStats(&m)
		before := m.TotalAlloc
		for range posts {
			req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, hybrid.DefaultPrefix+path, io.LimitReader(endless{}, size))
			req.ContentLength = size
			req.Header.Set("Content-Type", "application/json")
			req.Header.Set("Authorization", "Bearer mallory/free")
			w := httptest.NewRecorder()
			s.handler.ServeHTTP(w, req)
			answer{w.Code, w.Header(), w.Body.Bytes()}.want(t, 413, "body_too_large")
		}
		runtime.ReadMemStats(&m)
		if each := (m.TotalAlloc - before) / posts; each > 3<<20 {
			t.Errorf("%s: a body of %d bytes took %d bytes of memory", path, size, each)
		}
	}
	if got := s.summary().Total; got != (ledger.Tally{}) {
		t.Errorf("counted %+v", got)
	}
}
