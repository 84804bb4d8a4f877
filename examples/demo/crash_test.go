package main

import (
	"context"
	"errors"
	"net/http"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/edgewise-ai/edgewise/hybrid/ledger"
)

// How much of a load must be stored before pages hurry, and how much after that before
// the demo is told to end. The load goes on then.
const (
	safeEntries = 200
	safeAnswers = 5
	safeHurried = 500
)

// leastWaiting is how much waits in the queue of a demo that is told to end; somewhat less
// if some of it is still on its way there.
const leastWaiting = maxUnstored / 2

// A demo that is killed in the middle of a load loses what its queue had not stored yet,
// and nothing else; and what pages tell again afterwards, it counts once.
func TestKilled(t *testing.T) {
	eachDatabase(t, func(t *testing.T, database string) {
		tr := newTrial(t, database)
		for range 2 {
			safe := tr.load(func(*watch) { tr.kill() })
			acknowledged := tr.book.acks
			tr.book.end(safe)
			found := tr.check()
			lost := faults(found, acknowledged, tr.book.sent)
			t.Logf("killed after %d acknowledgements: %d lost, of %d not known to be safe", len(acknowledged), len(lost), len(acknowledged)-len(safe))
			tr.start()
			tr.book.retry(t, tr.demo.url) // by the grants of the demo before
			tr.checkSums()
		}
		// A page can't know what is lost of what it was told is accepted. If it did, and
		// told all of it again, then each report would count once.
		tr.book.repeat(t, tr.demo.url)
		if got, want := tr.checkSums(), int64(tr.book.reports()); got != want {
			t.Errorf("%d reports counted, want each of %d once", got, want)
		}
	})
}

// A demo that is told to end in the middle of a load loses nothing.
func TestToldToEnd(t *testing.T) {
	eachDatabase(t, func(t *testing.T, database string) {
		tr := newTrial(t, database)
		tr.load(tr.end)
		t.Logf("ended after %d acknowledgements", len(tr.book.acks))
		tr.book.end(tr.book.acks)
		tr.check()
		tr.start()
		tr.book.retry(t, tr.demo.url)
		if got, want := tr.checkSums(), int64(tr.book.reports()); got != want {
			t.Errorf("%d reports counted, want each of %d once", got, want)
		}
	})
}

// trial is a demo under load, and the database that outlives it.
type trial struct {
	t     *testing.T
	flags []string
	table *table
	book  *book
	demo  *process
}

func newTrial(t *testing.T, database string) *trial {
	t.Helper()
	tr := &trial{
		t:     t,
		flags: []string{"-db", database, "-keys-file", filepath.Join(t.TempDir(), "keys")},
		book:  newBook(),
	}
	tr.start()
	tr.table = openTable(t, database) // which the demo has made
	return tr
}

func (tr *trial) start() {
	tr.t.Helper()
	tr.demo = start(tr.t, tr.flags...)
}

// load puts load on the demo, in the middle of which end ends it. It returns what was safe
// before.
func (tr *trial) load(end func(*watch)) (safe []string) {
	tr.t.Helper()
	ctx, cancel := context.WithTimeout(tr.t.Context(), time.Minute)
	w := newWatch(tr.table, tr.book)
	l := &load{t: tr.t, book: tr.book, url: tr.demo.url, room: w.room}
	var work sync.WaitGroup
	work.Go(func() { w.run(ctx) })
	work.Go(func() { l.run(ctx) })
	defer work.Wait()
	defer cancel()
	wait := func(enough func() bool) {
		tr.t.Helper()
		for safe = w.safe(); !enough(); safe = w.safe() {
			if ctx.Err() != nil || tr.t.Failed() {
				tr.t.Fatalf("the load has come to an end of its own: %d are safe", len(safe))
			}
			time.Sleep(time.Millisecond)
		}
	}
	wait(func() bool { return len(safe) >= safeEntries && answersAmong(safe) >= safeAnswers })
	before := len(safe)
	l.hurry.Store(true)
	wait(func() bool { return len(safe) >= before+safeHurried })
	end(w)
	return safe
}

// kill ends the demo as kill -9 does.
func (tr *trial) kill() {
	tr.t.Helper()
	if err := tr.demo.tell(syscall.SIGKILL); err != nil {
		tr.t.Fatal(err)
	}
	var killed *exec.ExitError
	if ended := tr.demo.wait(); !errors.As(ended, &killed) || killed.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		tr.t.Fatalf("it ended with %v before it was killed", ended)
	}
}

// end tells the demo to end while its queue can't store anything.
func (tr *trial) end(w *watch) {
	tr.t.Helper()
	unlock := tr.table.lock()
	defer unlock()
	for deadline := time.Now().Add(patience); w.unstored() < leastWaiting; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			tr.t.Fatal("the load has come to an end of its own")
		}
	}
	if err := tr.demo.tell(syscall.SIGTERM); err != nil {
		tr.t.Fatal(err)
	}
	select {
	case ended := <-tr.demo.ended:
		tr.t.Fatalf("it ended with %v, and what waited is lost", ended)
	case <-time.After(200 * time.Millisecond): // a demo that doesn't wait for its queue is gone by now
	}
	unlock()
	if ended := tr.demo.wait(); ended != nil {
		tr.t.Fatalf("it ended with %v", ended)
	}
}

// check compares the table with the book.
func (tr *trial) check() map[string]int {
	tr.t.Helper()
	found := tr.table.keys()
	all := faults(found, slices.Concat(tr.book.must, tr.book.acks), tr.book.sent)
	if len(all) > 0 {
		tr.t.Fatalf("%d faults, such as these: %q", len(all), all[:min(len(all), 5)])
	}
	return found
}

// checkSums compares the table with what the demo says is in it, once all is in it that
// it has acknowledged: no load is on it any more. It returns how many reports there are.
func (tr *trial) checkSums() (reports int64) {
	tr.t.Helper()
	for deadline := time.Now().Add(patience); len(faults(tr.table.keys(), tr.book.acks, tr.book.sent)) > 0; {
		if time.Now().After(deadline) {
			break // check says what is missing
		}
		time.Sleep(10 * time.Millisecond)
	}
	var sums ledger.Summary
	err := call(tr.t.Context(), http.DefaultClient, http.MethodGet, tr.demo.url+"/api/v1/browser/savings?scope=all", nil, http.StatusOK, &sums)
	if err != nil {
		tr.t.Fatal(err)
	}
	found := tr.check()
	keys := make([]string, 0, len(found))
	for key := range found {
		keys = append(keys, key)
	}
	answers := int64(answersAmong(keys))
	reports = int64(len(keys)) - answers
	browser, server := sums.BySource[ledger.Browser], sums.BySource[ledger.Server]
	if server.Requests != answers || browser.Requests != reports || browser.PromptTokens != claimedPrompt*reports ||
		browser.CompletionTokens != claimedCompletion*reports || browser.Suspect != 0 || sums.Total.Failures != 0 {
		tr.t.Errorf("the table has %d answers and %d reports, but the sums are %+v", answers, reports, sums.BySource)
	}
	return reports
}

// eachDatabase runs a test on a fresh one of each.
func eachDatabase(t *testing.T, test func(t *testing.T, database string)) {
	for name, create := range databases {
		t.Run(name, func(t *testing.T) { test(t, create(t)) })
	}
}
