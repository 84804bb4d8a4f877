//go:build linux

package main

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync"
)

// newReverseProxy is what ours is compared with: as most use it, or with a pool of
// buffers.
func newReverseProxy(upstream string, pooled bool) (http.Handler, error) {
	to, err := url.Parse(upstream)
	if err != nil {
		return nil, err
	}
	proxy := &httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(to) },
		Transport: newTransport(),
	}
	if pooled {
		proxy.BufferPool = new(bufferPool)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, 1<<20))
		if err != nil {
			http.Error(w, "the body can't be read", http.StatusBadRequest)
			return
		}
		req.Body = io.NopCloser(bytes.NewReader(body))
		proxy.ServeHTTP(w, req)
	}), nil
}

// bufferPool is an httputil.BufferPool of the size that ReverseProxy allocates
// without one.
type bufferPool struct{ buffers sync.Pool }

func (p *bufferPool) Get() []byte {
	if b, ok := p.buffers.Get().(*[]byte); ok {
		return *b
	}
	return make([]byte, 32<<10)
}

func (p *bufferPool) Put(b []byte) { p.buffers.Put(&b) }
