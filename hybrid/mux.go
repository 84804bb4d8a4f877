package hybrid

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/edgewise-ai/edgewise/backend"
	"github.com/edgewise-ai/edgewise/policy"
)

// handlerFunc answers one request. An error it returns is written by the caller;
// it returns nil once it has begun to answer.
type handlerFunc func(w http.ResponseWriter, req *http.Request, who policy.Identity) error

// endpoint is one path with its one method.
type endpoint struct {
	method string
	serve  handlerFunc
	open   bool // nobody is authenticated: the request brings its own credential, or needs none
}

// mux serves the endpoints. An http.ServeMux would do but for its 404 and 405,
// which are plain text.
type mux struct {
	router    *Router
	endpoints map[string]endpoint
}

// Handler returns the endpoints and the pattern to mount them under:
//
//	mux.Handle(router.Handler())
//
// The pattern names a path and no method. On a mux that also has "GET /" the two
// conflict, as http.ServeMux says by a panic: mount the page at "/" instead.
//
// Authentication in front of all of it would refuse the analytics endpoint, which
// takes a grant in place of credentials, for beacons can't carry any.
//
// The handler does one job. CORS, compression, TLS and rate limits are the
// app's middleware; a response writer that middleware wraps must have Unwrap or
// Flush, or streams arrive in one piece.
func (r *Router) Handler() (pattern string, h http.Handler) {
	m := &mux{router: r, endpoints: map[string]endpoint{
		"/browser/route":     {method: http.MethodPost, serve: r.serveRoute},
		"/browser/models":    {method: http.MethodGet, serve: r.serveBrowserModels},
		"/browser/policy":    {method: http.MethodGet, serve: r.serveSnapshot},
		"/browser/analytics": {method: http.MethodPost, serve: r.serveAnalytics, open: true},
		"/browser/savings":   {method: http.MethodGet, serve: r.serveSavings},
		"/openapi.yaml":      {method: http.MethodGet, serve: r.serveOpenAPI, open: true},
	}}
	if r.opts.Backend != nil {
		m.endpoints["/generate"] = endpoint{method: http.MethodPost, serve: r.serveGenerate}
		m.endpoints["/chat/completions"] = endpoint{method: http.MethodPost, serve: r.serveChat}
		m.endpoints["/models"] = endpoint{method: http.MethodGet, serve: r.serveModels}
	}
	return r.base + "/", m
}

// ServeHTTP implements [http.Handler].
func (m *mux) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	path, under := strings.CutPrefix(req.URL.Path, m.router.base)
	e, known := m.endpoints[path]
	if known = known && under; !known {
		path = ""
	}
	o, req := m.router.observe(req, path)
	defer o.end(http.StatusInternalServerError, codeInternal) // of a handler that panics
	if err := m.serve(w, req, path, e, known); err != nil {
		o.end(m.router.writeError(w, req, err), codeOf(err))
		return
	}
	o.end(0, "")
}

func (m *mux) serve(w http.ResponseWriter, req *http.Request, path string, e endpoint, known bool) error {
	w.Header().Set(headerVersion, WireVersion)
	if !known {
		return problem(http.StatusNotFound, codeNotFound, "", "there is nothing at this path")
	}
	if !e.allows(req.Method) {
		allow := e.method
		if e.allows(http.MethodHead) {
			allow += ", " + http.MethodHead
		}
		w.Header().Set("Allow", allow)
		return problem(http.StatusMethodNotAllowed, codeMethodNotAllowed, "", "this path takes %s only", allow)
	}
	if err := speaks(req.Header); err != nil {
		return err
	}
	if e.open {
		return e.serve(w, req, policy.Identity{})
	}
	who, err := m.router.opts.Authenticate(req)
	if err != nil {
		m.router.opts.Logger.Debug("hybrid: a request was not authenticated", "path", path, "error", err)
		refusal := authProblem(err)
		if refusal.status == http.StatusUnauthorized {
			challenge(w.Header(), err)
		}
		return refusal
	}
	m.router.observing(req.Context()).authenticated(who)
	return e.serve(w, req, who)
}

// challenge names the scheme, as a 401 must: the app's, or what its middleware has set,
// or the usual one.
func challenge(h http.Header, err error) {
	var own interface{ Challenge() string }
	switch {
	case errors.As(err, &own) && own.Challenge() != "":
		h.Set("WWW-Authenticate", own.Challenge())
	case h.Get("WWW-Authenticate") == "":
		h.Set("WWW-Authenticate", "Bearer")
	}
}

// authProblem is the refusal that an error of Authenticate stands for. Nothing of
// its text goes to the page.
func authProblem(err error) *apiError {
	status := http.StatusUnauthorized
	var stated interface{ HTTPStatus() int }
	switch {
	case errors.As(err, &stated) && stated.HTTPStatus() >= 400 && stated.HTTPStatus() <= 599:
		status = stated.HTTPStatus()
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		status = http.StatusServiceUnavailable // nobody was found to be a stranger
	}
	switch {
	case status == http.StatusUnauthorized:
		return problem(status, codeUnauthorized, "", "authentication is required")
	case status == http.StatusForbidden:
		return problem(status, codeForbidden, "", "access is not allowed")
	case status == http.StatusTooManyRequests:
		return problem(status, string(backend.CodeRateLimited), "", "there were too many requests")
	case status < http.StatusInternalServerError:
		return problem(status, codeRefused, "", "the request was refused")
	default:
		return problem(status, codeAuthUnavailable, "", "it can't be found out who asks")
	}
}

// allows reports whether the endpoint takes a method. Whoever answers GET answers
// HEAD: the server leaves the body out.
func (e *endpoint) allows(method string) bool {
	return method == e.method || method == http.MethodHead && e.method == http.MethodGet
}
