package hybrid_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/edgewise-ai/edgewise/capability"
	"github.com/edgewise-ai/edgewise/hybrid"
	"github.com/edgewise-ai/edgewise/policy"
	"github.com/edgewise-ai/edgewise/registry"
)

// distinct is how many different requests a benchmark asks in turn, so that
// neither the branch predictor nor the cache learns one by heart.
const distinct = 1024

// BenchmarkRoute decides in process with the default policies, each of which has
// what it needs to say something: budgets and prices too. "x-50" is the time in
// units of that with 50 models.
func BenchmarkRoute(b *testing.B) {
	for _, suffix := range []string{"", "/trace"} {
		for _, models := range []int{50, 1000, 10_000} {
			b.Run(fmt.Sprintf("models=%d%s", models, suffix), func(b *testing.B) {
				decide := decisions(b, models, suffix != "")
				b.ReportAllocs()
				for i := 0; b.Loop(); i++ {
					decide(i)
				}
				if models != 50 {
					b.ReportMetric(ratio(decide, decisions(b, 50, suffix != "")), "x-50")
				}
			})
		}
	}
}

// decisions makes one decision after the other.
func decisions(b *testing.B, models int, trace bool) func(i int) {
	p := newPopulation()
	s := open(b, holding(b, p.models(models)), func(o *hybrid.Options) {
		o.Facts = func(_ context.Context, who policy.Identity) (hybrid.Facts, error) {
			if who.Tier == "free" {
				return hybrid.Facts{Prices: somePrices, Budget: spent}, nil
			}
			return hybrid.Facts{Prices: somePrices}, nil
		}
	})
	inputs := p.inputs(distinct, models)
	reasons := make(map[policy.Reason]int)
	for i := range inputs {
		inputs[i].Trace = trace
		d, err := s.router.Route(b.Context(), inputs[i])
		if err != nil {
			b.Fatal(err)
		}
		reasons[d.Reason]++
	}
	if len(reasons) < 10 {
		b.Fatalf("the requests are too much alike: %v", reasons)
	}
	runtime.GC() // what the making of requests left behind is not theirs to pay
	ctx := b.Context()
	return func(i int) {
		if d, _ := s.router.Route(ctx, inputs[i%distinct]); d.Reason == "" {
			b.Fatal("no decision")
		}
	}
}

// ratio says how many times as long x takes as y. They are measured in turns, of
// which the median counts: what else the machine does spoils a turn, not the
// result.
func ratio(x, y func(i int)) float64 {
	timed := func(f func(i int)) float64 {
		began := time.Now()
		for i := range distinct {
			f(i)
		}
		return float64(time.Since(began))
	}
	var turns [25]float64
	for i := range turns {
		turns[i] = timed(x) / timed(y)
	}
	slices.Sort(turns[:])
	return turns[len(turns)/2]
}

// holding serves from a registry of the given models.
func holding(t testing.TB, models []registry.Model) func(*hybrid.Options) {
	t.Helper()
	memory, err := registry.NewMemory(models...)
	if err != nil {
		t.Fatal(err)
	}
	return func(o *hybrid.Options) { o.Registry = memory }
}

// BenchmarkRouteEndpoint times POST /browser/route beside a handler that only
// decodes and encodes the same JSON, in turns within one run. "of-bare" is how
// many of the bare handler's requests a second the endpoint serves: 0.7 is wanted.
// "handler" calls both in process; "loopback" goes through the network, where
// client and kernel take the same time for both.
func BenchmarkRouteEndpoint(b *testing.B) {
	const models = 50
	p := newPopulation()
	s := open(b, holding(b, p.models(models)))
	bodies := questions(b, p.inputs(distinct, models))
	bare := newBareHandler(b, s, bodies)
	pattern, endpoint := s.router.Handler()
	compare := func(b *testing.B, ours, theirs func(i int)) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			ours(i)
		}
		b.ReportMetric(ratio(theirs, ours), "of-bare")
	}
	b.Run("handler", func(b *testing.B) {
		compare(b, directly(b, endpoint, bodies), directly(b, bare, bodies))
	})
	b.Run("loopback", func(b *testing.B) {
		compare(b, overLoopback(b, pattern, endpoint, bodies), overLoopback(b, pattern, bare, bodies))
	})
}

// routeQuestion and routeReply are the endpoint's bodies, in its own types.
type routeQuestion struct {
	policy.Request
	Capabilities capability.Device `json:"capabilities"`
	State        policy.State      `json:"state"`
	Trace        bool              `json:"trace,omitempty"`
	PromptLength *int64            `json:"promptLength"`
	InToolLoop   string            `json:"inToolLoop,omitempty"`
	LastTarget   string            `json:"lastTarget,omitempty"`
}

type routeReply struct {
	Target         policy.Target     `json:"target"`
	UseBrowser     bool              `json:"useBrowser"`
	Reason         policy.Reason     `json:"reason"`
	ModelInfo      *registry.Model   `json:"modelInfo,omitempty"`
	Alternates     []*registry.Model `json:"alternates,omitempty"`
	Fallback       policy.Target     `json:"fallback,omitzero"`
	Preload        string            `json:"preload,omitempty"`
	Continuation   string            `json:"continuation"`
	DecisionID     string            `json:"decisionId"`
	PolicyRevision string            `json:"policyRevision"`
}

// questions are the bodies of the inputs.
func questions(b *testing.B, inputs []policy.Input) []string {
	b.Helper()
	word := func(t policy.Target) string {
		if t == policy.None {
			return ""
		}
		return t.String()
	}
	bodies := make([]string, len(inputs))
	for i, in := range inputs {
		body, err := json.Marshal(routeQuestion{
			Request: *in.Request, Capabilities: *in.Device, State: *in.State, PromptLength: &in.Request.PromptLength,
			InToolLoop: word(in.Request.InToolLoop), LastTarget: word(in.Request.LastTarget),
		})
		if err != nil {
			b.Fatal(err)
		}
		bodies[i] = string(body)
	}
	return bodies
}

// bareHandler decodes the body, and encodes the answer that the endpoint gave to
// the body at that place.
type bareHandler struct {
	replies []routeReply
	next    int
}

// newBareHandler asks the endpoint for its answers. What the handler encodes has
// the same bytes.
func newBareHandler(b *testing.B, s *service, bodies []string) *bareHandler {
	b.Helper()
	h := &bareHandler{replies: make([]routeReply, len(bodies))}
	for i, body := range bodies {
		a := s.post("/browser/route", body)
		a.decode(b, &h.replies[i])
		if again, err := json.Marshal(h.replies[i]); err != nil || string(again)+"\n" != string(a.body) {
			b.Fatalf("%d, %v: the endpoint says\n%s, the bare handler\n%s", a.status, err, a.body, again)
		}
	}
	return h
}

func (h *bareHandler) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	var q routeQuestion
	if err := json.NewDecoder(req.Body).Decode(&q); err != nil || q.PromptLength == nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	reply := &h.replies[h.next%len(h.replies)]
	h.next++
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(reply)
}

const routePath = "/api/v1/browser/route"

// directly calls a handler for each body.
func directly(b *testing.B, h http.Handler, bodies []string) func(i int) {
	template := httptest.NewRequest(http.MethodPost, routePath, nil)
	template.Header = http.Header{"Content-Type": {"application/json"}, "Authorization": {"Bearer bench"}}
	var w counter
	return func(i int) {
		req, body := *template, bodies[i%len(bodies)]
		req.Body, req.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
		w = counter{header: make(http.Header)}
		h.ServeHTTP(&w, &req)
		if w.status > http.StatusOK || w.bytes == 0 {
			b.Fatalf("status %d, %d bytes", w.status, w.bytes)
		}
	}
}

// counter is a response writer that keeps nothing.
type counter struct {
	header        http.Header
	status, bytes int
}

func (c *counter) Header() http.Header    { return c.header }
func (c *counter) WriteHeader(status int) { c.status = status }

func (c *counter) Write(p []byte) (int, error) {
	c.bytes += len(p)
	return len(p), nil
}

// overLoopback asks a server for each body, by a client that does next to nothing.
func overLoopback(b *testing.B, pattern string, h http.Handler, bodies []string) func(i int) {
	mux := http.NewServeMux()
	mux.Handle(pattern, h)
	server := httptest.NewServer(mux)
	b.Cleanup(server.Close)
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { conn.Close() })
	requests := make([][]byte, len(bodies))
	for i, body := range bodies {
		requests[i] = fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"+
			"Authorization: Bearer bench\r\nContent-Length: %d\r\n\r\n%s", routePath, len(body), body)
	}
	answers := bufio.NewReader(conn)
	return func(i int) {
		if _, err := conn.Write(requests[i%len(requests)]); err != nil {
			b.Fatal(err)
		}
		resp, err := http.ReadResponse(answers, nil)
		if err != nil || resp.StatusCode != http.StatusOK {
			b.Fatal(resp, err)
		}
		if n, err := io.Copy(io.Discard, resp.Body); n == 0 || err != nil {
			b.Fatal(n, err)
		}
	}
}
