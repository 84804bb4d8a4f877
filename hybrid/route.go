package hybrid

import (
	"net/http"

	"github.com/edgewise-ai/edgewise/capability"
	"github.com/edgewise-ai/edgewise/policy"
	"github.com/edgewise-ai/edgewise/registry"
)

// Response headers that say what was decided, for access logs and people. A
// routing answer has all three. A generated answer has a target, and a refusal to
// generate a reason; both have the revision of the policies that were asked.
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
	LastTarget   string `json:"lastTarget"`
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
	if err := readJSON(w, req, min(maxRouteBytes, r.opts.MaxBodyBytes), &in); err != nil {
		return err
	}
	if err := in.complete(); err != nil {
		return err
	}
	k := r.know(req.Context(), who)
	defer k.release()
	asked := policy.Input{
		Identity: who,
		Device:   &in.Capabilities,
		Request:  &in.Request,
		State:    &in.State,
		Subject:  &k.subject,
		Trace:    in.Trace,
	}
	v := r.view.Load()
	d := v.decider.Decide(req.Context(), asked)
	out := routeResponse{
		Target:         d.Target,
		UseBrowser:     d.Target == policy.Browser,
		Reason:         d.Reason,
		ModelInfo:      d.Model,
		Alternates:     d.Alternates(),
		Fallback:       d.Fallback,
		Continuation:   k.subject.Server.Continuation,
		DecisionID:     r.keys.decisionID(identityKey(who.Subject), string(d.Reason)),
		PolicyRevision: v.revision,
		Trace:          d.Trace,
	}
	if d.Preload != nil {
		out.Preload = d.Preload.ID
	}
	if o := r.observing(req.Context()); o != nil {
		e := RequestDecided{Target: d.Target, Reason: d.Reason, Fallback: d.Fallback, Revision: v.revision}
		if d.Model != nil {
			e.Model = d.Model.ID
		}
		o.decided(e)
	}
	h := w.Header()
	h.Set(headerTarget, d.Target.String())
	h.Set(headerReason, string(d.Reason))
	h.Set(headerRevision, v.revision)
	h.Set("Cache-Control", "no-store")
	writeJSON(w, http.StatusOK, out)
	if r.shadow != nil {
		r.shadow.show(req.Context(), v, asked, d)
	}
	return nil
}

// complete moves the hidden fields where they belong, bounds the claims and
// checks the rest.
func (in *routeRequest) complete() error {
	if in.PromptLength == nil {
		return problem(http.StatusBadRequest, codeMissingField, "promptLength", "promptLength is missing: the number of code points in the prompt")
	}
	in.Request.PromptLength = *in.PromptLength
	for _, place := range []struct {
		field string
		said  string
		to    *policy.Target
	}{
		{"inToolLoop", in.InToolLoop, &in.Request.InToolLoop},
		{"lastTarget", in.LastTarget, &in.Request.LastTarget},
	} {
		if err := place.to.UnmarshalText([]byte(place.said)); err != nil || place.said == policy.None.String() {
			return &policy.FieldError{Field: place.field, Problem: "must be browser or server"}
		}
	}
	in.Capabilities.Clamp()
	in.State.Clamp()
	return in.Request.Validate()
}
