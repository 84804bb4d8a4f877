package hybrid

import (
	"errors"
	"net/http"
	"time"

	"github.com/edgewise-ai/edgewise/hybrid/ledger"
	"github.com/edgewise-ai/edgewise/policy"
)

// savings is the answer of GET /browser/savings.
type savings struct {
	Scope string    `json:"scope"`
	From  time.Time `json:"from,omitzero"`
	Until time.Time `json:"until,omitzero"`
	ledger.Summary
}

// What savings are asked for.
const (
	scopeOwn = "own"
	scopeAll = "all"
)

// serveSavings tells what answers took, and what those of browsers saved: everybody's
// to an auditor, and their own to people with a name.
func (r *Router) serveSavings(w http.ResponseWriter, req *http.Request, who policy.Identity) error {
	out := savings{Scope: scopeOwn}
	var query ledger.Query
	asked := req.URL.Query()
	switch scope := asked.Get("scope"); {
	case scope == scopeAll:
		if !r.opts.Auditor(who) {
			return problem(http.StatusForbidden, codeForbidden, "scope", "only an auditor may see what everybody's answers cost")
		}
		out.Scope = scopeAll
	case scope != "" && scope != scopeOwn:
		return &policy.FieldError{Field: "scope", Problem: "must be own or all"}
	case who.Subject == "":
		return problem(http.StatusForbidden, codeForbidden, "scope", "nobody in particular has savings of their own: scope=all asks for everybody's")
	default:
		query.Identity = identityKey(who.Subject)
	}
	for _, bound := range []struct {
		field string
		to    *time.Time
	}{{"from", &query.From}, {"until", &query.Until}} {
		if err := parseBound(asked.Get(bound.field), bound.to); err != nil {
			return &policy.FieldError{Field: bound.field, Problem: "must be a date, as in 2026-11-23, or a time of RFC 3339"}
		}
	}
	if !query.Until.IsZero() && !query.Until.After(query.From) {
		return &policy.FieldError{Field: "until", Problem: "must be later than from"}
	}
	out.From, out.Until = query.From, query.Until

	sums, err := r.sums(req, query)
	if err != nil {
		return err
	}
	out.Summary = ledger.Summarize(sums)
	w.Header().Set("Cache-Control", "private, no-store")
	writeJSON(w, http.StatusOK, out)
	return nil
}

var errYear = errors.New("out of the calendar")

// parseBound reads a time, or a date as its beginning in UTC.
func parseBound(text string, to *time.Time) (err error) {
	if text == "" {
		return nil
	}
	if *to, err = time.Parse(time.DateOnly, text); err != nil {
		*to, err = time.Parse(time.RFC3339, text)
	}
	if *to = to.UTC(); err == nil && (to.Year() < 1 || to.Year() > 9999) {
		err = errYear // JSON has no word for it
	}
	return err
}

// sums reads the ledger.
func (r *Router) sums(req *http.Request, query ledger.Query) (sums []ledger.Sum, err error) {
	reader, able := r.opts.Ledger.(ledger.Reader)
	if able {
		err = contain(func() (err error) {
			sums, err = reader.Sums(req.Context(), query)
			return err
		})
	}
	switch {
	case !able, errors.Is(err, errors.ErrUnsupported):
		return nil, problem(http.StatusNotImplemented, codeNoSavings, "", "the ledger of this service can't be read")
	case errors.Is(err, ledger.ErrTooManyGroups):
		return nil, &policy.FieldError{Field: "from", Problem: "leaves too much to add up: ask for a shorter period"}
	case err != nil:
		r.complaints.hear("the ledger", "", err)
		return nil, problem(http.StatusServiceUnavailable, codeNoLedger, "", "the ledger can't be read for now")
	}
	return sums, nil
}
