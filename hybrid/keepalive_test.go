package hybrid_test

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/edgewise-ai/edgewise/backend"
	"github.com/edgewise-ai/edgewise/hybrid"
)

const waiting = ": waiting for the model\n\n"

// thinking answers, or fails, once it is told to.
func thinking(end <-chan struct{}, err error) backendFunc {
	return func(ctx context.Context, req *backend.Request) (*backend.Response, error) {
		select {
		case <-end:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		if err != nil {
			return nil, err
		}
		up := &scripted{body: roleChunk + helloChunk + finishChunk + usageChunk + doneChunk}
		return up.Generate(ctx, req)
	}
}

func keptAlive(b backend.Backend, every time.Duration) func(*hybrid.Options) {
	return func(o *hybrid.Options) { o.Backend, o.DefaultModel, o.KeepAlive = b, "m", every }
}

// While the model thinks a stream is kept alive, and what fails then is told in it.
func TestKeepAlive(t *testing.T) {
	const failed = `data: {"error":{"message":"the model server is unavailable","type":"server_error","code":"upstream_unavailable","param":null}}` + "\n\n"
	down := &backend.Error{Code: backend.CodeUnavailable}
	for _, test := range []struct {
		name, path, body, want string
		err                    error
	}{
		{"answer", "/chat/completions", chatHelloStream, roleChunk + helloChunk + finishChunk + doneChunk, nil},
		{"failure", "/chat/completions", chatHelloStream, failed, down},
		{"simple answer", "/generate", `{"prompt":"hi","stream":true}`, `data: {"delta":"hello"}`, nil},
		{"simple failure", "/generate", `{"prompt":"hi","stream":true}`, failed, down},
	} {
		t.Run(test.name, func(t *testing.T) {
			end := make(chan struct{})
			s := open(t, keptAlive(thinking(end, test.err), time.Millisecond))
			resp := s.start(test.path, test.body)
			defer resp.Body.Close()
			body := bufio.NewReader(resp.Body)
			for range 3 {
				if line, err := body.ReadString('\n'); line+"\n" != waiting || err != nil {
					t.Fatalf("%q, %v", line, err)
				}
				if _, err := body.ReadString('\n'); err != nil {
					t.Fatal(err)
				}
			}
			close(end)
			rest, err := io.ReadAll(body)
			if got := strings.ReplaceAll(string(rest), waiting, ""); err != nil || !strings.HasPrefix(got, test.want) {
				t.Errorf("%v: %s", err, got)
			}
			eventually(t, func() bool { return len(s.ledger.Recent(1)) == 1 })
			if e := s.ledger.Recent(1)[0]; e.Success != (test.err == nil) {
				t.Errorf("ledger: %+v", e)
			}
		})
	}
}

// Without one, and where nothing can be flushed, a failure is still a status.
func TestNoKeepAlive(t *testing.T) {
	down := &backend.Error{Code: backend.CodeUnavailable}
	for name, every := range map[string]time.Duration{"never": -1, "no flush": time.Nanosecond} {
		end := make(chan struct{})
		s := open(t, keptAlive(thinking(end, down), every))
		_, h := s.router.Handler()
		req := httptest.NewRequest(http.MethodPost, "/api/v1/chat/completions", strings.NewReader(chatHelloStream))
		req.Header = http.Header{"Authorization": {"Bearer alice"}, "Content-Type": {"application/json"}}
		w := httptest.NewRecorder()
		time.AfterFunc(20*time.Millisecond, func() { close(end) })
		if every > 0 {
			h = http.TimeoutHandler(h, time.Minute, "")
		}
		if h.ServeHTTP(w, req); w.Code != http.StatusServiceUnavailable || strings.Contains(w.Body.String(), waiting) {
			t.Errorf("%s: %d: %s", name, w.Code, w.Body)
		}
	}
}

// brittle is a writer as careless middleware makes them.
type brittle struct{ http.ResponseWriter }

func (brittle) Flush() { panic("no flusher") }

// A writer that panics while the model thinks ends its own request at the most.
func TestKeepAlivePanics(t *testing.T) {
	end := make(chan struct{})
	s := open(t, keptAlive(thinking(end, nil), time.Nanosecond))
	_, h := s.router.Handler()
	req := httptest.NewRequest(http.MethodPost, "/api/v1/chat/completions", strings.NewReader(chatHelloStream))
	req.Header = http.Header{"Authorization": {"Bearer alice"}, "Content-Type": {"application/json"}}
	time.AfterFunc(20*time.Millisecond, func() { close(end) })
	defer func() { _ = recover() }() // net/http would
	h.ServeHTTP(brittle{httptest.NewRecorder()}, req)
}
