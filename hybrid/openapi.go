package hybrid

import (
	_ "embed"
	"net/http"
	"strconv"
	"sync"

	"github.com/edgewise-ai/edgewise/policy"
)

//go:embed openapi.yaml
var openAPI []byte

// openAPITag is made when it is asked for: most programs never are.
var openAPITag = sync.OnceValue(func() string { return `"` + fingerprint(openAPI) + `"` })

// serveOpenAPI describes the endpoints. It is the same for everybody.
func (r *Router) serveOpenAPI(w http.ResponseWriter, req *http.Request, _ policy.Identity) error {
	h := w.Header()
	tag := openAPITag()
	h.Set("ETag", tag)
	h.Set("Cache-Control", "no-cache")
	if hasCopy(req, tag) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	h.Set("Content-Type", "application/yaml")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Length", strconv.Itoa(len(openAPI)))
	_, _ = w.Write(openAPI)
	return nil
}
