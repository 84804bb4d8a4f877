package openai

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/go-retryablehttp"

	"github.com/edgewise-ai/edgewise/backend"
)

// newRetryClient returns a client that retries as OpenAI's SDKs do. Unlike retryablehttp's own, it gives back the last
// response when it gives up, and doesn't close idle connections: the transport shows it RoundTrip only.
func newRetryClient(opts Options) *retryablehttp.Client {
	c := &retryablehttp.Client{
		HTTPClient: &http.Client{
			Transport: &transport{opts: opts},
			// A redirect would take the prompt to a place nobody configured.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		RetryMax:     opts.MaxRetries,
		RetryWaitMin: opts.MinBackoff,
		RetryWaitMax: opts.MaxBackoff,
		CheckRetry: func(ctx context.Context, resp *http.Response, err error) (bool, error) {
			return shouldRetry(ctx, resp, err, opts.MaxRetryAfter), nil
		},
		Backoff: backoff,
		ErrorHandler: func(resp *http.Response, err error, _ int) (*http.Response, error) {
			if resp != nil {
				return resp, nil
			}
			return nil, err
		},
	}
	if opts.Logger != nil {
		c.Logger = logger{opts.Logger}
	}
	return c
}

// shouldRetry follows OpenAI's SDKs: connection failures, 408, 409, 429 and 5xx, unless x-should-retry says otherwise.
// It never retries where that can't help: no credit left, no key, or a longer wait than limit.
func shouldRetry(ctx context.Context, resp *http.Response, err error, limit time.Duration) bool {
	if ctx.Err() != nil {
		return false
	}
	if err != nil {
		var timeout net.Error
		if errors.Is(err, backend.CodeUpstreamAuth) || errors.As(err, &timeout) && timeout.Timeout() {
			return false // the wait for a header is so long that it isn't waited twice
		}
		retry, _ := retryablehttp.DefaultRetryPolicy(ctx, nil, err) // not for bad certificates and the like
		return retry
	}
	if wait, ok := retryAfter(resp.Header); ok && wait > limit {
		return false
	}
	switch resp.Header.Get("X-Should-Retry") {
	case "true":
		return resp.StatusCode/100 != 2
	case "false":
		return false
	}
	switch {
	case resp.StatusCode == http.StatusTooManyRequests:
		return !outOfQuota(resp) // the other kind of 429
	case resp.StatusCode == http.StatusRequestTimeout, resp.StatusCode == http.StatusConflict:
		return true
	default:
		return resp.StatusCode >= 500
	}
}

// outOfQuota looks into the body, which keepError made one that can be put back.
func outOfQuota(resp *http.Response) bool {
	body, _ := io.ReadAll(resp.Body)
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return backend.ParseError(resp.StatusCode, body).Code == backend.CodeQuotaExceeded
}

// backoff waits as long as the upstream asks, and up to a tenth longer so that clients don't come back all at once;
// else exponentially from low to high, less up to a quarter.
func backoff(low, high time.Duration, attempt int, resp *http.Response) time.Duration {
	if resp != nil {
		if wait, ok := retryAfter(resp.Header); ok {
			return wait + time.Duration(rand.Float64()*float64(wait)/10)
		}
	}
	wait := low
	for ; attempt > 0 && wait < high; attempt-- {
		wait *= 2
	}
	wait = min(wait, high)
	return wait - time.Duration(rand.Float64()*float64(wait)/4)
}

// retryAfter reads Retry-After-Ms, then Retry-After: seconds or a date. False if there is neither, or nonsense.
func retryAfter(h http.Header) (time.Duration, bool) {
	if wait, ok := duration(h.Get("Retry-After-Ms"), time.Millisecond); ok {
		return wait, true
	}
	text := h.Get("Retry-After")
	if wait, ok := duration(text, time.Second); ok {
		return wait, true
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(time.Until(at), 0), true
	}
	return 0, false
}

// duration reads a count of units, bounded to a day: more is nonsense, and would overflow.
func duration(text string, unit time.Duration) (time.Duration, bool) {
	n, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil || !(n >= 0) {
		return 0, false
	}
	return time.Duration(min(n*float64(unit), float64(24*time.Hour))), true
}

// logger gives retryablehttp's messages to slog. Its errors, which are failed attempts, are warnings to us: the caller
// learns of the outcome.
type logger struct{ *slog.Logger }

func (l logger) Error(msg string, args ...any) { l.Logger.Warn(msg, args...) }
