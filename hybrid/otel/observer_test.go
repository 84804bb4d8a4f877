package otel_test

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/edgewise-ai/edgewise/backend/backendtest"
)

var update = flag.Bool("update", false, "write the golden files")

// golden compares with a file of testdata, or writes it.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := "testdata/" + name
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Error(diff)
	}
}

// TestRequests shows the spans and metrics of one request of each kind:
// testdata/requests.txt holds them.
func TestRequests(t *testing.T) {
	private := `{"messages":[{"role":"user","content":"Hi"}],"privacy":"local-only"}`
	retried := `{"messages":[{"role":"user","content":"Hi"}],"edgewise":{"reason":"too_slow","fallback":true}}`
	var all strings.Builder
	for _, test := range []struct {
		name  string
		fault backendtest.Fault
		ask   func(*rig)
	}{
		{"plain", backendtest.Fault{}, post("/chat/completions", chatPlain)},
		{"simple", backendtest.Fault{}, post("/generate", `{"prompt":"Hi"}`)},
		{"streamed", backendtest.Fault{}, post("/chat/completions", chatStream)},
		{"streamed simply", backendtest.Fault{}, post("/generate", `{"prompt":"Hi","stream":true}`)},
		{"after the browser failed", backendtest.Fault{}, post("/chat/completions", retried)},
		{"refused by a policy", backendtest.Fault{}, post("/chat/completions", private)},
		{"refused for its model", backendtest.Fault{}, post("/generate", `{"prompt":"Hi","model":"gpt-9"}`)},
		{"refused to a stranger", backendtest.Fault{}, func(r *rig) { r.do("", http.MethodPost, "/chat/completions", chatPlain) }},
		{"failed on our side", backendtest.Fault{}, func(r *rig) { r.do(mallory, http.MethodPost, "/chat/completions", chatPlain) }},
		{"failed before it began", backendtest.Failed(http.StatusInternalServerError), post("/chat/completions", chatStream)},
		{"refused by the upstream", backendtest.OutOfQuota(), post("/chat/completions", chatPlain)},
		{"cut in mid-stream", backendtest.Fault{At: backendtest.AfterEvents(3), Do: backendtest.Cut}, post("/chat/completions", chatStream)},
		{"left by its client", backendtest.Fault{At: backendtest.AfterEvents(2), Do: backendtest.Stall}, leave},
		{"routed", backendtest.Fault{}, post("/browser/route", routeServer)},
		{"badly asked for a route", backendtest.Fault{}, post("/browser/route", "[]")},
		{"listed", backendtest.Fault{}, func(r *rig) { r.do(alice, http.MethodGet, "/models", "") }},
		{"nowhere", backendtest.Fault{}, post("/nowhere", chatPlain)},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := open(t, nil, test.fault)
			test.ask(r)
			fmt.Fprintf(&all, "# %s\n", test.name)
			for _, s := range r.ended() {
				fmt.Fprintf(&all, "%s\n", describe(s))
			}
			for _, m := range r.collect() {
				for _, p := range points(m) {
					fmt.Fprintf(&all, "%s\n", p)
				}
			}
		})
	}
	golden(t, "requests.txt", all.String())
}

func post(path, body string) func(*rig) {
	return func(r *rig) { r.post(path, body) }
}

// leave reads the first event of a stream, and goes.
func leave(r *rig) {
	ctx, cancel := context.WithCancel(context.Background())
	resp := r.ask(ctx, alice, http.MethodPost, "/chat/completions", chatStream)
	defer resp.Body.Close()
	if _, err := bufio.NewReader(resp.Body).ReadString('\n'); err != nil {
		r.t.Error(err)
	}
	cancel()
	<-r.upstream.Left()
}

// A span and the metric beside it tell the same time.
func TestDurationIsTheSpans(t *testing.T) {
	r := open(t, nil)
	r.post("/chat/completions", chatStream)
	span := r.ended()[0]
	want := span.EndTime.Sub(span.StartTime).Seconds()
	for _, m := range r.collect() {
		switch m.Name {
		case "gen_ai.client.operation.duration", "edgewise.request.duration":
			if got := m.Data.(metricdata.Histogram[float64]).DataPoints[0].Sum; got != want {
				t.Errorf("%s is %v, want the span's %v", m.Name, got, want)
			}
		}
	}
}
