package backend

import (
	"net/http"
	"strings"
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
