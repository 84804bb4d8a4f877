package backendtest

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/edgewise-ai/edgewise/backend"
)

// call says what a request asks for, to whoever reads of its failure.
func call(req *backend.Request) string {
	asked := []string{"plain", "no model named"}
	if req.Stream {
		asked[0] = "streamed"
	}
	if req.Model != "" {
		asked[1] = fmt.Sprintf("model %q", req.Model)
	}
	if req.Continue {
		asked = append(asked, "to be continued")
	}
	return "Generate (" + strings.Join(asked, ", ") + ")"
}

// begin sends a request that must be answered.
func (k kit) begin(ctx context.Context, req *backend.Request) (*backend.Response, error) {
	what := call(req)
	resp, err := k.Generate(ctx, req)
	if err != nil {
		return nil, fmt.Errorf("%s: %w, want an answer", what, err)
	}
	return resp, nil
}

// whole sends a request whose answer must come to its end.
func (k kit) whole(ctx context.Context, req *backend.Request) (answer, error) {
	a, err := k.generate(ctx, req)
	return a, a.wantWhole(err)
}

// refused sends a request that must not be answered.
func (k kit) refused(ctx context.Context, what string, req *backend.Request, code backend.Code) error {
	resp, err := k.Generate(ctx, req)
	if err == nil {
		resp.Body.Close()
	}
	return wantCode(what, err, code)
}

// wantWhole says that an answer failed with err.
func (a *answer) wantWhole(err error) error {
	switch {
	case err == nil:
		return nil
	case a.begun:
		return fmt.Errorf("%s: %w", a.stage, err)
	default:
		return fmt.Errorf("%s: %w, want an answer", a.stage, err)
	}
}

// wantCode says that what failed with another error than it must, or with none.
func wantCode(what string, err error, code backend.Code) error {
	var e *backend.Error
	switch {
	case err == nil:
		return fmt.Errorf("%s succeeds, want an *Error of code %s", what, string(code))
	case !errors.As(err, &e):
		return fmt.Errorf("%s: %w (%[2]T), want an *Error of code %s", what, err, string(code))
	case e.Code != code:
		return fmt.Errorf("%s: %w, want an *Error of code %s", what, err, string(code))
	default:
		return nil
	}
}

// wantWholeOr is wantCode for where a whole answer is as good.
func wantWholeOr(what string, err error, code backend.Code) error {
	if err == nil {
		return nil
	}
	return wantCode(what, err, code)
}
