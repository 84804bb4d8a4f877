package hybrid_test

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/edgewise-ai/edgewise/hybrid"
	"github.com/edgewise-ai/edgewise/hybrid/ledger"
)

// What savings are is checked by hybridtest; here is what can fail about them.
func TestSavingsFail(t *testing.T) {
	for name, test := range map[string]struct {
		ledger ledger.Ledger
		status int
		kind   string
		code   string
		param  string
	}{
		"write-only": {writeOnly{}, http.StatusNotImplemented, "server_error", "savings_unavailable", ""},
		"by itself":  {reading{err: errors.ErrUnsupported}, http.StatusNotImplemented, "server_error", "savings_unavailable", ""},
		"broken":     {reading{err: errors.New("no connection")}, http.StatusServiceUnavailable, "server_error", "ledger_unavailable", ""},
		"too much":   {reading{err: ledger.ErrTooManyGroups}, http.StatusBadRequest, "invalid_request_error", "invalid_value", "from"},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, func(o *hybrid.Options) { o.Ledger = test.ledger })
			s.get("/browser/savings").wantError(t, test.status, test.kind, test.code, test.param)
		})
	}
}

// Nobody in particular has savings of their own: they would be everybody's.
func TestSavingsOfNobody(t *testing.T) {
	s := open(t, func(o *hybrid.Options) { o.Authenticate = hybrid.AllowAnonymous })
	s.get("/browser/savings").wantError(t, http.StatusForbidden, "permission_error", "forbidden", "scope")
}

type writeOnly struct{}

func (writeOnly) Record(entries []ledger.Entry) ledger.Receipt {
	return ledger.Receipt{Accepted: len(entries)}
}
func (writeOnly) Flush(context.Context) error { return nil }

type reading struct {
	writeOnly
	err error
}

func (r reading) Sums(context.Context, ledger.Query) ([]ledger.Sum, error) { return nil, r.err }
