package hybrid

import (
	"encoding/json"
	"net/http"

	"github.com/edgewise-ai/edgewise/backend"
	"github.com/edgewise-ai/edgewise/policy"
)

// serveBrowserModels lists what a browser could run, disabled models too: pages
// show them as such.
func (r *Router) serveBrowserModels(w http.ResponseWriter, req *http.Request, _ policy.Identity) error {
	v := r.view.Load()
	if !notModified(w, req, v.modelsETag) {
		writeBody(w, http.StatusOK, v.models)
	}
	return nil
}

// modelList is OpenAI's answer to GET /models.
type modelList struct {
	Object string      `json:"object"`
	Data   []modelItem `json:"data"`
}

type modelItem struct {
	ID      string `json:"id"`
	Object  string `json:"object"`
	Created int64  `json:"created"`
	OwnedBy string `json:"owned_by"`
}

// serveModels lists what the backend serves, the default first if there is one.
// An identity sees those that it may ask for.
func (r *Router) serveModels(w http.ResponseWriter, req *http.Request, who policy.Identity) error {
	allowance := r.allowance(who.Tier)
	models, err := r.served.models(req.Context())
	if err != nil {
		return backend.AsError(err, backend.CodeUnavailable)
	}
	list := modelList{Object: "list", Data: make([]modelItem, 0, len(models))}
	for _, m := range models {
		if !allowance.allows(m.ID) {
			continue
		}
		item := modelItem{ID: m.ID, Object: "model", Created: m.Created, OwnedBy: m.OwnedBy}
		if m.ID == r.served.preset {
			list.Data = append([]modelItem{item}, list.Data...)
		} else {
			list.Data = append(list.Data, item)
		}
	}
	body, err := json.Marshal(list)
	if err != nil {
		return err
	}
	if !notModified(w, req, `"`+fingerprint(body)+`"`) {
		writeBody(w, http.StatusOK, body)
	}
	return nil
}
