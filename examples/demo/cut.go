package main

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

const (
	// tabHeader names the page that asks, by an id that it made up for itself.
	tabHeader = "Demo-Tab"

	maxTabID = 64 // bytes
	maxCuts  = 64 // tabs whose server is cut at a time

	// eventsBeforeCut is how much of a stream comes before it breaks: the middle of most
	// answers of the tiny model.
	eventsBeforeCut = 10

	// silence comes before the break: what was said on a connection is lost if that breaks
	// before it was read.
	silence = 300 * time.Millisecond

	// cutWaits is how long a cut waits for a stream that it could break.
	cutWaits = 2 * time.Minute

	// cutLasts is how long the API then answers nothing: enough to ask once more.
	cutLasts = 10 * time.Second
)

// cuts lets a visitor see what becomes of an answer when the server fails: it breaks the
// demo's own API, for the tab that asks for it and no other, and not for long. Only a
// demo that nobody but this machine can reach has it; a service has nothing like it.
type cuts struct {
	now  func() time.Time
	mu   sync.Mutex
	tabs map[string]cut
}

// cut is first a wait for a stream to break, and then an outage.
type cut struct {
	down  bool
	until time.Time
}

func newCuts() *cuts { return &cuts{now: time.Now, tabs: map[string]cut{}} }

// ServeHTTP takes the order of a tab: a POST with the header Demo-Tab. The tab's chat
// stream that runs, or else its next one, breaks in mid-answer, and after that every
// connection for the API is closed unanswered, for ten seconds. No other site can ask
// for it: browsers let none send the header.
func (c *cuts) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	tab := r.Header.Get(tabHeader)
	if tab == "" || len(tab) > maxTabID {
		http.Error(w, "the header "+tabHeader+" has to name the tab, in 64 bytes at most", http.StatusBadRequest)
		return
	}
	if !c.begin(tab) {
		http.Error(w, "too many tabs have cut their server", http.StatusTooManyRequests)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (c *cuts) begin(tab string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	for id, cut := range c.tabs {
		if !now.Before(cut.until) {
			delete(c.tabs, id)
		}
	}
	if _, known := c.tabs[tab]; !known && len(c.tabs) >= maxCuts {
		return false
	}
	c.tabs[tab] = cut{until: now.Add(cutWaits)}
	return true
}

// is reports whether a tab's server is in its outage, or whether its next stream is to break.
func (c *cuts) is(tab string, down bool) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	cut, known := c.tabs[tab]
	return known && cut.down == down && c.now().Before(cut.until)
}

// strike begins the outage.
func (c *cuts) strike(tab string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tabs[tab] = cut{down: true, until: c.now().Add(cutLasts)}
}

// over is the API as it is met by tabs, some of which have cut it.
func (c *cuts) over(api http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		tab := r.Header.Get(tabHeader)
		if c.is(tab, true) {
			panic(http.ErrAbortHandler) // closes the connection, without a word
		}
		if tab == "" || !strings.HasSuffix(r.URL.Path, "/chat/completions") {
			api.ServeHTTP(w, r)
			return
		}
		ctx, cancel := context.WithCancel(r.Context())
		defer cancel()
		stream := &brittle{ResponseWriter: w, breaks: func() bool { return c.is(tab, false) }}
		stream.gone, stream.stop = ctx.Done(), cancel
		api.ServeHTTP(stream, r.WithContext(ctx))
		if stream.broken {
			c.strike(tab)
			panic(http.ErrAbortHandler)
		}
	})
}

var errCut = errors.New("the server was cut")

// brittle is a stream of events that may break after some of them. To its writer it is
// a client that has gone.
type brittle struct {
	http.ResponseWriter
	breaks func() bool
	gone   <-chan struct{} // closed when the client has gone
	stop   func()          // ends the generation
	events int
	broken bool
}

func (b *brittle) Write(p []byte) (int, error) {
	if b.broken {
		return 0, errCut
	}
	written := 0
	for event := range bytes.SplitAfterSeq(p, []byte("\n\n")) {
		if b.events >= eventsBeforeCut && b.breaks() {
			b.fall()
			return written, errCut
		}
		n, err := b.ResponseWriter.Write(event)
		written += n
		if err != nil {
			return written, err
		}
		if bytes.HasSuffix(event, []byte("\n\n")) {
			b.events++
		}
	}
	return written, nil
}

func (b *brittle) fall() {
	b.broken = true
	_ = http.NewResponseController(b).Flush() // what can't be flushed is lost, as it may be
	select {
	case <-time.After(silence):
	case <-b.gone:
	}
	b.stop()
}

// Unwrap lets the stream be flushed.
func (b *brittle) Unwrap() http.ResponseWriter { return b.ResponseWriter }

// isLoopback reports whether an address to listen on can be reached from this machine alone.
func isLoopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	return err == nil && (host == "localhost" || net.ParseIP(host).IsLoopback())
}
