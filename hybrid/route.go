package hybrid

import (
	"net/http"

	"github.com/edgewise-ai/edgewise/capability"
	"github.com/edgewise-ai/edgewise/policy"
	"github.com/edgewise-ai/edgewise/registry"
)

// Response headers that say what was decided, for access logs and people.
const (
	headerTarget   = "X-Edgewise-Target"
	headerReason   = "X-Edgewise-Reason"
	headerRevision = "X-Edgewise-Policy-Revision"
)

// routeRequest is the body of POST /browser/route.
type routeRequest struct {
	policy.Request
	Capabilities capability.Device `json:"capabilities"`
	State        policy.State      `json:"state"`
	Trace        bool              `json:"trace"`

	// These hide fields of policy.Request, to tell absent from zero and to name
	// the field when its word is unknown.
	PromptLength *int64 `json:"promptLength"`
	InToolLoop   string `json:"inToolLoop"`
}

// routeResponse is the answer.
type routeResponse struct {
	Target         policy.Target     `json:"target"`
	UseBrowser     bool              `json:"useBrowser"` // the target is the browser
	Reason         policy.Reason     `json:"reason"`
	ModelInfo      *registry.Model   `json:"modelInfo,omitempty"`
	Alternates     []*registry.Model `json:"alternates,omitempty"`
	Fallback       policy.Target     `json:"fallback,omitzero"`
	Preload        string            `json:"preload,omitempty"`
	Continuation   string            `json:"continuation"`
	DecisionID     string            `json:"decisionId"`
	PolicyRevision string            `json:"policyRevision"`
	Trace          []policy.Step     `json:"trace,omitempty"`
}

func (r *Router) serveRoute(w http.ResponseWriter, req *http.Request, who policy.Identity) error {
	var in routeRequest
	if _, err := readJSON(w, req, min(maxRouteBytes, r.opts.MaxBodyBytes), &in); err != nil {
		return err
	}
	if err := in.complete(); err != nil {
		return err
	}
	v := r.view.Load()
	d := r.decide(req.Context(), v, policy.Input{
		Identity: who,
		Device:   &in.Capabilities,
		Request:  &in.Request,
		State:    &in.State,
		Trace:    in.Trace,
	})
	out := routeResponse{
		Target:         d.Target,
		UseBrowser:     d.Target == policy.Browser,
		Reason:         d.Reason,
		ModelInfo:      d.Model,
		Alternates:     d.Alternates(),
		Fallback:       d.Fallback,
		Continuation:   r.server.Continuation,
		DecisionID:     newID(),
		PolicyRevision: v.revision,
		Trace:          d.Trace,
	}
	if d.Preload != nil {
		out.Preload = d.Preload.ID
	}
	h := w.Header()
	h.Set(headerTarget, d.Target.String())
	h.Set(headerReason, string(d.Reason))
	h.Set(headerRevision, v.revision)
	h.Set("Cache-Control", "no-store")
	writeJSON(w, http.StatusOK, out)
	return nil
}

// complete moves the hidden fields where they belong, bounds the claims and
// checks the rest.
func (in *routeRequest) complete() error {
	if in.PromptLength == nil {
		return problem(http.StatusBadRequest, codeMissingField, "promptLength", "promptLength is missing: the number of code points in the prompt")
	}
	in.Request.PromptLength = *in.PromptLength
	if err := in.Request.InToolLoop.UnmarshalText([]byte(in.InToolLoop)); err != nil || in.InToolLoop == policy.None.String() {
		return &policy.FieldError{Field: "inToolLoop", Problem: "must be browser or server"}
	}
	in.Capabilities.Clamp()
	in.State.Clamp()
	return in.Request.Validate()
}
