// Behind is a service behind a reverse proxy, which serves it under a prefix that the
// service knows nothing of. Only the page does: its baseURL is /shop/api/v1.
//
//	go run -C examples/mounting ./behind
package main

import (
	"context"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"

	"github.com/edgewise-ai/edgewise/backend"
	"github.com/edgewise-ai/edgewise/examples/mounting/internal/echo"
	"github.com/edgewise-ai/edgewise/examples/mounting/internal/serve"
	"github.com/edgewise-ai/edgewise/hybrid"
)

func main() {
	service, err := newService(context.Background(), echo.Backend(echo.Pause))
	if err != nil {
		log.Fatal(err)
	}
	inner, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	go func() { log.Fatal(serve.NewServer(service).Serve(inner)) }()
	log.Fatal(serve.Forever(newProxy("/shop", &url.URL{Scheme: "http", Host: inner.Addr().String()})))
}

// newService needs nothing of its own to be proxied: no answer of the API holds an
// address or redirects, streams ask nginx by X-Accel-Buffering not to collect them,
// and ETags hold when a proxy that compresses makes them weak.
func newService(ctx context.Context, model backend.Backend) (http.Handler, error) {
	router, err := hybrid.New(ctx, hybrid.Options{Authenticate: hybrid.AllowAnonymous, Backend: model})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle(router.Handler())
	return http.NewCrossOriginProtection().Handler(mux), nil // for cookies: see there
}

// newProxy serves under prefix what lies at target.
func newProxy(prefix string, target *url.URL) http.Handler {
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.SetXForwarded()
			// What the browser asked for, as CrossOriginProtection compares it with
			// the page's origin. (In nginx: proxy_set_header Host $host.)
			r.Out.Host = r.In.Host
		},
		// FlushInterval is for others: event streams are flushed at once.
	}
	return http.StripPrefix(prefix, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Or a fast answer to a POST may be cut short under HTTP/1: go.dev/issue/40747.
		// HTTP/2 knows no other way.
		_ = http.NewResponseController(w).EnableFullDuplex()
		proxy.ServeHTTP(w, r)
	}))
}
