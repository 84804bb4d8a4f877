package hybrid_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgewise-ai/edgewise/backend"
	"github.com/edgewise-ai/edgewise/hybrid"
)

// diary writes down what an observer is told.
type diary struct {
	mu    sync.Mutex
	lines []string
}

func (d *diary) write(format string, args ...any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lines = append(d.lines, fmt.Sprintf(format, args...))
}

func (d *diary) take() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	lines := d.lines
	d.lines = nil
	return lines
}

type nameKey struct{}

// observer writes into d under a name, and expects the context that its Begun made.
func (d *diary) observer(t *testing.T, name string) hybrid.Observer {
	known := func(ctx context.Context) {
		if names, _ := ctx.Value(nameKey{}).(string); !strings.Contains(names, name) {
			t.Errorf("%s is not told in its own context, but in that of %q", name, names)
		}
	}
	return hybrid.Observer{
		Begun: func(ctx context.Context, e hybrid.RequestBegun) context.Context {
			d.write("%s begun %s", name, e.Endpoint)
			names, _ := ctx.Value(nameKey{}).(string)
			return context.WithValue(ctx, nameKey{}, names+name)
		},
		Decided: func(ctx context.Context, e hybrid.RequestDecided) {
			known(ctx)
			d.write("%s decided %s %s", name, e.Target, e.Reason)
		},
		FirstByte: func(ctx context.Context, e hybrid.RequestFirstByte) {
			known(ctx)
			d.write("%s first byte", name)
		},
		Finished: func(ctx context.Context, e hybrid.RequestFinished) {
			known(ctx)
			line := name + " finished"
			if e.Entry != nil {
				line += fmt.Sprintf(" %d+%d", e.Entry.PromptTokens, e.Entry.CompletionTokens)
			}
			d.write("%s", line)
		},
		Failed: func(ctx context.Context, e hybrid.RequestFailed) {
			known(ctx)
			d.write("%s failed %d %s entry %v", name, e.Status, e.Code, e.Entry != nil)
		},
	}
}

func TestObservers(t *testing.T) {
	whole := roleChunk + helloChunk + finishChunk + usageChunk + doneChunk
	for _, test := range []struct {
		name string
		up   *scripted
		ask  func(*service)
		want []string
	}{
		{"route", &scripted{}, func(s *service) { s.post("/browser/route", `{"promptLength":5000,"capabilities":{}}`) },
			[]string{"begun /browser/route", "decided server request_too_complex", "finished"}},
		{"list", &scripted{}, func(s *service) { s.get("/models") }, []string{"begun /models", "finished"}},
		{"stream", &scripted{body: whole}, func(s *service) { s.post("/chat/completions", chatHelloStream) },
			[]string{"begun /chat/completions", "decided server ", "first byte", "finished 5+1"}},
		{"simple stream", &scripted{body: whole}, func(s *service) { s.post("/generate", `{"prompt":"hi","stream":true}`) },
			[]string{"begun /generate", "decided server ", "first byte", "finished 5+1"}},
		{"plain", &scripted{body: `{"choices":[{"index":0,"message":{"content":"a"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":1}}`}, func(s *service) { s.post("/chat/completions", chatHello) },
			[]string{"begun /chat/completions", "decided server ", "first byte", "finished 3+1"}},
		{"cut", &scripted{body: roleChunk + helloChunk}, func(s *service) { s.post("/chat/completions", chatHelloStream) },
			[]string{"begun /chat/completions", "decided server ", "first byte", "failed 200 upstream_truncated entry true"}},
		{"down", &scripted{err: &backend.Error{Code: backend.CodeUnavailable}}, func(s *service) { s.post("/chat/completions", chatHelloStream) },
			[]string{"begun /chat/completions", "decided server ", "failed 503 upstream_unavailable entry true"}},
		{"forbidden", &scripted{}, func(s *service) { s.post("/generate", `{"prompt":"hi","privacy":"local-only"}`) },
			[]string{"begun /generate", "decided none local_only", "failed 403 local_only entry false"}},
		{"bad body", &scripted{}, func(s *service) { s.post("/chat/completions", `{}`) },
			[]string{"begun /chat/completions", "failed 400 missing_field entry false"}},
		{"stranger", &scripted{}, func(s *service) { s.post("/chat/completions", chatHello, "Authorization", "") },
			[]string{"begun /chat/completions", "failed 401 unauthorized entry false"}},
		{"nowhere", &scripted{}, func(s *service) { s.get("/nowhere") }, []string{"begun ", "failed 404 not_found entry false"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var d diary
			s := open(t, test.up.serve, func(o *hybrid.Options) {
				o.Observers = []hybrid.Observer{d.observer(t, "a"), {}, d.observer(t, "b")}
			})
			test.ask(s)
			// The client may have its answer before the handler is through.
			eventually(t, func() bool {
				d.mu.Lock()
				defer d.mu.Unlock()
				return len(d.lines) >= 2*len(test.want)
			})
			var want []string
			for i, line := range test.want {
				if i < len(test.want)-1 {
					want = append(want, "a "+line, "b "+line)
				} else { // the last comes in reverse
					want = append(want, "b "+line, "a "+line)
				}
			}
			if diff := cmp.Diff(want, d.take()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A hook that panics spoils nothing: neither the answer nor what others are told.
func TestObserverPanics(t *testing.T) {
	var d diary
	bad := hybrid.Observer{
		Begun:     func(context.Context, hybrid.RequestBegun) context.Context { panic("begun") },
		Decided:   func(context.Context, hybrid.RequestDecided) { panic("decided") },
		FirstByte: func(context.Context, hybrid.RequestFirstByte) { panic("first byte") },
		Finished:  func(context.Context, hybrid.RequestFinished) { panic("finished") },
	}
	up := &scripted{body: roleChunk + helloChunk + finishChunk + usageChunk + doneChunk}
	var log bytes.Buffer
	s := open(t, up.serve, func(o *hybrid.Options) {
		o.Observers = []hybrid.Observer{bad, d.observer(t, "a")}
		o.Logger = slog.New(slog.NewTextHandler(&log, nil))
	})
	if a := s.post("/chat/completions", chatHelloStream); a.status != http.StatusOK || !strings.HasSuffix(string(a.body), doneChunk) {
		t.Errorf("%d: %s", a.status, a.body)
	}
	eventually(t, func() bool {
		d.mu.Lock()
		defer d.mu.Unlock()
		return len(d.lines) == 4
	})
	if diff := cmp.Diff([]string{"a begun /chat/completions", "a decided server ", "a first byte", "a finished 5+1"}, d.take()); diff != "" {
		t.Error(diff)
	}
	s.server.Close() // what its handlers log is there
	for _, hook := range []string{"Begun", "Decided", "FirstByte", "Finished"} {
		if !strings.Contains(log.String(), "an observer's "+hook+" failed") {
			t.Errorf("no word of %s: %s", hook, &log)
		}
	}
}

// A prompt is shown to who asks for it, and to nobody else.
func TestObserverPrompted(t *testing.T) {
	var shown []string
	s := open(t, func(o *hybrid.Options) {
		o.Observers = []hybrid.Observer{{}, {Prompted: func(_ context.Context, messages json.RawMessage) {
			shown = append(shown, string(messages))
		}}}
	})
	s.post("/chat/completions", `{"messages":[{"role":"user","content":"one"}],"stream":true}`)
	s.post("/generate", `{"prompt":"two"}`)
	s.post("/generate", `{"prompt":"secret","privacy":"local-only"}`)
	want := []string{`[{"role":"user","content":"one"}]`, `[{"role":"user","content":"two"}]`}
	if diff := cmp.Diff(want, shown); diff != "" {
		t.Error(diff)
	}
}

// Observers learn what pages report, with what the ledger made of it.
func TestObserverReported(t *testing.T) {
	var told []hybrid.RequestReported
	s := open(t, func(o *hybrid.Options) {
		o.Observers = []hybrid.Observer{{Reported: func(_ context.Context, e hybrid.RequestReported) { told = append(told, e) }}}
	})
	g := s.grant()
	s.post("/browser/analytics", batchJSON(g, reportJSON(g, 1), reportJSON(g, 2)))
	s.post("/browser/analytics", single(g, reportJSON(g, 2)))
	s.post("/browser/analytics", batchJSON(g, "{}")) // refused
	if len(told) != 2 || told[0].Receipt.Accepted != 2 || told[1].Receipt.Duplicates != 1 || told[1].Entries[0].ID != g.ID+".2" {
		t.Errorf("told %+v", told)
	}
}
