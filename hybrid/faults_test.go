package hybrid_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edgewise-ai/edgewise/backend"
	"github.com/edgewise-ai/edgewise/backend/backendtest"
	"github.com/edgewise-ai/edgewise/backend/openai"
	"github.com/edgewise-ai/edgewise/backend/pool"
	"github.com/edgewise-ai/edgewise/hybrid"
)

// upstreamKey is what no client may see.
const upstreamKey = "sk-upstream-key-of-the-tests"

// silenceFor is how long an upstream may say nothing: long for a busy machine,
// unless that is what goes wrong.
func silenceFor(fault backendtest.Fault) time.Duration {
	if fault.Do == backendtest.Stall {
		return 2 * time.Second
	}
	return 30 * time.Second
}

// adapter is the adapter on a server that fails as it is told to.
func adapter(t *testing.T, up *backendtest.Server, retries int, silence time.Duration) *openai.Backend {
	t.Helper()
	b, err := openai.New(openai.Options{
		BaseURL: up.URL, APIKey: upstreamKey, DefaultModel: backendtest.ModelID,
		MaxRetries: retries, MinBackoff: time.Microsecond, MaxBackoff: time.Microsecond, MaxRetryAfter: time.Nanosecond,
		HeaderTimeout: silence, IdleTimeout: silence,
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// alone is one endpoint that always fails in one way, and is asked twice at most.
func alone(t *testing.T, fault backendtest.Fault) (backend.Backend, []*backendtest.Server) {
	up := faulty(t, fault)
	return adapter(t, up, 1, silenceFor(fault)), []*backendtest.Server{up}
}

// pooled is three endpoints, the first two of which fail so. None of them is asked
// twice, for the pool has others.
func pooled(t *testing.T, fault backendtest.Fault) (backend.Backend, []*backendtest.Server) {
	ups := []*backendtest.Server{faulty(t, fault), faulty(t, fault), backendtest.NewServer(t)}
	var endpoints []pool.Endpoint
	for i, up := range ups {
		endpoints = append(endpoints, pool.Endpoint{Name: fmt.Sprintf("e%d", i+1), Backend: adapter(t, up, -1, silenceFor(fault)), Priority: i})
	}
	p, err := pool.New(pool.Options{Endpoints: endpoints, DefaultModel: backendtest.ModelID, ProbeInterval: -1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return p, ups
}

func faulty(t *testing.T, fault backendtest.Fault) *backendtest.Server {
	up := backendtest.NewServer(t)
	up.SetFaults(func(backendtest.Request) backendtest.Fault { return fault })
	return up
}

// TestFaultMatrix shows what a client sees of everything that can go wrong
// upstream: testdata/faults.txt holds it, word for word. Each fault strikes one
// endpoint, and two of a pool's three.
func TestFaultMatrix(t *testing.T) {
	cases := backendtest.Cases()
	lines := make([]string, len(cases))
	var wg sync.WaitGroup
	room := make(chan struct{}, 16)
	for i, c := range cases {
		wg.Go(func() {
			room <- struct{}{}
			defer func() { <-room }()
			t.Run(c.Name, func(t *testing.T) {
				lines[i] = fmt.Sprintf("%s\n  one   %s\n  pool  %s\n", c.Name, strike(t, c, alone), strike(t, c, pooled))
			})
		})
	}
	wg.Wait()
	got := strings.Join(lines, "")
	const golden = "testdata/faults.txt"
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Error(diff)
	}
}

// strike lets a fault strike one request, checks what must hold whatever the fault,
// and describes what the client saw.
func strike(t *testing.T, c backendtest.Case, start func(*testing.T, backendtest.Fault) (backend.Backend, []*backendtest.Server)) string {
	t.Helper()
	b, ups := start(t, c.Fault)
	s := open(t, func(o *hybrid.Options) { o.Backend, o.DefaultModel = b, backendtest.ModelID })
	body := chatHello
	if c.Stream {
		body = chatHelloStream
	}
	a := s.post("/chat/completions", body)
	eventually(t, func() bool { return len(s.ledger.Recent(1)) == 1 })

	entry := s.ledger.Recent(1)[0]
	seen, code := seenBy(t, a, c.Stream)
	whole := code == ""
	if entry.Success != whole || entry.ErrorCode == "" != whole {
		t.Errorf("client: %s; ledger: %+v", seen, entry)
	}
	// What was delivered is accounted for: estimated, unless the upstream's count had come.
	delivered, counted := c.Begun && !whole, c.Delivered == backendtest.CompletionTokens
	if (entry.CompletionTokens > 0) != (delivered || whole) || entry.Estimated != (delivered && !counted) {
		t.Errorf("client: %s; ledger: %+v", seen, entry)
	}
	for name, values := range a.header {
		if strings.Contains(strings.Join(values, ""), upstreamKey) {
			t.Errorf("header %s holds the key", name)
		}
	}
	if bytes.Contains(a.body, []byte(upstreamKey)) || a.header.Get("Set-Cookie") != "" || a.status == http.StatusUnauthorized || a.status == http.StatusForbidden {
		t.Errorf("%d: %v: %s", a.status, a.header, a.body)
	}
	var asked []string
	total := 0
	for _, up := range ups {
		asked = append(asked, strconv.Itoa(len(up.Requests())))
		total += len(up.Requests())
	}
	if entry.Attempts != total {
		t.Errorf("%d attempts in the ledger, the upstreams saw %d", entry.Attempts, total)
	}
	return fmt.Sprintf("%s; requests %s; ledger %s", seen, strings.Join(asked, "+"), orOK(entry.ErrorCode))
}

func orOK(code string) string {
	if code == "" {
		return "ok"
	}
	return code
}

// keyStars is a key that was taken out.
var keyStars = regexp.MustCompile(`\*{8,}`)

// seenBy describes an answer, and returns the error's code, "upstream's own" if the
// object has none.
func seenBy(t *testing.T, a answer, stream bool) (seen, code string) {
	t.Helper()
	text := keyStars.ReplaceAllString(strings.TrimSpace(string(a.body)), "***")
	said := []string{strconv.Itoa(a.status)}
	for _, name := range []string{"Retry-After", "Retry-After-Ms", "X-Should-Retry", "X-Ratelimit-Remaining-Requests"} {
		if v := a.header.Get(name); v != "" {
			said = append(said, name+":"+v)
		}
	}
	seen = strings.Join(said, " ")
	switch {
	case a.status != http.StatusOK:
		return seen + " " + text, errorCode(t, text)
	case !stream:
		out, err := backend.ReadAnswer(a.body)
		if err != nil || out.FinishReason != "stop" || !strings.Contains(text, backendtest.Answer) {
			t.Errorf("the client takes this for an answer: %v, %s", err, text)
		}
		return seen + " whole answer", ""
	}
	out, err := backend.Relay(new(bytes.Buffer), nil, bytes.NewReader(a.body), backend.RelayOptions{})
	if err == nil {
		if out.Deltas != backendtest.CompletionTokens {
			t.Errorf("the client takes this for an answer: %s", text)
		}
		return seen + " whole stream", ""
	}
	if strings.Contains(text, "[DONE]") {
		t.Errorf("a stream that failed says that it is done: %s", text)
	}
	events := strings.Split(text, "\n\n")
	last := strings.TrimPrefix(strings.TrimSpace(events[len(events)-1]), "data: ")
	if !errors.As(err, new(*backend.Error)) {
		t.Error(err)
	}
	return fmt.Sprintf("%s %d words, then %s", seen, out.Deltas, last), errorCode(t, last)
}

func errorCode(t *testing.T, text string) string {
	t.Helper()
	var said struct {
		Error *struct {
			Message, Type string
			Code          any
		}
	}
	if err := json.Unmarshal([]byte(text), &said); err != nil || said.Error == nil || said.Error.Message == "" {
		t.Errorf("no error in OpenAI's shape: %v: %s", err, text)
		return ""
	}
	if said.Error.Code == nil {
		return "upstream's own"
	}
	return fmt.Sprint(said.Error.Code)
}
