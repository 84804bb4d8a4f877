package openai_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/edgewise-ai/edgewise/backend"
	"github.com/edgewise-ai/edgewise/backend/backendtest"
	"github.com/edgewise-ai/edgewise/backend/openai"
)

func TestFailures(t *testing.T) {
	tests := []struct {
		name     string
		fault    backendtest.Fault
		code     backend.Code
		status   int
		attempts int
		after    time.Duration
	}{
		{"unauthorized", backendtest.Unauthorized(), backend.CodeUpstreamAuth, 401, 1, 0},
		{"out of quota", backendtest.OutOfQuota(), backend.CodeQuotaExceeded, 429, 1, 0},
		{"rate limited for longer than we wait", backendtest.RateLimited(time.Minute), backend.CodeRateLimited, 429, 1, time.Minute},
		{"rate limited", backendtest.RateLimited(0), backend.CodeRateLimited, 429, 3, 0},
		{"overloaded", backendtest.Overloaded(), backend.CodeUnavailable, 503, 3, 0},
		{"told not to retry", backendtest.Fault{Status: 503, Header: http.Header{"X-Should-Retry": {"false"}}}, backend.CodeUnavailable, 503, 1, 0},
		{"told to retry", backendtest.Fault{Status: 400, Header: http.Header{"X-Should-Retry": {"true"}}}, backend.CodeInvalidRequest, 400, 3, 0},
		{"conflict", backendtest.Fault{Status: 409}, backend.CodeUnavailable, 409, 3, 0},
		{"redirect", backendtest.Fault{Status: 307, Header: http.Header{"Location": {"/elsewhere"}}}, backend.CodeBadResponse, 307, 1, 0},
		{"told to retry without credit", backendtest.OutOfQuota().WithHeader("X-Should-Retry", "true"), backend.CodeQuotaExceeded, 429, 1, 0},
		{"a text about an error", backendtest.Fault{ContentType: "text/plain", Body: `{"choices":[{"message":{"content":"say \"error\""},"finish_reason":"stop"}],"x":"\"error\""}`}, backend.CodeBadResponse, 200, 3, 0},
		{"login page", backendtest.Fault{ContentType: "text/html", Body: "<html>"}, backend.CodeBadResponse, 200, 3, 0},
		{"error with status 200", backendtest.Fault{ContentType: "text/plain", Body: `{"error":{"code":"insufficient_quota"}}`}, backend.CodeQuotaExceeded, 200, 1, 0},
	}
	for _, test := range tests {
		for _, stream := range []bool{false, true} {
			t.Run(test.name, func(t *testing.T) {
				b, s := open(t, openai.Options{APIKey: key}, test.fault, test.fault, test.fault)
				_, err := b.Generate(t.Context(), &backend.Request{Body: hi, Stream: stream})
				var e *backend.Error
				if !errors.As(err, &e) {
					t.Fatalf("error is %v", err)
				}
				if e.Code != test.code || e.Status != test.status || e.RetryAfter != test.after {
					t.Errorf("%v: status %d, retry after %s; want %s, %d, %s", e, e.Status, e.RetryAfter, test.code, test.status, test.after)
				}
				if n := len(s.Requests()); n != test.attempts {
					t.Errorf("%d attempts, want %d", n, test.attempts)
				}
				if e.Header.Get("X-Request-Id") == "" || e.Header.Get("Set-Cookie") != "" {
					t.Errorf("header is %v", e.Header)
				}
			})
		}
	}
}

// What a 200 says about trying again counts too, if it fails before it begins.
func TestFailuresInStreams(t *testing.T) {
	limited := backendtest.ErrorEvent(backendtest.AfterEvents(0), "requests", "rate_limit_exceeded", "Slow down")
	for _, fault := range []backendtest.Fault{
		limited.WithHeader("Retry-After", "3600"), limited.WithHeader("X-Should-Retry", "false"),
	} {
		b, s := open(t, openai.Options{}, fault)
		_, err := b.Generate(t.Context(), &backend.Request{Body: hi, Stream: true})
		if n := len(s.Requests()); !errors.Is(err, backend.CodeRateLimited) || n != 1 {
			t.Errorf("%v: error %v after %d attempts, want one", fault.Header, err, n)
		}
	}
}

func TestRetrySucceeds(t *testing.T) {
	b, s := open(t, openai.Options{}, backendtest.Overloaded(), backendtest.RateLimited(0))
	resp, err := b.Generate(t.Context(), &backend.Request{Body: hi})
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	requests := s.Requests()
	if len(requests) != 3 || !bytes.Equal(requests[0].Body, requests[2].Body) {
		t.Errorf("%d requests, the last %s", len(requests), requests[len(requests)-1].Body)
	}
}

// What fails before the answer began is asked for again; what fails later is the stream's to tell.
func TestFaultsInAnswers(t *testing.T) {
	tests := []struct {
		name     string
		fault    backendtest.Fault
		stream   bool
		code     backend.Code // of the first answer's end; empty means that all is well
		attempts int
	}{
		{"stream broken off", backendtest.Fault{At: backendtest.AtByte(700), Do: backendtest.Cut}, true, backend.CodeTruncated, 1},
		{"stream ends early like a whole one", backendtest.Fault{At: backendtest.AtByte(700), Do: backendtest.End}, true, backend.CodeTruncated, 1},
		{"garbage", backendtest.Garbage(backendtest.AfterEvents(3)), true, backend.CodeBadResponse, 1},
		{"stall", backendtest.Fault{At: backendtest.AfterEvents(3), Do: backendtest.Stall}, true, backend.CodeTimeout, 1},
		{"slow drip is no stall", backendtest.Fault{Pause: 5 * time.Millisecond}, true, "", 1},
		{"stream broken off before it began", backendtest.Fault{At: backendtest.AtByte(100), Do: backendtest.Cut}, true, "", 2},
		{"stream over before it began", backendtest.Fault{At: backendtest.AtByte(100), Do: backendtest.End}, true, "", 2},
		{"failure before the stream began", backendtest.Fault{Body: "data: {\"error\":{\"message\":\"no memory\"}}\n\n"}, true, "", 2},
		{"answer broken off", backendtest.Fault{At: backendtest.AtByte(100), Do: backendtest.Cut}, false, "", 2},
		{"answer ends early", backendtest.Fault{At: backendtest.AtByte(100), Do: backendtest.End}, false, "", 2},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			opts := openai.Options{IdleTimeout: patience}
			if test.code == backend.CodeTimeout {
				opts.IdleTimeout = 500 * time.Millisecond
			}
			b, s := open(t, opts, test.fault)
			resp, err := b.Generate(t.Context(), &backend.Request{Body: hi, Stream: test.stream})
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if test.stream {
				var dst bytes.Buffer
				_, err = backend.Relay(&dst, nil, resp.Body, backend.RelayOptions{})
				if inBand := strings.Contains(dst.String(), `data: {"error":`); inBand != (test.code != "") || inBand == strings.Contains(dst.String(), "[DONE]") {
					t.Errorf("stream is %s", dst.String())
				}
			} else {
				_, _, err = backend.ReadWhole(resp.Body)
			}
			if (test.code == "" && err != nil) || (test.code != "" && !errors.Is(err, test.code)) {
				t.Errorf("error is %v, want %q", err, test.code)
			}
			if n := len(s.Requests()); n != test.attempts || resp.Attempts != test.attempts {
				t.Errorf("%d attempts, said to be %d, want %d", n, resp.Attempts, test.attempts)
			}
		})
	}
}

func TestRefusedConnection(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	b, err := openai.New(openai.Options{BaseURL: "http://" + address, MinBackoff: time.Microsecond, MaxBackoff: time.Microsecond})
	if err != nil {
		t.Fatal(err)
	}
	_, err = b.Generate(t.Context(), &backend.Request{Body: hi})
	var e *backend.Error
	if !errors.As(err, &e) || e.Code != backend.CodeUnavailable || e.Status != 0 {
		t.Fatalf("error is %v", err)
	}
	if text, _ := json.Marshal(e); bytes.Contains(text, []byte(address)) {
		t.Errorf("the page learns the address: %s", text)
	}
}
