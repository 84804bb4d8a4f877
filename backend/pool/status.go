package pool

import (
	"context"
	"log/slog"
	"time"

	"github.com/edgewise-ai/edgewise/backend"
)

// State says whether an endpoint of a [Pool] is asked and, if not, what is the gravest reason.
type State string

const (
	// StateClosed means: its circuit is closed, and it is asked.
	StateClosed State = "closed"
	// StateHalfOpen means: it failed too often, and is asked one request at a time until an answer begins.
	StateHalfOpen State = "half_open"
	// StateLimited means: it is out of rate or quota, or said when to come back, and isn't asked until then.
	StateLimited State = "limited"
	// StateOpen means: it failed too often, and isn't asked for a pause.
	StateOpen State = "open"
	// StateUnhealthy means: its probes fail, and it isn't asked until one doesn't fail.
	StateUnhealthy State = "unhealthy"
)

// EndpointStatus is how an endpoint of a [Pool] is doing.
type EndpointStatus struct {
	Name     string `json:"name"`
	Priority int    `json:"priority"`
	State    State  `json:"state"`

	// Until is when the endpoint may be asked again. Zero means that it may be now, or that nobody knows.
	Until time.Time `json:"until,omitzero"`

	// InFlight counts the requests whose answer isn't closed, Requests all that it was asked, Failures those of them
	// that ended, before or in the midst of an answer, by its fault or because it was out of rate or quota.
	InFlight int    `json:"inFlight"`
	Requests uint64 `json:"requests"`
	Failures uint64 `json:"failures"`

	// LastFailure is the code of the last of Failures. Empty means there was none.
	LastFailure backend.Code `json:"lastFailure,omitempty"`
}

// Status returns how the endpoints are doing, for health pages and metrics, in order of priority and then as given.
func (p *Pool) Status() []EndpointStatus {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	all := make([]EndpointStatus, len(p.endpoints))
	for i, e := range p.endpoints {
		all[i] = EndpointStatus{
			Name:        e.Name,
			Priority:    e.Priority,
			State:       e.circuit.state(now),
			InFlight:    int(e.inFlight),
			Requests:    e.requests,
			Failures:    e.failures,
			LastFailure: e.last,
		}
		if from := e.circuit.from(); from > now && from != never {
			all[i].Until = p.start.Add(time.Duration(from))
		}
	}
	return all
}

// logFailure tells the operator what an endpoint said in place of an answer, but not in its words.
func (p *Pool) logFailure(endpoint string, e *backend.Error) {
	p.opts.Logger.LogAttrs(context.Background(), slog.LevelInfo, "pool: an endpoint failed a request",
		slog.String("endpoint", endpoint), slog.String("code", string(e.Code)), slog.Int("status", e.Status))
}

// logChange tells the operator that a request or a probe brought an endpoint into another state, and for how long at
// least if that is known: what time alone changes isn't told again.
func (p *Pool) logChange(e *endpoint, code backend.Code, before, after State, wait time.Duration) {
	attrs := []slog.Attr{
		slog.String("endpoint", e.Name), slog.String("from", string(before)), slog.String("to", string(after)),
	}
	if code != "" {
		attrs = append(attrs, slog.String("code", string(code)))
	}
	if wait > 0 {
		attrs = append(attrs, slog.Duration("for", wait))
	}
	level := slog.LevelInfo
	switch after {
	case StateOpen, StateLimited, StateUnhealthy:
		level = slog.LevelWarn
	}
	p.opts.Logger.LogAttrs(context.Background(), level, "pool: an endpoint's state changed", attrs...)
}
