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
	"time"

	"github.com/hashicorp/go-retryablehttp"

	"github.com/edgewise-ai/edgewise/backend"
)

// newRetryClient returns a client that retries as OpenAI's SDKs do. Unlike retryablehttp's own, it gives back the last
// response when it gives up, and doesn't close idle connections: the transport shows it RoundTrip only.
func newRetryClient(opts Options, left *budget) *retryablehttp.Client {
	c := &retryablehttp.Client{
		HTTPClient: &http.Client{
			Transport: &transport{opts, secretNames(opts.Headers)},
			// A redirect would take the prompt to a place nobody configured.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		RetryMax:     opts.MaxRetries,
		RetryWaitMin: opts.MinBackoff,
		RetryWaitMax: opts.MaxBackoff,
		CheckRetry: func(ctx context.Context, resp *http.Response, err error) (bool, error) {
			// It is asked after the last attempt too, which must not cost a retry.
			if *attemptsOf(ctx) > opts.MaxRetries {
				return false, nil
			}
			return curable(ctx, resp, err, opts.MaxRetryAfter) && left.take(), nil
		},
		Backoff: backoff,
		RequestLogHook: func(_ retryablehttp.Logger, req *http.Request, retries int) {
			*attemptsOf(req.Context()) = retries + 1
		},
		ErrorHandler: func(resp *http.Response, err error, _ int) (*http.Response, error) {
			if err != nil {
				return nil, err
			}
			return resp, nil
		},
	}
	if opts.Logger != nil {
		c.Logger = logger{opts.Logger}
	}
	return c
}

// curable reports whether another attempt may end better. It follows OpenAI's SDKs: connection failures, 408, 409, 429
// and 5xx, unless x-should-retry says otherwise; and answers that break off before they begin. It is false where trying
// again can't help: no credit left, no key, or a longer wait than limit.
func curable(ctx context.Context, resp *http.Response, err error, limit time.Duration) bool {
	if ctx.Err() != nil {
		return false
	}
	if resp != nil { // of which a 200 may fail before it begins
		if wait, ok := backend.RetryAfter(resp.Header); ok && wait > limit {
			return false
		}
		if resp.Header.Get("X-Should-Retry") == "false" {
			return false
		}
	}
	if err != nil {
		var failed *backend.Error
		if errors.As(err, &failed) {
			switch failed.Code {
			case backend.CodeUnavailable, backend.CodeRateLimited, backend.CodeTruncated, backend.CodeBadResponse:
				return true
			default: // a silent upstream too: the wait was so long that it isn't waited twice
				return false
			}
		}
		var timeout net.Error
		if errors.As(err, &timeout) && timeout.Timeout() {
			return false
		}
		retry, _ := retryablehttp.DefaultRetryPolicy(ctx, nil, err) // not for bad certificates and the like
		return retry
	}
	switch {
	case resp.StatusCode == http.StatusTooManyRequests && outOfQuota(resp): // the other kind of 429
		return false
	case resp.Header.Get("X-Should-Retry") == "true":
		return resp.StatusCode/100 != 2
	case resp.StatusCode == http.StatusTooManyRequests, resp.StatusCode == http.StatusRequestTimeout, resp.StatusCode == http.StatusConflict:
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
		if wait, ok := backend.RetryAfter(resp.Header); ok {
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

// logger gives retryablehttp's messages to slog. Its errors, which are failed attempts, are warnings to us: the caller
// learns of the outcome. An upstream's words stay out of it, for they may quote the prompt.
type logger struct{ *slog.Logger }

func (l logger) Error(msg string, args ...any) {
	for i := range args {
		var failed *backend.Error
		if err, ok := args[i].(error); ok && errors.As(err, &failed) {
			args[i] = failed.Code
		}
	}
	l.Logger.Warn(msg, args...)
}
