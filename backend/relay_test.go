package backend_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/edgewise-ai/edgewise/backend"
	"github.com/edgewise-ai/edgewise/internal/race"
)

const (
	role   = `data: {"id":"1","model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}],"usage":null}` + "\n\n"
	hello  = `data: {"id":"1","model":"m","x-unknown":[1e999],"choices":[{"index":0,"delta":{"content":"héllo \ud83d\ude00"},"finish_reason":null}],"usage":null}` + "\n\n"
	stop   = `data: {"id":"1","model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":null}` + "\n\n"
	usage  = `data: {"id":"1","model":"m","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}` + "\n\n"
	done   = "data: [DONE]\n\n"
	ping   = ": keep-alive\n\n"
	failed = `data: {"error":{"message":"it broke","type":"server_error","code":null}}` + "\n\n"
)

func inBand(code, message string) string {
	return `data: {"error":{"message":"` + message + `","type":"server_error","code":"` + code + `","param":null}}` + "\n\n"
}

var cut = inBand("upstream_truncated", "the answer was cut short")

func TestRelay(t *testing.T) {
	whole := backend.Outcome{
		Model: "m", FinishReason: "stop", Deltas: 1, Chars: 7, Done: true,
		Usage: backend.Usage{PromptTokens: 3, CompletionTokens: 2, TotalTokens: 5, Known: true},
	}
	without := func(change func(*backend.Outcome)) backend.Outcome {
		out := whole
		change(&out)
		return out
	}
	noUsage := func(o *backend.Outcome) { o.Usage = backend.Usage{} }
	half := backend.Outcome{Model: "m", Deltas: 1, Chars: 7}
	crlf := func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }
	garbage := inBand("upstream_bad_response", "the model server sent an event that is not a JSON object")

	tests := []struct {
		name, src, want string
		opts            backend.RelayOptions
		out             backend.Outcome
		code            error
	}{
		{name: "usage withheld", src: role + hello + stop + usage + done, want: role + hello + stop + done, out: whole},
		{name: "usage asked for", src: role + hello + stop + usage + done, want: role + hello + stop + usage + done, out: whole, opts: backend.RelayOptions{IncludeUsage: true}},
		{name: "no usage sent", src: role + hello + stop + done, want: role + hello + stop + done, out: without(noUsage)},
		{name: "CRLF", src: crlf(role + hello + stop + usage + done), want: crlf(role + hello + stop + done), out: whole},
		{name: "comments pass", src: ping + role + ping + hello + ": bare\n" + stop + usage + done, want: ping + role + ping + hello + ": bare\n" + stop + done, out: whole},
		{name: "nothing after DONE", src: hello + stop + usage + done + hello, want: hello + stop + done, out: whole},
		{name: "no blank line after DONE", src: hello + stop + usage + "data: [DONE]", want: hello + stop + done, out: whole},
		{name: "no space after colon", src: strings.ReplaceAll(hello+stop+usage+done, "data: ", "data:"), want: strings.ReplaceAll(hello+stop+done, "data: ", "data:"), out: whole},
		{name: "other fields", src: "event: message\nid: 7\n" + hello + stop + usage + done, want: "event: message\nid: 7\n" + hello + stop + done, out: whole},
		{name: "data over two lines", src: strings.Replace(hello, `"choices"`, "\ndata:  \"choices\"", 1) + stop + usage + done, want: strings.Replace(hello, `"choices"`, "\ndata:  \"choices\"", 1) + stop + done, out: whole},
		{name: "empty choices without usage pass", src: `data: {"choices":[],"prompt_filter_results":[]}` + "\n\n" + hello + stop + usage + done, want: `data: {"choices":[],"prompt_filter_results":[]}` + "\n\n" + hello + stop + done, out: whole},
		{
			name: "usage beside the finish reason passes",
			src:  hello + `data: {"choices":[{"index":0,"delta":{},"finish_reason":"length"}],"usage":{"prompt_tokens":1,"completion_tokens":1}}` + "\n\n" + done,
			want: hello + `data: {"choices":[{"index":0,"delta":{},"finish_reason":"length"}],"usage":{"prompt_tokens":1,"completion_tokens":1}}` + "\n\n" + done,
			out: without(func(o *backend.Outcome) {
				o.FinishReason, o.Usage = "length", backend.Usage{PromptTokens: 1, CompletionTokens: 1, TotalTokens: 2, Known: true}
			}),
		},
		{
			name: "words that look like fields", out: without(func(o *backend.Outcome) { noUsage(o); o.Chars = 18 }),
			src:  `data: {"model":"m","choices":[{"index":0,"delta":{"content":"\"finish_reason\":1}"}}]}` + "\n\n" + stop + done,
			want: `data: {"model":"m","choices":[{"index":0,"delta":{"content":"\"finish_reason\":1}"}}]}` + "\n\n" + stop + done,
		},
		{
			name: "tool calls are output", out: without(func(o *backend.Outcome) { noUsage(o); o.Chars, o.FinishReason = 0, "tool_calls" }),
			src:  `data: {"model":"m","choices":[{"index":0,"delta":{"content":null,"tool_calls":[{"id":"1"}]},"finish_reason":"tool_calls"}]}` + "\n\n" + done,
			want: `data: {"model":"m","choices":[{"index":0,"delta":{"content":null,"tool_calls":[{"id":"1"}]},"finish_reason":"tool_calls"}]}` + "\n\n" + done,
		},

		{name: "cut between events", src: role + hello, want: role + hello + cut, out: half, code: backend.CodeTruncated},
		{name: "cut within an event", src: role + hello + stop[:30], want: role + hello + cut, out: half, code: backend.CodeTruncated},
		{name: "cut before DONE", src: hello + stop, want: hello + stop + cut, out: without(func(o *backend.Outcome) { noUsage(o); o.Done = false }), code: backend.CodeTruncated},
		{name: "nothing at all", src: "", want: cut, code: backend.CodeTruncated},
		{name: "DONE without finish reason", src: hello + done, want: hello + inBand("upstream_truncated", "the answer ended without a finish_reason"), out: half, code: backend.CodeTruncated},
		{name: "DONE before the second choice's end", src: strings.Replace(hello, `"index":0`, `"index":1`, 1) + stop + done, want: strings.Replace(hello, `"index":0`, `"index":1`, 1) + stop + inBand("upstream_truncated", "the answer ended without a finish_reason"), out: without(func(o *backend.Outcome) { noUsage(o); o.Done = false }), code: backend.CodeTruncated},
		{name: "error event", src: hello + failed + hello + stop + done, want: hello + failed, out: half, code: backend.CodeUnavailable},
		{name: "not JSON", src: hello + "data: <html>\n\n", want: hello + garbage, out: half, code: backend.CodeBadResponse},
		{name: "broken JSON", src: hello + "data: {\"a\":[}\n\n", want: hello + garbage, out: half, code: backend.CodeBadResponse},
		{
			name: "giant line", src: hello + "data: " + strings.Repeat("x", 1000), opts: backend.RelayOptions{MaxEventBytes: 500},
			want: hello + inBand("upstream_bad_response", "the model server sent an event that is too long"), out: half, code: backend.CodeBadResponse,
		},
	}
	readers := map[string]func(io.Reader) io.Reader{
		"whole": func(r io.Reader) io.Reader { return r },
		"bytes": iotest.OneByteReader,
		"half":  iotest.HalfReader,
		"eof":   iotest.DataErrReader,
	}
	for _, test := range tests {
		for name, reader := range readers {
			t.Run(test.name+"/"+name, func(t *testing.T) {
				var dst bytes.Buffer
				out, err := backend.Relay(&dst, nil, reader(strings.NewReader(test.src)), test.opts)
				if diff := cmp.Diff(test.want, dst.String()); diff != "" {
					t.Error(diff)
				}
				if out.FirstContent.IsZero() != (test.out.Deltas == 0) {
					t.Errorf("FirstContent is %v with %d deltas", out.FirstContent, out.Deltas)
				}
				if diff := cmp.Diff(test.out, out, cmpopts.IgnoreFields(backend.Outcome{}, "FirstContent")); diff != "" {
					t.Error(diff)
				}
				if !errors.Is(err, test.code) {
					t.Errorf("error is %v, want %v", err, test.code)
				}
			})
		}
	}
}

// reads gives one chunk a read, then an error.
type reads struct {
	chunks []string
	err    error
}

func (r *reads) Read(p []byte) (int, error) {
	if len(r.chunks) == 0 {
		return 0, r.err
	}
	n := copy(p, r.chunks[0])
	r.chunks = r.chunks[1:]
	return n, nil
}

func TestRelayFlushesOncePerRead(t *testing.T) {
	var dst bytes.Buffer
	var flushed []int
	flush := func() error {
		flushed = append(flushed, dst.Len())
		return nil
	}
	half := len(hello) / 2
	src := &reads{chunks: []string{role + hello + usage, hello[:half], hello[half:] + stop, ": bare\n", ping, usage, done}}
	if _, err := backend.Relay(&dst, flush, src, backend.RelayOptions{}); err != nil {
		t.Fatal(err)
	}
	var want []int
	sent := 0
	for _, s := range []string{role + hello, hello + stop, ": bare\n", ping, done} {
		sent += len(s)
		want = append(want, sent)
	}
	if diff := cmp.Diff(want, flushed); diff != "" {
		t.Errorf("bytes written at each flush: %s", diff)
	}
}

func TestRelayGrowsForLongEvents(t *testing.T) {
	long := strings.Replace(hello, "héllo", strings.Repeat("x", 100_000), 1)
	var dst bytes.Buffer
	out, err := backend.Relay(&dst, nil, strings.NewReader(long+stop+done), backend.RelayOptions{})
	if err != nil || dst.String() != long+stop+done || out.Chars != 100_002 {
		t.Errorf("%d bytes of %d, outcome %+v, error %v", dst.Len(), len(long+stop+done), out, err)
	}
}

func TestRelaySourceErrors(t *testing.T) {
	idle := &backend.Error{Code: backend.CodeTimeout}
	tests := []struct {
		name string
		err  error
		code backend.Code
		want string
	}{
		{"own error", idle, backend.CodeTimeout, hello + inBand("upstream_timeout", "the model server did not answer in time")},
		{"reset, with no address told", errors.New("read tcp 10.0.0.7: reset"), backend.CodeTruncated, hello + cut},
		{"no progress", nil, backend.CodeTruncated, hello + cut},
		// By the app, say, while its client still reads: half an answer must not look like a whole one.
		{"canceled on our side", &backend.Error{Code: backend.CodeCanceled}, backend.CodeCanceled, hello + inBand("canceled", "the request was canceled")},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var dst bytes.Buffer
			_, err := backend.Relay(&dst, nil, &reads{[]string{hello}, test.err}, backend.RelayOptions{})
			if !errors.Is(err, test.code) {
				t.Errorf("error is %v, want %v", err, test.code)
			}
			if diff := cmp.Diff(test.want, dst.String()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRelayStopsWhenTheClientLeaves(t *testing.T) {
	gone := errors.New("broken pipe")
	src := &reads{chunks: []string{hello, hello, stop, done}}
	writes := 0
	flush := func() error {
		if writes++; writes == 2 {
			return gone
		}
		return nil
	}
	now := time.Unix(1700000000, 0)
	out, err := backend.Relay(io.Discard, flush, src, backend.RelayOptions{Now: func() time.Time { return now }})
	if !errors.Is(err, backend.CodeCanceled) || !errors.Is(err, gone) {
		t.Errorf("error is %v", err)
	}
	if len(src.chunks) != 2 {
		t.Errorf("%d chunks left, want 2: it read on", len(src.chunks))
	}
	want := backend.Outcome{Model: "m", Deltas: 1, Chars: 7, FirstContent: now}
	if diff := cmp.Diff(want, out); diff != "" {
		t.Error(diff)
	}
}

// TestRelayAllocatesNothingPerChunk compares a long stream with a short one: what differs is the chunks.
func TestRelayAllocatesNothingPerChunk(t *testing.T) {
	allocations := func(chunks int) float64 {
		text := []byte(role + strings.Repeat(hello, chunks) + stop + usage + done)
		src := bytes.NewReader(nil)
		return testing.AllocsPerRun(20, func() {
			src.Reset(text)
			if _, err := backend.Relay(io.Discard, nil, src, backend.RelayOptions{}); err != nil {
				t.Fatal(err)
			}
		})
	}
	if short, long := allocations(1), allocations(1000); long-short >= 1 && !race.Enabled {
		t.Errorf("1 chunk takes %v allocations, 1000 take %v", short, long)
	}
}

func FuzzRelay(f *testing.F) {
	for _, seed := range []string{
		role + hello + stop + usage + done, hello + failed, "data: [DONE]", ping + ": x\r\n\r\n", "data: {\ndata: }\n\n" + stop + done,
		"data: {\"usage\":{}}\r\n\r\n", strings.Repeat("y", 300), "\n\n\n", "data\n\ndata:\n\n" + stop + done,
	} {
		f.Add([]byte(seed), false)
		f.Add([]byte(seed), true)
	}
	f.Fuzz(func(t *testing.T, src []byte, includeUsage bool) {
		now := time.Unix(1, 0)
		opts := backend.RelayOptions{IncludeUsage: includeUsage, MaxEventBytes: 256, Now: func() time.Time { return now }}
		var dst, bytewise bytes.Buffer
		out, err := backend.Relay(&dst, nil, bytes.NewReader(src), opts)
		slow, slowErr := backend.Relay(&bytewise, nil, iotest.OneByteReader(bytes.NewReader(src)), opts)

		if diff := cmp.Diff(dst.String(), bytewise.String()) + cmp.Diff(out, slow); diff != "" {
			t.Errorf("what reads cut changes the result: %s", diff)
		}
		if (err == nil) != out.Done || (slowErr == nil) != out.Done {
			t.Errorf("done is %v, errors are %v and %v", out.Done, err, slowErr)
		}
		sent := dst.Bytes()
		if err != nil && !errors.Is(err, backend.CodeCanceled) {
			i := bytes.LastIndex(sent, []byte("data:"))
			if i < 0 || bytes.HasPrefix(bytes.TrimSpace(sent[i+5:]), []byte("[DONE]")) {
				t.Errorf("a fault ends in %q", sent)
			}
		}
		if err == nil && includeUsage && !bytes.HasPrefix(src, bytes.TrimRight(sent, "\r\n")) {
			t.Errorf("%q became %q", src, sent)
		}
	})
}

func BenchmarkRelay(b *testing.B) {
	const chunks = 64
	text := []byte(role + strings.Repeat(hello, chunks) + stop + usage + done)
	src := bytes.NewReader(nil)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		src.Reset(text)
		if _, err := backend.Relay(io.Discard, nil, src, backend.RelayOptions{}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/chunks, "ns/chunk")
}

// judged wants to know how a stream ended.
type judged struct {
	io.Reader
	verdicts []*backend.Error
}

func (j *judged) Judge(failed *backend.Error) { j.verdicts = append(j.verdicts, failed) }

// ownFault is a destination that says why it can't go on.
type ownFault struct{}

func (ownFault) Write([]byte) (int, error) { return 0, &backend.Error{Code: backend.CodeBadResponse} }

// A Judger is told once, of a whole answer too.
func TestRelayTellsJudger(t *testing.T) {
	for _, test := range []struct {
		name, src string
		dst       io.Writer
		code      backend.Code // empty means whole
	}{
		{"whole", hello + stop + done, io.Discard, ""},
		{"whole with more behind it", hello + stop + done + ping, io.Discard, ""},
		{"cut", hello, io.Discard, backend.CodeTruncated},
		{"an error event", hello + failed, io.Discard, backend.CodeUnavailable},
		{"a client that has gone", hello, goneWriter{}, backend.CodeCanceled},
		{"a destination that knows why", hello, ownFault{}, backend.CodeBadResponse},
	} {
		t.Run(test.name, func(t *testing.T) {
			src := &judged{Reader: strings.NewReader(test.src)}
			_, err := backend.Relay(test.dst, nil, src, backend.RelayOptions{})
			if len(src.verdicts) != 1 || (src.verdicts[0] == nil) != (test.code == "") {
				t.Fatalf("verdicts %v", src.verdicts)
			}
			if test.code != "" && (src.verdicts[0].Code != test.code || !errors.Is(err, test.code)) {
				t.Errorf("verdict %v, error %v", src.verdicts[0], err)
			}
		})
	}
}

type goneWriter struct{}

func (goneWriter) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }
