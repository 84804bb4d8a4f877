package hybrid_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edgewise-ai/edgewise/backend"
	"github.com/edgewise-ai/edgewise/backend/backendtest"
	"github.com/edgewise-ai/edgewise/backend/pool"
	"github.com/edgewise-ai/edgewise/hybrid"
	"github.com/edgewise-ai/edgewise/hybrid/ledger"
	"github.com/edgewise-ai/edgewise/policy"
)

const (
	soakRequests = 10_000
	soakClients  = 64
	soakFaults   = 5 // of a hundred
	soakLeaving  = 5

	// soakSilence ends stalls. It is longer than a client takes to leave on a busy
	// machine, for what was cut is not left.
	soakSilence = 3 * time.Second
)

// tally is what the load generator counts, and what the ledger says.
type tally struct {
	Requests, Whole, Failed, Left  int
	PromptTokens, CompletionTokens int64
}

func (t *tally) add(o tally) {
	t.Requests += o.Requests
	t.Whole += o.Whole
	t.Failed += o.Failed
	t.Left += o.Left
	t.PromptTokens += o.PromptTokens
	t.CompletionTokens += o.CompletionTokens
}

// question is one request of the load generator: what it asks, what goes wrong
// with it, and whether the client leaves.
type question struct {
	number  int
	path    string
	stream  bool
	fault   backendtest.Fault
	leaves  bool
	words   int           // that it waits for before it leaves a stream
	arrived chan struct{} // closed when an upstream has it
	once    sync.Once
}

// ask makes up a question; all of them follow from one seed.
func ask(number int, random *rand.Rand, cases map[bool][]backendtest.Case) *question {
	q := &question{number: number, path: "/chat/completions", stream: random.IntN(2) == 0, arrived: make(chan struct{})}
	if random.IntN(4) == 0 {
		q.path = "/generate"
	}
	switch dice := random.IntN(100); {
	case dice < soakFaults:
		of := cases[q.stream]
		q.fault = of[random.IntN(len(of))].Fault
	case dice < soakFaults+soakLeaving:
		q.leaves = true
		q.fault = backendtest.Fault{Do: backendtest.Stall}
		if q.stream {
			q.words = 1 + random.IntN(backendtest.CompletionTokens-1)
			q.fault.At = backendtest.AfterEvents(1 + q.words) // the role comes first
		}
	}
	return q
}

// prompt is as long for all, so that what it costs is known.
func (q *question) prompt() string { return fmt.Sprintf("question %06d", q.number) }

func (q *question) body() string {
	if q.path == "/generate" {
		return fmt.Sprintf(`{"prompt":%q,"stream":%t}`, q.prompt(), q.stream)
	}
	return fmt.Sprintf(`{"messages":[{"role":"user","content":%q}],"stream":%t}`, q.prompt(), q.stream)
}

// TestSoak sends thousands of requests of every kind through router, pool and
// adapter while upstreams fail and clients leave, and holds the ledger against what
// the clients saw: every request once, every token that was delivered.
func TestSoak(t *testing.T) {
	cases := map[bool][]backendtest.Case{}
	for _, c := range backendtest.Cases() {
		cases[c.Stream] = append(cases[c.Stream], c)
	}
	random := rand.New(rand.NewPCG(1, 2))
	questions := make([]*question, soakRequests)
	for i := range questions {
		questions[i] = ask(i, random, cases)
	}
	goroutines := runtime.NumGoroutine()
	s, shut := soakService(t, questions)

	var total tally
	var mu sync.Mutex
	var wg sync.WaitGroup
	next := make(chan *question)
	for range soakClients {
		wg.Go(func() {
			var mine tally
			for q := range next {
				mine.add(q.send(t, s))
			}
			mu.Lock()
			defer mu.Unlock()
			total.add(mine)
		})
	}
	for _, q := range questions {
		next <- q
	}
	close(next)
	wg.Wait()

	// Clients may have their answers before the handlers are through.
	eventually(t, func() bool { return len(s.ledger.Recent(soakRequests+1)) >= soakRequests })
	if diff := cmp.Diff(total, ofLedger(s.ledger.Recent(soakRequests+1))); diff != "" {
		t.Errorf("clients (-), ledger (+): %s", diff)
	}
	t.Logf("%+v", total)
	if total.Failed == 0 || total.Left == 0 || total.Whole < soakRequests*8/10 {
		t.Errorf("that was no soak: %+v", total)
	}
	shut()
	http.DefaultClient.CloseIdleConnections()
	eventually(t, func() bool { return runtime.NumGoroutine() <= goroutines+2 })
}

// soakService is the whole stack on two upstreams. Shut closes it.
func soakService(t *testing.T, questions []*question) (s *service, shut func()) {
	var endpoints []pool.Endpoint
	var ups []*backendtest.Server
	for i := range 2 {
		up := backendtest.NewServer(t)
		up.SetFaults(func(r backendtest.Request) backendtest.Fault {
			at := bytes.Index(r.Body, []byte("question "))
			if at < 0 { // a list of models
				return backendtest.Fault{}
			}
			number, err := strconv.Atoi(string(r.Body[at+len("question "):][:6]))
			if err != nil {
				t.Error(err)
				return backendtest.Fault{}
			}
			q := questions[number]
			q.once.Do(func() { close(q.arrived) })
			return q.fault
		})
		ups = append(ups, up)
		endpoints = append(endpoints, pool.Endpoint{Name: fmt.Sprintf("e%d", i), Backend: adapter(t, up, 1, soakSilence)})
	}
	p, err := pool.New(pool.Options{
		Endpoints: endpoints, DefaultModel: backendtest.ModelID, ProbeInterval: -1,
		MinPause: time.Microsecond, MaxPause: 50 * time.Microsecond, // questions that share a fault with nobody should hardly feel it
	})
	if err != nil {
		t.Fatal(err)
	}
	s = open(t, func(o *hybrid.Options) { o.Backend, o.Now = p, time.Now })
	return s, func() {
		s.server.Close()
		if err := errors.Join(s.router.Close(context.Background()), p.Close()); err != nil {
			t.Error(err)
		}
		for _, up := range ups {
			up.Down()
		}
	}
}

// send asks, and counts what came of it.
func (q *question) send(t *testing.T, s *service) tally {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url+q.path, strings.NewReader(q.body()))
	if err != nil {
		t.Error(err)
		return tally{}
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+s.token)
	if q.leaves && !q.stream {
		go func() {
			select {
			case <-q.arrived:
				cancel()
			case <-ctx.Done():
			}
		}()
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		if !q.leaves {
			t.Errorf("question %d: %v", q.number, err)
		}
		left := policy.Request{PromptLength: int64(len(q.prompt()))}
		return tally{Requests: 1, Left: 1, PromptTokens: left.Tokens()}
	}
	defer resp.Body.Close()
	saw := tally{Requests: 1}
	switch {
	case resp.StatusCode != http.StatusOK:
		saw.Failed = 1
		_, _ = io.Copy(io.Discard, resp.Body)
	case q.stream:
		q.readStream(t, resp.Body, &saw)
	default:
		if body, err := io.ReadAll(resp.Body); err != nil || !bytes.Contains(body, []byte(backendtest.Answer)) {
			t.Errorf("question %d: %v: %s", q.number, err, body)
		}
		saw.Whole, saw.PromptTokens, saw.CompletionTokens = 1, backendtest.PromptTokens, backendtest.CompletionTokens
	}
	return saw
}

// readStream counts the words of a stream, up to its end or as many as the client
// waits for.
func (q *question) readStream(t *testing.T, body io.Reader, saw *tally) {
	words := strings.SplitAfter(backendtest.Answer, " ")
	delivered, counted := 0, false
	lines := bufio.NewScanner(body)
	lines.Buffer(nil, 4<<20)
	for lines.Scan() {
		line := lines.Text()
		switch {
		case line == "data: [DONE]", strings.Contains(line, `"done":true`):
			if delivered != len(words) {
				t.Errorf("question %d is said to be answered after %d words", q.number, delivered)
			}
			saw.Whole, saw.PromptTokens, saw.CompletionTokens = 1, backendtest.PromptTokens, backendtest.CompletionTokens
			return
		case strings.HasPrefix(line, `data: {"error"`):
			saw.Failed = 1
			saw.charge(q, delivered, counted)
			return
		case delivered < len(words) && (strings.Contains(line, `"content":"`+words[delivered]+`"`) || strings.Contains(line, `"delta":"`+words[delivered]+`"`)):
			delivered++
			// The upstream's own count comes behind the last word, unseen here.
			counted = delivered == len(words)
		}
		if q.leaves && delivered == q.words {
			saw.Left = 1
			saw.charge(q, delivered, false)
			return
		}
	}
	t.Errorf("question %d: the stream has no end: %v", q.number, lines.Err())
}

// charge counts what a broken answer cost: what the upstream said, if it could, or
// an estimate from what was delivered.
func (t *tally) charge(q *question, delivered int, counted bool) {
	switch {
	case counted:
		t.PromptTokens, t.CompletionTokens = backendtest.PromptTokens, backendtest.CompletionTokens
	case delivered > 0:
		text := strings.Join(strings.SplitAfter(backendtest.Answer, " ")[:delivered], "")
		prompt, answer := policy.Request{PromptLength: int64(len(q.prompt()))}, policy.Request{PromptLength: int64(len(text))}
		t.PromptTokens, t.CompletionTokens = prompt.Tokens(), max(answer.Tokens(), int64(delivered))
	}
}

// ofLedger adds up what the ledger holds.
func ofLedger(entries []ledger.Entry) (t tally) {
	for _, e := range entries {
		t.Requests++
		switch {
		case e.Success:
			t.Whole++
		case e.ErrorCode == string(backend.CodeCanceled):
			t.Left++
		default:
			t.Failed++
		}
		t.PromptTokens += e.PromptTokens
		t.CompletionTokens += e.CompletionTokens
	}
	return t
}
