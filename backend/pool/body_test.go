package pool_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/edgewise-ai/edgewise/backend"
	"github.com/edgewise-ai/edgewise/backend/pool"
)

// TestCircuitCountsBrokenStreams is about failures after an answer began.
func TestCircuitCountsBrokenStreams(t *testing.T) {
	broken := func(err error) io.Reader {
		return io.MultiReader(strings.NewReader(role+hello), iotest.ErrReader(err))
	}
	for _, test := range []struct {
		name  string
		body  func() io.Reader
		fails bool
	}{
		{"whole", func() io.Reader { return strings.NewReader(streamText) }, false},
		{"whole with CRLF", func() io.Reader { return strings.NewReader(strings.ReplaceAll(streamText, "\n", "\r\n")) }, false},
		{"whole without a blank line at its end", func() io.Reader { return strings.NewReader(strings.TrimRight(streamText, "\n")) }, false},
		{"whole without a space", func() io.Reader { return strings.NewReader(strings.ReplaceAll(streamText, ": [DONE]", ":[DONE]")) }, false},
		{"cut after its end", func() io.Reader {
			return io.MultiReader(strings.NewReader(streamText), iotest.ErrReader(io.ErrUnexpectedEOF))
		}, false},
		{"whole with more after it", func() io.Reader { return strings.NewReader(streamText + ": bye\n\n") }, false},
		{"whole after an event about [DONE]", func() io.Reader {
			return strings.NewReader(role + `data: {"choices":[{"delta":{"content":"[DONE]"}}]}` + "\n\n" + done)
		}, false},
		{"without [DONE]", func() io.Reader { return strings.NewReader(role + hello + stop) }, true},
		{"that speaks of [DONE]", func() io.Reader { return strings.NewReader(role + strings.ReplaceAll(hello, "llo", "[DONE]")) }, true},
		{"that ends with an error", func() io.Reader { return strings.NewReader(role + hello + failed) }, true},
		{"cut", func() io.Reader { return broken(io.ErrUnexpectedEOF) }, true},
		{"silent", func() io.Reader { return broken(&backend.Error{Code: backend.CodeTimeout}) }, true},
		{"canceled", func() io.Reader { return broken(context.Canceled) }, false},
	} {
		for size, sized := range map[string]func(io.Reader) io.Reader{
			"bytes": iotest.OneByteReader, "halves": iotest.HalfReader, "end with the last": iotest.DataErrReader,
		} {
			t.Run(test.name+"/"+size, func(t *testing.T) {
				p, a, _ := circuitPool(t)
				for range 3 {
					a.does(streamsFrom(sized(test.body())))
					_, _ = ask(t, p, streamed)
				}
				want := pool.StateClosed
				if test.fails {
					want = pool.StateOpen
				}
				wantState(t, p, "a", want)
			})
		}
	}
}

// TestCircuitTakesALeavingClientForNone is about streams that are closed before their end, or whose client goes away.
func TestCircuitTakesALeavingClientForNone(t *testing.T) {
	p, a, _ := circuitPool(t)
	outcomes(t, p, a, dead, dead)
	a.does(streamsFrom(io.MultiReader(strings.NewReader(role), iotest.ErrReader(io.ErrUnexpectedEOF))))

	closed := begin(t, p, streamed)
	closed.Body.Close()
	_, _ = io.Copy(io.Discard, closed.Body) // fails, but nobody reads any more

	for range 3 {
		ctx, cancel := context.WithCancel(t.Context())
		gone, err := p.Generate(ctx, &streamed)
		if err != nil {
			t.Fatal(err)
		}
		cancel()
		_, _ = backend.Relay(io.Discard, nil, gone.Body, backend.RelayOptions{}) // fails, whatever the backend calls it
		gone.Body.Close()
	}
	wantState(t, p, "a", pool.StateClosed)
	outcomes(t, p, a, dead)
	wantState(t, p, "a", pool.StateOpen)
}

// TestCircuitLearnsWhatRelayFinds is about streams whose end looks well, or isn't reached.
func TestCircuitLearnsWhatRelayFinds(t *testing.T) {
	const inBandRefusal = `data: {"error":{"message":"no","type":"invalid_request_error"}}` + "\n\n"
	for _, test := range []struct {
		name, text string
		fails      bool
		dst        io.Writer
	}{
		{"whole", streamText, false, io.Discard},
		{"an error", role + hello + failed, true, io.Discard},
		{"an error and [DONE]", role + hello + failed + done, true, io.Discard},
		{"an error of the client's", role + hello + inBandRefusal, false, io.Discard},
		{"no finish_reason", role + hello + done, true, io.Discard},
		{"garbage", role + hello + "data: <html>\n\n" + stop + done, true, io.Discard},
		{"a client that has left", role + hello + stop, false, gone{}},
	} {
		for name, sized := range map[string]func(io.Reader) io.Reader{"bytes": iotest.OneByteReader, "at once": iotest.DataErrReader} {
			t.Run(test.name+"/"+name, func(t *testing.T) {
				inner, a, _ := circuitPool(t)
				outer := newPool(t, pool.Options{
					Endpoints: []pool.Endpoint{{Name: "a", Backend: inner}}, Failures: 3,
				})
				for range 3 {
					a.does(streamsFrom(sized(strings.NewReader(test.text))))
					resp := begin(t, outer, streamed)
					_, err := backend.Relay(test.dst, nil, resp.Body, backend.RelayOptions{})
					if (err == nil) != (test.text == streamText) {
						t.Error(err)
					}
					resp.Body.Close()
				}
				want := pool.StateClosed
				if test.fails {
					want = pool.StateOpen
				}
				wantState(t, inner, "a", want)
				wantState(t, outer, "a", want)
			})
		}
	}
}

// TestRelayTellsWhatIsWhole has the end come in one read with what Relay leaves unread, and more of that than is looked
// at for those who have no Relay.
func TestRelayTellsWhatIsWhole(t *testing.T) {
	p, a, clock := circuitPool(t)
	for range 3 {
		outcomes(t, p, a, dead, dead, dead)
		if pause := wait(t, p, clock); pause > time.Second {
			t.Errorf("pause after an answer is %s", pause)
		}
		a.does(streamsFrom(strings.NewReader(streamText + strings.Repeat(": bye\n\n", 100))))
		resp := begin(t, p, streamed)
		if _, err := backend.Relay(io.Discard, nil, resp.Body, backend.RelayOptions{}); err != nil {
			t.Error(err)
		}
		resp.Body.Close()
	}
}

// TestCircuitTakesCredentialsThatBeganForGood is about answers that refuse them in their midst.
func TestCircuitTakesCredentialsThatBeganForGood(t *testing.T) {
	p, a, _ := circuitPool(t)
	for range 3 {
		wantState(t, p, "a", pool.StateClosed)
		a.does(streams(role + hello + `data: {"error":{"message":"no","type":"permission_error"}}` + "\n\n"))
		resp := begin(t, p, streamed)
		_, err := backend.Relay(io.Discard, nil, resp.Body, backend.RelayOptions{})
		if !errors.Is(err, backend.CodeUpstreamAuth) {
			t.Error(err)
		}
		resp.Body.Close()
	}
	wantState(t, p, "a", pool.StateOpen)
}

// gone is a client that has gone.
type gone struct{}

func (gone) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

// BenchmarkStream relays an answer of 64 events, with and without a pool in between.
func BenchmarkStream(b *testing.B) {
	text := role + strings.Repeat(hello, 64) + stop + done
	up := &upstream{}
	up.does(func(context.Context, *backend.Request) (*backend.Response, error) {
		return &backend.Response{Body: io.NopCloser(strings.NewReader(text))}, nil
	})
	for name, from := range map[string]backend.Backend{
		"direct": up, "pool": newPool(b, pool.Options{Endpoints: team(up, up, up)}),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				resp, err := from.Generate(b.Context(), &streamed)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := backend.Relay(io.Discard, nil, resp.Body, backend.RelayOptions{}); err != nil {
					b.Fatal(err)
				}
				resp.Body.Close()
				up.asked = up.asked[:0]
			}
		})
	}
}
