//go:build linux

package main

import "net/http"

// newTransport is what every proxy reaches the mock by, so that they differ in nothing
// there. It is like the default of backend/openai.
func newTransport() http.RoundTripper {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConns = 0
	t.MaxIdleConnsPerHost = 256
	t.DisableCompression = true
	t.WriteBufferSize, t.ReadBufferSize = 8<<10, 8<<10
	return t
}
