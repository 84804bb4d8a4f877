package backend_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edgewise-ai/edgewise/backend"
)

// closing tells whether it was closed.
type closing struct {
	io.Reader
	closed bool
}

func (c *closing) Close() error {
	c.closed = true
	return nil
}

// ending reads a text and then fails; nil is io.EOF.
func ending(text string, err error) io.Reader {
	if err == nil {
		return strings.NewReader(text)
	}
	return io.MultiReader(strings.NewReader(text), iotest.ErrReader(err))
}

func TestAwaitStream(t *testing.T) {
	broken := errors.New("connection reset")
	tests := []struct {
		name, src string
		end       error // of src; nil is io.EOF
		want      string
		code      backend.Code // of Await; empty means that the answer has begun
	}{
		{name: "content", src: role + hello + stop + usage + done, want: role + hello + stop + usage + done},
		{name: "no content", src: role + stop + usage + done, want: role + stop + usage + done},
		{name: "comments first", src: ping + ping + role + ping + hello + ping + done, want: role + hello + ping + done},
		{name: "a comment within an event", src: "id: 1\n: x\n" + hello + done, want: "id: 1\n: x\n" + hello + done},
		{name: "CRLF", src: strings.ReplaceAll(ping+role+hello+done, "\n", "\r\n"), want: strings.ReplaceAll(role+hello+done, "\n", "\r\n")},
		{name: "cut after content", src: role + hello, want: role + hello},
		{name: "broken after content", src: role + hello, end: broken, want: role + hello},
		{name: "error after content", src: hello + failed, want: hello + failed},
		{name: "nothing", code: backend.CodeTruncated},
		{name: "role alone", src: role, code: backend.CodeTruncated},
		{name: "broken at once", end: broken, code: backend.CodeTruncated},
		{name: "timed out", src: ping + role, end: &backend.Error{Code: backend.CodeTimeout}, code: backend.CodeTimeout},
		{name: "done alone", src: role + done, code: backend.CodeTruncated},
		{name: "error", src: role + failed, code: backend.CodeUnavailable},
		{name: "garbage", src: role + "data: <html>\n\n", code: backend.CodeBadResponse},
		{name: "long event", src: "data: " + strings.Repeat("x", 1<<20), code: backend.CodeBadResponse},
		{name: "roles for ever", src: strings.Repeat(role, 3<<20/len(role)) + hello, code: backend.CodeBadResponse},
		{name: "comments for ever", src: strings.Repeat(ping, 3<<20/len(ping)) + hello + done, want: hello + done},
	}
	for _, test := range tests {
		for how, cut := range map[string]func(io.Reader) io.Reader{
			"whole": func(r io.Reader) io.Reader { return r }, "bytes": iotest.OneByteReader, "with error": iotest.DataErrReader,
		} {
			if how == "bytes" && len(test.src) > 1<<16 {
				continue
			}
			t.Run(test.name+", "+how, func(t *testing.T) {
				body := &closing{Reader: cut(ending(test.src, test.end))}
				begun, err := backend.Await(body, true)
				if test.code != "" {
					if !errors.Is(err, test.code) || !body.closed {
						t.Errorf("error %v, closed %v", err, body.closed)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				got, err := io.ReadAll(begun)
				if string(got) != test.want || !errors.Is(err, test.end) {
					t.Errorf("%v: got %.200q, want %.200q", err, got, test.want)
				}
				if begun.Close() != nil || !body.closed {
					t.Error("not closed")
				}
				if _, err := begun.Read(make([]byte, 1)); !errors.Is(err, os.ErrClosed) {
					t.Errorf("reads on after Close: %v", err)
				}
			})
		}
	}
}

func TestAwaitWhole(t *testing.T) {
	long := strings.Replace(wholeAnswer, `"content":"`, `"content":"`+strings.Repeat("long ", 4000), 1)
	for name, test := range map[string]struct {
		src  string
		end  error
		code backend.Code
	}{
		"answer":    {src: wholeAnswer},
		"long":      {src: long},
		"cut":       {src: wholeAnswer[:20], end: io.ErrUnexpectedEOF, code: backend.CodeTruncated},
		"long cut":  {src: long[:9000], end: io.ErrUnexpectedEOF, code: backend.CodeTruncated},
		"ends":      {src: wholeAnswer[:20], code: backend.CodeBadResponse},
		"not JSON":  {src: "<html>", code: backend.CodeBadResponse},
		"an error":  {src: `{"error":{"message":"out of memory"}}`, code: backend.CodeUnavailable},
		"no reason": {src: `{"choices":[{"message":{"content":"a"}}]}`, code: backend.CodeTruncated},
	} {
		t.Run(name, func(t *testing.T) {
			body := &closing{Reader: iotest.HalfReader(ending(test.src, test.end))}
			begun, err := backend.Await(body, false)
			if test.code != "" {
				if !errors.Is(err, test.code) || !body.closed {
					t.Errorf("error %v, closed %v", err, body.closed)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			text, out, err := backend.ReadWhole(begun)
			want, wantErr := backend.ReadAnswer([]byte(test.src))
			if string(text) != test.src || out != want || err != nil || wantErr != nil {
				t.Errorf("%v, %v: %+v, want %+v: %.100s", err, wantErr, out, want, text)
			}
			if read, err := io.ReadAll(begun); string(read) != test.src || err != nil {
				t.Errorf("%v: %.100s", err, read)
			}
		})
	}
}

// Whatever a stream says, waiting for it to begin changes nothing about it but the time of its first comments.
func FuzzAwait(f *testing.F) {
	for _, src := range []string{role + hello + stop + usage + done, ping + role + failed, role + done, "data: {", ": x\n\n" + hello} {
		f.Add([]byte(src), 7)
	}
	f.Fuzz(func(t *testing.T, src []byte, size int) {
		if size < 1 {
			t.Skip()
		}
		opts := backend.RelayOptions{Now: func() time.Time { return time.Unix(1, 0) }}
		want, wantErr := backend.Relay(new(bytes.Buffer), nil, bytes.NewReader(src), opts)
		begun, err := backend.Await(io.NopCloser(&sized{bytes.NewReader(src), size}), true)
		if err != nil {
			if wantErr == nil || want.Deltas > 0 {
				t.Fatalf("the stream never begins: %v; relayed it gives %+v, %v", err, want, wantErr)
			}
			return
		}
		out, err := backend.Relay(new(bytes.Buffer), nil, begun, opts)
		if diff := cmp.Diff(want, out); diff != "" {
			t.Fatal(diff)
		}
		if want, got := backend.AsError(wantErr, ""), backend.AsError(err, ""); (want == nil) != (got == nil) || want != nil && want.Code != got.Code {
			t.Fatalf("ends in %v, want %v", err, wantErr)
		}
	})
}

// sized reads so many bytes at a time.
type sized struct {
	io.Reader
	size int
}

func (s *sized) Read(p []byte) (int, error) { return s.Reader.Read(p[:min(len(p), s.size)]) }
