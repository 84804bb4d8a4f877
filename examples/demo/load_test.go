package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/edgewise-ai/edgewise/policy"
)

// pause is how long pages do nothing after each request, unless they hurry: they have
// nothing to generate, and would leave the askers no time.
const pause = 5 * time.Millisecond

// maxUnstored bounds what the load has sent and not seen in the table: a queue that
// holds less than its BatchSize writes all of it at once, so that the window of what a
// crash can lose is two Appends.
const maxUnstored = 400

// load asks and reports until the demo is gone.
type load struct {
	t     *testing.T
	book  *book
	url   string
	room  func(ctx context.Context) bool // waits; false once ctx has ended
	hurry atomic.Bool                    // pages report as fast as there is room, so that the queue never runs empty
}

// run returns when no worker can reach the demo any more, or ctx has ended.
func (l *load) run(ctx context.Context) {
	var workers sync.WaitGroup
	for i := range 3 {
		workers.Go(func() { l.page(ctx, 1+7*i) })
	}
	for range 2 {
		workers.Go(func() { l.asker(ctx) })
	}
	workers.Wait()
}

// page reports in batches, and opens anew when its grant is used up.
func (l *load) page(ctx context.Context, size int) {
	client := newClient()
	defer client.CloseIdleConnections()
	var next batch
	for l.room(ctx) {
		if last := next.from + next.count; next.grant.ID == "" || last+size > next.grant.MaxReports {
			grant, err := fetchGrant(ctx, client, l.url)
			if err != nil {
				l.gone(err)
				return
			}
			next = batch{grant: grant, from: 1}
		} else {
			next.from = last
		}
		next.count = size
		if err := l.book.deliver(ctx, client, l.url, next); err != nil {
			l.gone(err)
			return
		}
		if !l.hurry.Load() {
			time.Sleep(pause)
		}
	}
}

// asker asks for answers until there are no more of them.
func (l *load) asker(ctx context.Context) {
	client := newClient()
	defer client.CloseIdleConnections()
	for l.room(ctx) {
		a, ok := l.book.ask()
		if !ok {
			return
		}
		if err := call(ctx, client, http.MethodPost, l.url+"/api/v1/generate", a.body(), http.StatusOK, nil); err != nil {
			l.gone(err)
			return
		}
		l.book.ack(a.key())
	}
}

// gone is why a worker stops: any other reason than that nobody answers is a failure.
func (l *load) gone(err error) {
	if refused := (*statusError)(nil); errors.As(err, &refused) {
		l.t.Error(err)
	}
}

func newClient() *http.Client {
	return &http.Client{Transport: &http.Transport{}, Timeout: 30 * time.Second}
}

func fetchGrant(ctx context.Context, client *http.Client, url string) (policy.Grant, error) {
	var snapshot struct{ Grant policy.Grant }
	err := call(ctx, client, http.MethodGet, url+"/api/v1/browser/policy", nil, http.StatusOK, &snapshot)
	return snapshot.Grant, err
}

// statusError is an answer that should have been another.
type statusError struct{ text string }

func (e *statusError) Error() string { return e.text }

// call asks and reads the whole answer, as JSON if that is wanted. Any answer of another
// status is a statusError; other errors are that there was none.
func call(ctx context.Context, client *http.Client, method, url string, body []byte, status int, answer any) error {
	req, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	read, err := io.ReadAll(resp.Body)
	switch {
	case err != nil:
		return err
	case resp.StatusCode != status:
		return &statusError{fmt.Sprintf("%s %s: status %d: %s", method, url, resp.StatusCode, read)}
	case answer == nil:
		return nil
	}
	return json.Unmarshal(read, answer)
}
