package hybrid

import (
	_ "embed"
	"net/http"
	"strconv"

	"github.com/edgewise-ai/edgewise/policy"
)

//go:embed openapi.yaml
var openAPI []byte

var openAPITag = `"` + fingerprint(openAPI) + `"`

// serveOpenAPI describes the endpoints. It is the same for everybody.
func (r *Router) serveOpenAPI(w http.ResponseWriter, req *http.Request, _ policy.Identity) error {
	h := w.Header()
	h.Set("ETag", openAPITag)
	h.Set("Cache-Control", "no-cache")
	if hasCopy(req, openAPITag) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	h.Set("Content-Type", "application/yaml")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Length", strconv.Itoa(len(openAPI)))
	_, _ = w.Write(openAPI)
	return nil
}
