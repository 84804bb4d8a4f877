package pool

import (
	"cmp"
	"slices"

	"github.com/edgewise-ai/edgewise/backend"
)

// candidate is an endpoint that can answer a request, be it now or later.
type candidate struct {
	*endpoint
	model string // as the endpoint calls it
	ready bool   // says its Backend
	tried bool   // with this request
}

// candidates appends to list the endpoints that can answer req, in the pool's order.
func (p *Pool) candidates(list []candidate, req *backend.Request) ([]candidate, *backend.Error) {
	list = p.serving(list, cmp.Or(req.Model, p.opts.DefaultModel))
	if len(list) == 0 {
		return nil, &backend.Error{Code: backend.CodeModelNotFound, Param: "model"}
	}
	if req.Continue {
		list = slices.DeleteFunc(list, func(c candidate) bool { return !c.continues() })
		if len(list) == 0 {
			return nil, backend.Unsupported("continue_final_message", "this model can't continue a message")
		}
	}
	for i := range list {
		list[i].ready = list[i].willing() // asked here, for others' code should not run under a lock
	}
	return list, nil
}

// after returns those of the candidates that may yet answer a request that failed so at one of them, tried or not; none
// if all would say the same.
func after(able []candidate, at candidate, code backend.Code) []candidate {
	switch code {
	case backend.CodeInvalidRequest, backend.CodeCanceled:
		return nil
	case backend.CodeContextLength:
		return slices.DeleteFunc(able, func(c candidate) bool { return c.model == at.model })
	default:
		return able
	}
}

// serving appends the endpoints that say they serve a model, or may for all that is known; if there is none, those that
// might take a name that they don't list.
func (p *Pool) serving(list []candidate, model string) []candidate {
	for _, e := range p.endpoints {
		if name, ok := e.serves(model); ok {
			list = append(list, candidate{endpoint: e, model: name})
		}
	}
	if len(list) > 0 {
		return list
	}
	for _, e := range p.endpoints {
		if len(e.Models) == 0 {
			list = append(list, candidate{endpoint: e, model: model})
		}
	}
	return list
}

// serves returns what the endpoint calls a model, and whether it is one of its own. An empty name is its default.
func (e *endpoint) serves(model string) (name string, ok bool) {
	if model == "" {
		return "", true
	}
	if len(e.Models) > 0 {
		name, ok = e.Models[model]
		return name, ok
	}
	l := e.listed.Load()
	return model, l == nil || l.names[model]
}
