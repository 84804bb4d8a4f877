package backendtest_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/edgewise-ai/edgewise/backend/backendtest"
)

const (
	plainBody  = `{"model":"mock-model","messages":[{"role":"user","content":"hi"}]}`
	streamBody = `{"model":"mock-model","messages":[{"role":"user","content":"hi"}],"stream":true}`
)

// post sends a request over a connection of its own.
func post(ctx context.Context, s *backendtest.Server, body string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL+"/chat/completions", strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer sk-1")
	req.Close = true
	return http.DefaultTransport.RoundTrip(req)
}

// get returns status and body, and the error of whatever failed.
func get(t *testing.T, s *backendtest.Server, body string) (int, string, error) {
	t.Helper()
	resp, err := post(t.Context(), s, body)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(text), err
}

func eventually(t *testing.T, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it never happens")
		}
	}
}

func TestFaults(t *testing.T) {
	_, whole, _ := get(t, backendtest.NewServer(t), plainBody)
	_, events, _ := get(t, backendtest.NewServer(t), streamBody)
	parts := strings.SplitAfter(events, "\n\n")
	parts = parts[:len(parts)-1]
	first := func(n int) string { return strings.Join(parts[:n], "") }
	for _, test := range []struct {
		name   string
		fault  backendtest.Fault
		body   string
		status int // 0 means that no header comes
		want   string
		fails  bool // the body, or the header
	}{
		{"nothing", backendtest.Fault{}, streamBody, 200, events, false},
		{"status", backendtest.Fault{Status: 503}, plainBody, 503, "", false},
		{"body", backendtest.Fault{Body: "<html>"}, plainBody, 200, "<html>", false},
		{"quoted key", backendtest.Fault{Status: 401, Body: "not " + backendtest.KeyQuoted}, plainBody, 401, "not sk-1", false},
		{"empty", backendtest.Fault{Do: backendtest.End}, plainBody, 200, "", false},
		{"no header", backendtest.Fault{Do: backendtest.Cut}, plainBody, 0, "", true},
		{"reset", backendtest.Fault{Do: backendtest.Reset}, plainBody, 0, "", true},
		{"header alone", backendtest.Fault{At: backendtest.AfterEvents(0), Do: backendtest.Cut}, plainBody, 200, "", true},
		{"cut after events", backendtest.Fault{At: backendtest.AfterEvents(3), Do: backendtest.Cut}, streamBody, 200, first(3), true},
		{"cut before the last", backendtest.Fault{At: backendtest.AfterEvents(-1), Do: backendtest.Cut}, streamBody, 200, first(len(parts) - 1), true},
		{"cut at a byte", backendtest.Fault{At: backendtest.AtByte(700), Do: backendtest.Cut}, streamBody, 200, events[:700], true},
		{"end at a byte", backendtest.Fault{At: backendtest.AtByte(99), Do: backendtest.End}, plainBody, 200, whole[:99], false},
		{"cut behind the end", backendtest.Fault{At: backendtest.AtByte(1 << 20), Do: backendtest.Cut}, plainBody, 200, whole, true},
		{"more behind the end", backendtest.Fault{At: backendtest.AfterEvents(99), Say: "x"}, plainBody, 200, whole + "x", false},
		{"said in between", backendtest.Fault{At: backendtest.AfterEvents(1), Say: ": hm\n\n"}, streamBody, 200, first(1) + ": hm\n\n" + events[len(first(1)):], false},
		{"said first", backendtest.Fault{Say: backendtest.KeyQuoted}, plainBody, 200, "sk-1" + whole, false},
		{"said instead", backendtest.Fault{At: backendtest.AfterEvents(2), Say: "x", Do: backendtest.End}, streamBody, 200, first(2) + "x", false},
		{"CRLF", backendtest.Fault{CRLF: true}, streamBody, 200, strings.ReplaceAll(events, "\n", "\r\n"), false},
		{"pieces", backendtest.Fault{Piece: 7, Pause: time.Microsecond}, streamBody, 200, events, false},
		{"failure cut", backendtest.Fault{Status: 500, Body: "out of memory", At: backendtest.AtByte(3), Do: backendtest.Cut}, plainBody, 500, "out", true},
		{"no model", backendtest.Fault{}, strings.Replace(plainBody, "mock", "no", 1), 404,
			`{"error":{"message":"The model ` + "`no-model`" + ` does not exist","type":"invalid_request_error","param":null,"code":"model_not_found"}}`, false},
		{"overloaded without a model", backendtest.Fault{Status: 503}, strings.Replace(plainBody, "mock", "no", 1), 503, "", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			status, text, err := get(t, backendtest.NewServer(t, test.fault), test.body)
			if status != test.status || text != test.want || (err != nil) != test.fails {
				t.Errorf("status %d, error %v, %s", status, err, text)
			}
		})
	}
}

func TestStallEndsWithTheClient(t *testing.T) {
	for name, f := range map[string]backendtest.Fault{
		"before the header": {Do: backendtest.Stall},
		"in the answer":     {At: backendtest.AfterEvents(2), Do: backendtest.Stall},
		"between writes":    {Pause: time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			s := backendtest.NewServer(t, f)
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan struct{})
			go func() {
				defer close(done)
				if resp, err := post(ctx, s, streamBody); err == nil {
					_, _ = io.Copy(io.Discard, resp.Body)
					resp.Body.Close()
				}
			}()
			eventually(t, func() bool { return s.Active() == 1 })
			cancel()
			<-done
			<-s.Left()
			eventually(t, func() bool { return s.Active() == 0 })
		})
	}
}

func TestDownAndUp(t *testing.T) {
	s := backendtest.NewServer(t, backendtest.Fault{At: backendtest.AfterEvents(1), Do: backendtest.Stall})
	resp, err := post(t.Context(), s, streamBody)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	s.Down()
	s.Down()
	if _, err := io.Copy(io.Discard, resp.Body); err == nil {
		t.Error("a stream goes on while the server is down")
	}
	if _, _, err := get(t, s, plainBody); err == nil {
		t.Error("a server that is down answers")
	}
	s.Up()
	s.Up()
	if status, _, err := get(t, s, plainBody); status != 200 || err != nil {
		t.Errorf("after it came up: status %d, %v", status, err)
	}
	if n := len(s.Requests()); n != 2 {
		t.Errorf("%d requests came, want 2", n)
	}
}

func TestSetFaults(t *testing.T) {
	s := backendtest.NewServer(t, backendtest.Overloaded(), backendtest.Overloaded())
	want := func(want int) {
		t.Helper()
		if status, _, err := get(t, s, plainBody); status != want || err != nil {
			t.Errorf("status %d, %v, want %d", status, err, want)
		}
	}
	want(503)
	s.SetFaults(func(r backendtest.Request) backendtest.Fault {
		if r.Path != "/v1/chat/completions" || r.Key() != "sk-1" {
			return backendtest.Fault{}
		}
		return backendtest.RateLimited(0)
	})
	want(429)
	want(429)
	s.SetFaults(nil)
	want(200)
}

func TestPrefill(t *testing.T) {
	const partial, rest = "The quick br", "own fox jumps over the lazy dog."
	ask := func(message, fields string) string {
		return `{"model":"mock-model","messages":[{"role":"user","content":"go"},{"role":"assistant","content":"` + partial + `"` + message + `}]` + fields + `}`
	}
	bare := ask("", "")
	final := ask("", `,"continue_final_message":true,"add_generation_prompt":false`)
	prefix := ask(`,"prefix":true`, "")
	for _, test := range []struct {
		prefill backendtest.Prefill
		body    string
		want    string
	}{
		{backendtest.PrefillNever, bare, backendtest.Answer},
		{backendtest.PrefillNever, final, backendtest.Answer},
		{backendtest.PrefillNever, prefix, backendtest.Answer},
		{backendtest.PrefillFinalMessage, bare, backendtest.Answer},
		{backendtest.PrefillFinalMessage, final, rest},
		{backendtest.PrefillFinalMessage, plainBody, backendtest.Answer},
		{backendtest.PrefillLast, bare, rest},
		{backendtest.PrefillLast, plainBody, backendtest.Answer},
		{backendtest.PrefillPrefix, bare, backendtest.Answer},
		{backendtest.PrefillPrefix, prefix, rest},
		{backendtest.PrefillLast, strings.Replace(bare, partial, "Once upon", 1), backendtest.Answer},
	} {
		s := backendtest.NewServer(t)
		s.Prefill = test.prefill
		_, text, err := get(t, s, test.body)
		usage := fmt.Sprintf(`"completion_tokens":%d`, strings.Count(test.want, " ")+1)
		if err != nil || !strings.Contains(text, `"content":"`+test.want+`"`) || !strings.Contains(text, usage) {
			t.Errorf("%q: %s: %s, %v", test.prefill, test.body, text, err)
		}
	}
	s := backendtest.NewServer(t)
	s.Prefill = backendtest.PrefillFinalMessage
	if status, _, _ := get(t, s, ask("", `,"continue_final_message":true`)); status != 400 {
		t.Errorf("a contradiction has status %d", status)
	}
}

func TestCasesAreDistinct(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range backendtest.Cases() {
		if seen[c.Name] {
			t.Errorf("%q is there twice", c.Name)
		}
		seen[c.Name] = true
		if c.Stream != strings.HasPrefix(c.Name, "stream/") || c.Begun != strings.HasSuffix(c.Name, " after content") {
			t.Errorf("%q has another kind than its name says", c.Name)
		}
	}
}

// BenchmarkServer tells what requests cost of the time of a test.
func BenchmarkServer(b *testing.B) {
	for name, body := range map[string]string{"plain": plainBody, "stream": streamBody} {
		b.Run(name, func(b *testing.B) {
			s := backendtest.NewServer(b)
			for b.Loop() {
				resp, err := http.Post(s.URL+"/chat/completions", "application/json", strings.NewReader(body))
				if err != nil {
					b.Fatal(err)
				}
				if _, err := io.Copy(io.Discard, resp.Body); err != nil {
					b.Fatal(err)
				}
				resp.Body.Close()
			}
		})
	}
}
