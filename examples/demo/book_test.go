package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/edgewise-ai/edgewise/examples/tinymodel"
	"github.com/edgewise-ai/edgewise/policy"
)

// book says what was sent to a demo, and what the demo has acknowledged, by keys of which
// there is one for each: for an answer how it was asked for, for a report its ID.
type book struct {
	mu        sync.Mutex
	answers   int             // asked for
	sent      map[string]bool // all of it
	acks      []string        // what the demo that runs has acknowledged, in that order
	must      []string        // what demos before it had to keep
	delivered []batch         // with a receipt
	kept      []batch         // without one: the page goes on trying, as the client does
}

// batch is the reports of one request.
type batch struct {
	grant policy.Grant
	from  int // its first number
	count int
}

func (b *batch) ids() []string {
	ids := make([]string, b.count)
	for i := range ids {
		ids[i] = fmt.Sprintf("%s.%d", b.grant.ID, b.from+i)
	}
	return ids
}

func newBook() *book { return &book{sent: make(map[string]bool)} }

// send notes what is about to be sent.
func (b *book) send(keys ...string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, key := range keys {
		b.sent[key] = true
	}
}

// ask returns what is to be asked for next, and notes it.
func (b *book) ask() (asked, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	a, ok := nthAsked(b.answers)
	if ok {
		b.answers++
		b.sent[a.key()] = true
	}
	return a, ok
}

// ack notes what has been acknowledged.
func (b *book) ack(keys ...string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.acks = append(b.acks, keys...)
}

// counts returns how much was sent and acknowledged so far.
func (b *book) counts() (sent, acknowledged int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.sent), len(b.acks)
}

// reports returns how many reports were sent, each counted once.
func (b *book) reports() int { return len(b.sent) - b.answers }

// end notes that a demo has ended, and what it had to keep.
func (b *book) end(must []string) {
	b.must = append(b.must, must...)
	b.acks = nil
}

// deliver sends a batch and notes what came of it. The error is nil if there is a receipt
// for all of it.
func (b *book) deliver(ctx context.Context, client *http.Client, url string, batch batch) error {
	ids := batch.ids()
	reports := make([]map[string]any, len(ids))
	for i, id := range ids {
		reports[i] = map[string]any{
			"id": id, "target": "browser", "modelId": tinymodel.ID, "framework": "transformers.js", "reason": "optimal_for_browser",
			"promptTokens": claimedPrompt, "completionTokens": claimedCompletion, "latencyMs": 100, "success": true,
		}
	}
	body, err := json.Marshal(map[string]any{"grant": batch.grant.Token, "reports": reports})
	if err != nil {
		return err
	}
	b.send(ids...)
	var receipt struct{ Accepted, Duplicates int }
	err = call(ctx, client, http.MethodPost, url+"/api/v1/browser/analytics", body, http.StatusAccepted, &receipt)
	if err == nil && receipt.Accepted+receipt.Duplicates != len(ids) {
		err = &statusError{fmt.Sprintf("%d of %d reports accepted, %d known", receipt.Accepted, len(ids), receipt.Duplicates)}
	}
	if err == nil {
		b.ack(ids...)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if err == nil {
		b.delivered = append(b.delivered, batch)
	} else {
		b.kept = append(b.kept, batch)
	}
	return err
}

// retry sends what has no receipt yet.
func (b *book) retry(t *testing.T, url string) {
	t.Helper()
	kept := b.kept
	b.kept = nil
	b.again(t, url, kept)
}

// repeat sends everything again, also what has a receipt.
func (b *book) repeat(t *testing.T, url string) {
	t.Helper()
	b.again(t, url, slices.Clone(b.delivered))
}

func (b *book) again(t *testing.T, url string, batches []batch) {
	t.Helper()
	client := newClient()
	defer client.CloseIdleConnections()
	for _, batch := range batches {
		if err := b.deliver(t.Context(), client, url, batch); err != nil {
			t.Fatal(err)
		}
	}
}

// What one report of the load claims.
const (
	claimedPrompt     = 3
	claimedCompletion = 7
)

// asked is how one answer is asked for: no other has as many tokens for the same reason,
// and so it can be found in the ledger.
type asked struct {
	reason policy.Reason
	tokens int
}

// maxTokens is the longest answer: short, so that it leaves the demo when its handler has
// returned, and is accounted for.
const maxTokens = 25

// reasons are some for which pages ask the server.
var reasons = []policy.Reason{
	policy.InsufficientDevice, policy.NoCompatibleModel, policy.ModelTooLarge, policy.ContextWindowExceeded,
	policy.FeatureUnsupported, policy.MeteredNetwork, policy.BrowserUnhealthy, policy.TooSlow,
	policy.UserDisabledBrowser, policy.ModelNotReady, policy.RequestTooComplex, policy.LowBattery,
}

// nthAsked returns different ones for different numbers, while there are any.
func nthAsked(n int) (a asked, ok bool) {
	if n >= len(reasons)*maxTokens {
		return asked{}, false
	}
	return asked{reasons[n%len(reasons)], 1 + n/len(reasons)}, true
}

// askedPrefix begins the keys of answers, so that no report has one of them.
const askedPrefix = "asked "

func (a asked) key() string { return fmt.Sprintf("%s%s %d", askedPrefix, a.reason, a.tokens) }

func (a asked) body() []byte {
	return fmt.Appendf(nil, `{"prompt":"Count from 1 to 60","maxTokens":%d,"temperature":0,"edgewise":{"reason":%q}}`, a.tokens, a.reason)
}

func answersAmong(keys []string) (n int) {
	for _, key := range keys {
		if strings.HasPrefix(key, askedPrefix) {
			n++
		}
	}
	return n
}
