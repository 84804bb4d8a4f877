package backendtest

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/edgewise-ai/edgewise/backend"
	"github.com/edgewise-ai/edgewise/backend/openai"
)

const testKey = "sk-secret-1234567890"

// relabel is a transport that takes every answer for the right type.
type relabel struct{}

func (relabel) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err == nil {
		resp.Header.Set("Content-Type", req.Header.Get("Accept"))
	}
	return resp, err
}

// follow is a transport that follows redirects.
type follow struct{}

func (follow) RoundTrip(req *http.Request) (*http.Response, error) {
	again := req.Clone(req.Context())
	again.RequestURI = ""
	return http.DefaultClient.Do(again)
}

// TestRunFaultsFindsMistakes breaks an adapter that is known to pass.
func TestRunFaultsFindsMistakes(t *testing.T) {
	const finish = `data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}` + "\n\ndata: [DONE]\n\n"
	for _, test := range []struct {
		name    string
		options openai.Options
		mistake mistake
		fails   []string // the subtests
	}{
		{name: "retries", options: openai.Options{MaxRetries: 1, MinBackoff: 1, MaxBackoff: 1}, fails: []string{"plain/overloaded", "stream/cut"}},
		{name: "waits for ever for a header", options: openai.Options{HeaderTimeout: -1}, fails: []string{"plain/silent"}},
		{name: "waits for ever for an event", options: openai.Options{HeaderTimeout: patience, IdleTimeout: -1}, fails: []string{"stream/stall", "stream/stall after content"}},
		{name: "believes any type", options: openai.Options{Transport: relabel{}}, fails: []string{"stream/page", "stream/not a stream"}},
		{name: "follows redirects", options: openai.Options{Transport: follow{}}, fails: []string{"plain/redirect"}},
		{name: "shows no key", options: openai.Options{Key: func(context.Context) (string, error) { return "", nil }}, fails: []string{"plain/key in an error"}},
		{name: "returns at once", mistake: lazy, fails: []string{"stream/overloaded", "plain/cut", "left before content"}},
		{
			name: "ignores its caller",
			mistake: func(ctx context.Context, req *backend.Request, b backend.Backend) (*backend.Response, error) {
				resp, err := b.Generate(context.WithoutCancel(ctx), req)
				if err == nil {
					resp.Body = io.NopCloser(resp.Body)
				}
				return resp, err
			},
			fails: []string{"left before the header", "left before the first event", "left before content", "left after content"},
		},
		{
			name:    "loses headers and status",
			mistake: breakError(func(e *backend.Error) { *e = backend.Error{Code: e.Code, Body: e.Body} }),
			fails:   []string{"plain/rate limited", "stream/overloaded"},
		},
		{
			name:    "loses the error",
			mistake: breakError(func(e *backend.Error) { e.Body = nil }),
			fails:   []string{"plain/context too long", "stream/error"},
		},
		{
			name:    "passes cookies",
			mistake: breakError(func(e *backend.Error) { e.Header.Set("Set-Cookie", "id=1") }),
			fails:   []string{"plain/bad request"},
		},
		{
			name:    "quotes the key",
			mistake: breakError(func(e *backend.Error) { e.Err = errors.New(testKey) }),
			fails:   []string{"plain/unauthorized"},
		},
		{
			name:    "lets refusals of the key through",
			mistake: breakError(func(e *backend.Error) { e.Body = []byte(`{"message":"Invalid API key"}`) }),
			fails:   []string{"plain/unauthorized", "stream/credentials error"},
		},
		{
			name:    "tells the address",
			mistake: breakError(func(e *backend.Error) { e.Message = e.Err.Error() }),
			fails:   []string{"down"},
		},
		{
			name:    "knows one code",
			mistake: breakError(func(e *backend.Error) { e.Code = backend.CodeInternal }),
			fails:   []string{"plain/out of quota", "down"},
		},
		{
			name:    "counts wrong",
			mistake: breakError(func(e *backend.Error) { e.Attempts = 7 }),
			fails:   []string{"stream/bad request"},
		},
		{
			name: "mends a cut stream",
			mistake: breakStream(func(piece []byte, err error) ([]byte, error) {
				if err != nil && !errors.Is(err, io.EOF) {
					return append(piece, finish...), io.EOF
				}
				return piece, err
			}),
			fails: []string{"stream/cut after content"},
		},
		{
			name: "drops errors in a stream",
			mistake: breakStream(func(piece []byte, err error) ([]byte, error) {
				if i := bytes.Index(piece, []byte(`data: {"error"`)); i >= 0 {
					return append(piece[:i:i], finish...), io.EOF
				}
				return piece, err
			}),
			fails: []string{"stream/error after content"},
		},
		{
			name: "writes errors in a stream anew",
			mistake: breakStream(func(piece []byte, err error) ([]byte, error) {
				return bytes.ReplaceAll(piece, []byte("CUDA out of memory"), []byte("internal error")), err
			}),
			fails: []string{"stream/error after content"},
		},
		{
			name: "quotes the key in a stream",
			mistake: breakStream(func(piece []byte, err error) ([]byte, error) {
				return bytes.ReplaceAll(piece, []byte("No route"), []byte(testKey)), err
			}),
			fails: []string{"stream/key in an error event after content"},
		},
		{
			name: "buffers",
			mistake: breakResponse(func(resp *backend.Response) {
				from := resp.Body
				text, err := io.ReadAll(from)
				if err != nil {
					text = nil
				}
				resp.Body = body{io.MultiReader(bytes.NewReader(text), readerFunc(func([]byte) (int, error) { return 0, err })), from.Close}
			}),
			fails: []string{"stream/cut after content"},
		},
		{
			name: "stumbles over CRLF",
			mistake: breakStream(func(piece []byte, err error) ([]byte, error) {
				if bytes.ContainsRune(piece, '\r') {
					return nil, io.EOF
				}
				return piece, err
			}),
			fails: []string{"stream/CRLF"},
		},
		{
			name: "doesn't come back",
			mistake: func(ctx context.Context, req *backend.Request, b backend.Backend) (*backend.Response, error) {
				resp, err := b.Generate(ctx, req)
				if err == nil {
					resp.Body.Close()
				}
				return nil, &backend.Error{Code: backend.CodeUnavailable}
			},
			fails: []string{"down"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			left := len(test.fails)
			for _, c := range faultChecks() {
				if !slices.Contains(test.fails, c.name) {
					continue
				}
				left--
				s := c.open(t)
				var b backend.Backend = adapter(t, s.URL, c.silence, test.options)
				if test.mistake != nil {
					b = broken{b, test.mistake}
				}
				if err := c.run(kit{b, 300 * time.Millisecond}, t.Context(), s); err == nil {
					t.Errorf("%s does not find it", c.name)
				}
			}
			if left > 0 {
				t.Errorf("there are no such checks: %d of %q", left, test.fails)
			}
		})
	}
}

// adapter is one that passes but for what the options do to it.
func adapter(t *testing.T, baseURL string, silence time.Duration, opts openai.Options) *openai.Backend {
	opts.BaseURL, opts.DefaultModel = baseURL, ModelID
	opts.HeaderTimeout, opts.IdleTimeout = cmp.Or(opts.HeaderTimeout, silence), cmp.Or(opts.IdleTimeout, silence)
	opts.MaxRetries = cmp.Or(opts.MaxRetries, -1)
	if opts.Key == nil {
		opts.APIKey = testKey
	}
	b, err := openai.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
