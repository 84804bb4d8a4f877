package main

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/edgewise-ai/edgewise/examples/tinymodel"
	"github.com/edgewise-ai/edgewise/hybrid/ledger"
	"github.com/edgewise-ai/edgewise/policy"
)

// An answer of the server has cost something, and one of a browser has saved it.
func TestSavings(t *testing.T) {
	s := open(t)
	var completion completion
	s.post("/api/v1/chat/completions", `{`+question+`}`, &completion)
	if a := s.reportOne(s.grant(), 1); a.status != http.StatusAccepted {
		t.Fatalf("status %d: %s", a.status, a.body)
	}
	const cost = 12 // (18 + 12) tokens at 0.39 millionths
	want := ledger.BySource{
		ledger.Server:  {Requests: 1, PromptTokens: 18, CompletionTokens: 12, CostMicroUSD: cost},
		ledger.Browser: {Requests: 1, PromptTokens: 18, CompletionTokens: 12, AvoidedMicroUSD: cost},
	}
	got := s.savings()
	for source, tally := range want {
		if got.BySource[source] != tally || got.ByModel[tinymodel.ID][source] != tally {
			t.Errorf("%s: %+v, want %+v", source, got.BySource[source], tally)
		}
	}
	if page := s.get("/").body; !strings.Contains(page, "$0.39 for a million") || !strings.Contains(page, `tokens="0.39"`) {
		t.Error("the page does not say the price")
	}
}

// The price is in every snapshot, and decides nothing.
func TestPriceDecidesNothing(t *testing.T) {
	var got struct{ Reason policy.Reason }
	body := `{"capabilities":` + desktop + `,"promptLength":100,"maxTokens":500}`
	open(t).post("/api/v1/browser/route", body, &got)
	if got.Reason != policy.OptimalForBrowser {
		t.Errorf("the reason is %s", got.Reason)
	}
}

// A page that was open before a restart goes on reporting after it.
func TestAccountOutlivesTheDemo(t *testing.T) {
	folder := t.TempDir()
	flags := []string{"-db", filepath.Join(folder, "made", "a?b%20c.sqlite"), "-keys-file", filepath.Join(folder, "kept", "keys")}
	first := open(t, flags...)
	grant := first.grant()
	if a := first.reportOne(grant, 1); a.status != http.StatusAccepted {
		t.Fatalf("status %d: %s", a.status, a.body)
	}
	first.stop()

	second := open(t, flags...)
	for n := range 2 {
		if a := second.reportOne(grant, 1+n); a.status != http.StatusAccepted {
			t.Errorf("status %d: %s", a.status, a.body)
		}
	}
	if got := second.savings().Total.Requests; got != 2 {
		t.Errorf("%d requests, want the one from before and another", got)
	}
	if page := second.get("/").body; !strings.Contains(page, "They are kept in a SQLite file, which outlives the demo.") {
		t.Error("the page does not say where")
	}
	entries, err := os.ReadDir(folder)
	if err != nil || len(entries) != 2 {
		t.Errorf("%v, %v: want a folder each", entries, err)
	}
}

func TestAccountInMemoryLeavesNothing(t *testing.T) {
	keys := filepath.Join(t.TempDir(), "keys")
	s := open(t, "-keys-file", keys)
	if _, err := os.Stat(keys); err == nil {
		t.Error("there are keys")
	}
	if page := s.get("/").body; !strings.Contains(page, "They are kept in memory until the demo ends.") {
		t.Error("the page does not say where")
	}
}

func TestKeys(t *testing.T) {
	file := filepath.Join(t.TempDir(), "keys")
	made, err := readKeys(file)
	if err != nil || len(made) != 1 || len(made[0]) < 32 {
		t.Fatalf("%d keys, %v", len(made), err)
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("others may read it: %v, %v", info.Mode(), err)
	}
	rotated := append([]byte("0123456789abcdef\n"), made[0]...)
	if err := os.WriteFile(file, rotated, 0o600); err != nil {
		t.Fatal(err)
	}
	keys, err := readKeys(file)
	if err != nil || len(keys) != 2 || string(keys[0]) != "0123456789abcdef" || !bytes.Equal(keys[1], made[0]) {
		t.Errorf("%q, %v", keys, err)
	}
	if left, err := os.ReadDir(filepath.Dir(file)); err != nil || len(left) != 1 {
		t.Errorf("%v, %v: want the one file", left, err)
	}
	if err := os.WriteFile(file, []byte("\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := readKeys(file); err == nil || !strings.Contains(err.Error(), "has no key in it") {
		t.Errorf("got %v", err)
	}
}

// Demos that start together agree on one key.
func TestKeysAreMadeOnce(t *testing.T) {
	file := filepath.Join(t.TempDir(), "keys")
	var wait sync.WaitGroup
	made := make([]string, 8)
	for i := range made {
		wait.Go(func() {
			keys, err := readKeys(file)
			if err != nil {
				t.Error(err)
				return
			}
			made[i] = string(keys[0])
		})
	}
	wait.Wait()
	for _, key := range made {
		if key != made[0] {
			t.Errorf("got the keys %q", made)
		}
	}
}

// savings are everybody's.
func (s *service) savings() (all ledger.Summary) {
	s.t.Helper()
	s.decode(s.get("/api/v1/browser/savings?scope=all"), &all)
	return all
}

// grant is what a page that is opened now may report by.
func (s *service) grant() policy.Grant {
	s.t.Helper()
	var snapshot struct{ Grant policy.Grant }
	s.decode(s.get("/api/v1/browser/policy"), &snapshot)
	return snapshot.Grant
}

// reportOne tells of one answer in a browser.
func (s *service) reportOne(g policy.Grant, n int) answer {
	s.t.Helper()
	return s.do(http.MethodPost, "/api/v1/browser/analytics", fmt.Sprintf(
		`{"grant":%q,"reports":[{"id":"%s.%d","modelId":%q,"promptTokens":18,"completionTokens":12,"latencyMs":100,"success":true}]}`,
		g.Token, g.ID, n, tinymodel.ID))
}
