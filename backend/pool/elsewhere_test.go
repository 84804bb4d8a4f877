package pool_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/edgewise-ai/edgewise/backend"
	"github.com/edgewise-ai/edgewise/backend/pool"
)

func TestMovesOn(t *testing.T) {
	for code, moves := range map[backend.Code]bool{
		backend.CodeUnavailable:    true,
		backend.CodeTimeout:        true,
		backend.CodeRateLimited:    true,
		backend.CodeQuotaExceeded:  true,
		backend.CodeUpstreamAuth:   true,
		backend.CodeTruncated:      true,
		backend.CodeBadResponse:    true,
		backend.CodeInternal:       true,
		backend.CodeModelNotFound:  true,
		backend.CodeUnsupported:    true,
		backend.CodeInvalidRequest: false,
		backend.CodeContextLength:  false,
		backend.CodeCanceled:       false,
	} {
		for _, stream := range []bool{false, true} {
			a, b := &upstream{}, &upstream{}
			a.does(fails(&backend.Error{Code: code, Attempts: 3}))
			b.does(func(context.Context, *backend.Request) (*backend.Response, error) {
				return &backend.Response{Body: io.NopCloser(strings.NewReader(wholeAnswer)), Attempts: 2}, nil
			})
			p := newPool(t, pool.Options{Endpoints: ranked(a, b)})
			resp, err := ask(t, p, backend.Request{Stream: stream})
			if !moves {
				var e *backend.Error
				if !errors.As(err, &e) || e.Code != code || e.Endpoint != "a" || e.Attempts != 3 || b.times() != 0 {
					t.Errorf("%s: error is %+v, and b was asked %d times", code, err, b.times())
				}
				continue
			}
			if err != nil {
				t.Errorf("%s: %v", code, err)
			} else if resp.Endpoint != "b" || resp.Attempts != 5 {
				t.Errorf("%s: endpoint %q answered after %d attempts", code, resp.Endpoint, resp.Attempts)
			}
		}
	}
}

// TestTakesLongRequestsToOtherModels has endpoints whose context windows are too small, until one isn't.
func TestTakesLongRequestsToOtherModels(t *testing.T) {
	for _, test := range []struct {
		name   string
		models []string // as the endpoints call what clients call m; "big" takes the request, "down" fails
		want   string   // the endpoint whose answer or error it is
		asked  []int
		code   backend.Code
	}{
		{"a bigger one", []string{"small", "big"}, "b", []int{1, 1}, ""},
		{"past the same one", []string{"small", "small", "middle", "small", "big"}, "e", []int{1, 0, 1, 0, 1}, ""},
		{"none that differs", []string{"small", "small"}, "a", []int{1, 0}, backend.CodeContextLength},
		{"none that is big enough", []string{"small", "middle"}, "b", []int{1, 1}, backend.CodeContextLength},
		{"one that may come back", []string{"small", "down"}, "b", []int{1, 1}, backend.CodeUnavailable},
		{"one that was away", []string{"down", "small"}, "a", []int{1, 1}, backend.CodeUnavailable},
	} {
		t.Run(test.name, func(t *testing.T) {
			ups := make([]*upstream, len(test.models))
			for i, model := range test.models {
				ups[i] = &upstream{}
				switch model {
				case "big":
				case "down":
					ups[i].does(failsWith(backend.CodeUnavailable))
				default:
					ups[i].does(failsWith(backend.CodeContextLength))
				}
			}
			endpoints := ranked(ups...)
			for i, model := range test.models {
				endpoints[i].Models = map[string]string{"m": model}
			}
			resp, err := ask(t, newPool(t, pool.Options{Endpoints: endpoints}), backend.Request{Model: "m"})
			var got string
			if e := backend.AsError(err, ""); e == nil {
				got = resp.Endpoint
			} else {
				got = e.Endpoint
			}
			if got != test.want || (err == nil) != (test.code == "") || err != nil && !errors.Is(err, test.code) {
				t.Errorf("%s said %v, want %s to say %q", got, err, test.want, test.code)
			}
			for i, u := range ups {
				if u.times() != test.asked[i] {
					t.Errorf("endpoint %d was asked %d times", i, u.times())
				}
			}
		})
	}
}
