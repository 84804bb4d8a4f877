package backend

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// publicHeaders are what an upstream says to whoever asks, beside its X-Ratelimit-*.
var publicHeaders = []string{
	"Content-Type", "Openai-Processing-Ms", "Retry-After", "Retry-After-Ms", "X-Request-Id", "X-Should-Retry",
}

// PublicHeader returns those of an upstream's headers that may reach a page, as Response.Header must hold them: none of
// its cookies, its servers' names or its security policies. Values are shared with h.
func PublicHeader(h http.Header) http.Header {
	public := make(http.Header, len(publicHeaders))
	for _, name := range publicHeaders {
		if values := h[name]; len(values) > 0 {
			public[name] = values
		}
	}
	for name, values := range h {
		if strings.HasPrefix(name, "X-Ratelimit-") {
			public[name] = values
		}
	}
	return public
}

// RetryAfter reads Retry-After-Ms, then Retry-After: seconds or a date. False if there is neither, or nonsense; a day at
// most.
func RetryAfter(h http.Header) (time.Duration, bool) {
	if wait, ok := duration(h.Get("Retry-After-Ms"), time.Millisecond); ok {
		return wait, true
	}
	text := h.Get("Retry-After")
	if wait, ok := duration(text, time.Second); ok {
		return wait, true
	}
	if text == "" {
		return 0, false
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(time.Until(at), 0), true
	}
	return 0, false
}

// duration reads a count of units, bounded to a day: more is nonsense, and would overflow.
func duration(text string, unit time.Duration) (time.Duration, bool) {
	if text == "" {
		return 0, false
	}
	n, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil || !(n >= 0) {
		return 0, false
	}
	return time.Duration(min(n*float64(unit), float64(24*time.Hour))), true
}
