package hybrid

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/edgewise-ai/edgewise/hybrid/ledger"
	"github.com/edgewise-ai/edgewise/hybrid/limit"
	"github.com/edgewise-ai/edgewise/policy"
)

// reportBatch is the body of POST /browser/analytics. Without reports the body is
// itself a report, with the grant beside its fields.
type reportBatch struct {
	Grant   string    `json:"grant"`
	Reports *[]report `json:"reports"`
}

// serveAnalytics takes reports. The grant is their only credential, because a
// page that is being closed can send no header; and the Content-Type is not
// looked at, because navigator.sendBeacon sends text as text/plain. Neither lets
// another origin in: it has no grant.
//
// A batch is taken whole or refused whole, but for what the ledger has no room for,
// which counts as dropped.
func (r *Router) serveAnalytics(w http.ResponseWriter, req *http.Request, _ policy.Identity) error {
	var batch reportBatch
	body, err := readBody(w, req, min(maxReportBytes, r.opts.MaxBodyBytes))
	if err != nil {
		return err
	}
	// A report is a flat object. Strangers should not make us decode thousands.
	if bytes.Count(body, []byte("{")) > 1+maxReports {
		return &policy.FieldError{Field: "reports", Problem: fmt.Sprintf("must be %d or fewer", maxReports)}
	}
	if err := decodeObject(body, &batch); err != nil {
		return nameReport(body, err)
	}
	if batch.Grant == "" {
		return problem(http.StatusUnauthorized, codeUnauthorized, "grant", "grant is missing: the snapshot holds it")
	}
	now := r.opts.Now()
	g, late, err := r.keys.verify(batch.Grant, now)
	if err != nil {
		code := codeInvalidGrant
		if errors.Is(err, errGrantExpired) {
			code = codeGrantExpired
		}
		return problem(http.StatusUnauthorized, code, "grant", "%v", err)
	}
	var reports []report
	where := "reports[%d]."
	if batch.Reports != nil {
		reports = *batch.Reports
	} else {
		reports, where = make([]report, 1), ""
		if err := decodeObject(body, &reports[0]); err != nil {
			return err
		}
	}
	entries, err := r.entries(reports, &g, late, now, where)
	if err != nil {
		return err
	}
	if err := r.tooManyReports(req.Context(), &g, len(entries)); err != nil {
		return err
	}
	receipt := r.record(entries)
	r.observing(req.Context()).reported(entries, receipt)
	w.Header().Set("Cache-Control", "no-store")
	writeJSON(w, http.StatusAccepted, receipt)
	return nil
}

// tooManyReports refuses what is more than the identity may report.
func (r *Router) tooManyReports(ctx context.Context, g *grant, count int) error {
	account, limited := r.allowance(g.Tier).Reports.Account("reports/" + g.Identity)
	if !limited || count == 0 {
		return nil
	}
	refusal, err := r.charge(ctx, []limit.Charge{{Account: account, Amount: int64(count)}})
	if err == nil && refusal != nil {
		err = tooMany(refusal, "there were too many reports for now")
	}
	return err
}

// entries checks reports and turns them into the ledger's form. where is the format
// of what stands before a field's name in an error.
func (r *Router) entries(reports []report, g *grant, late bool, now time.Time, where string) ([]ledger.Entry, error) {
	index := r.view.Load().decider.Index()
	entries := make([]ledger.Entry, 0, len(reports))
	for i := range reports {
		n, bad := reports[i].validate(g, index)
		if bad != nil {
			if where != "" {
				bad.Field = fmt.Sprintf(where, i) + bad.Field
			}
			return nil, bad
		}
		if n > g.Max {
			return nil, problem(http.StatusForbidden, codeGrantExhausted, "grant", "the grant is good for %d reports: fetch the snapshot anew for another", g.Max)
		}
		entries = append(entries, reports[i].entry(g, late, now))
		r.judge(&entries[i], &reports[i], g, index.Model(reports[i].ModelID))
	}
	return entries, nil
}

// nameReport names the report of a batch that an error of decoding is about, for
// encoding/json names the field alone.
func nameReport(body []byte, err error) error {
	var batch struct {
		Reports []json.RawMessage `json:"reports"`
	}
	if json.Unmarshal(body, &batch) != nil {
		return err
	}
	for i, raw := range batch.Reports {
		var bad *apiError
		if !errors.As(decodeObject(raw, new(report)), &bad) {
			continue
		}
		where := fmt.Sprintf("reports[%d]", i)
		if bad.param == "" {
			return problem(bad.status, bad.code, where, "%s must be an object", where)
		}
		return problem(bad.status, bad.code, where+"."+bad.param, "%s.%s", where, bad.message)
	}
	return err
}
