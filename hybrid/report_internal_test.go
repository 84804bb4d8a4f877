package hybrid

import (
	"testing"
	"time"

	"github.com/edgewise-ai/edgewise/hybrid/sqlstore"
)

// Whatever start a page claims, the entry outlives the time in which its report is
// taken: a ledger that had forgotten its ID would count it twice.
func TestEntryOutlivesItsReports(t *testing.T) {
	last := time.Unix(someGrant.Expires, 0).Add(lateness)
	for _, started := range []time.Time{
		{}, last, last.Add(time.Hour), grantTime,
		time.Unix(someGrant.Expires, 0).Add(-grantLifetime), last.Add(-30 * 24 * time.Hour), last.Add(-8 * 24 * time.Hour),
	} {
		p := report{ID: "g1.1", StartedAt: started.UnixMilli()}
		for _, now := range []time.Time{grantTime, last} {
			e := p.entry(&someGrant, false, now)
			if forgotten := e.Time.Add(sqlstore.MinRetention); !forgotten.After(last) {
				t.Errorf("started %v, reported %v: forgotten at %v, taken until %v", started, now, forgotten, last)
			}
		}
	}
}
