package limit_test

import (
	"testing"
	"time"

	"github.com/edgewise-ai/edgewise/hybrid/limit"
)

func TestPeriodBounds(t *testing.T) {
	for _, test := range []struct {
		period         limit.Period
		at, start, end string
	}{
		{limit.Hour, "2026-11-23T12:34:56.7Z", "2026-11-23T12:00:00Z", "2026-11-23T13:00:00Z"},
		{limit.Hour, "2026-11-23T12:00:00Z", "2026-11-23T12:00:00Z", "2026-11-23T13:00:00Z"},
		{limit.Hour, "2026-11-23T12:34:00+05:45", "2026-11-23T06:00:00Z", "2026-11-23T07:00:00Z"},
		{limit.Hour, "1969-12-31T23:59:59Z", "1969-12-31T23:00:00Z", "1970-01-01T00:00:00Z"},
		{limit.Day, "2026-11-23T23:59:59.999999999Z", "2026-11-23T00:00:00Z", "2026-11-24T00:00:00Z"},
		{limit.Day, "2026-11-23T23:00:00-08:00", "2026-11-24T00:00:00Z", "2026-11-25T00:00:00Z"},
		{limit.Day, "1969-12-31T12:00:00Z", "1969-12-31T00:00:00Z", "1970-01-01T00:00:00Z"},
		{limit.Month, "2026-02-28T23:59:59Z", "2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z"},
		{limit.Month, "2028-02-29T12:00:00Z", "2028-02-01T00:00:00Z", "2028-03-01T00:00:00Z"},
		{limit.Month, "2026-12-31T12:00:00Z", "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z"},
		{limit.Month, "2026-12-31T20:00:00-05:00", "2027-01-01T00:00:00Z", "2027-02-01T00:00:00Z"},
	} {
		at := clock(t, test.at)
		if start := test.period.Start(at); !start.Equal(clock(t, test.start)) {
			t.Errorf("the %s of %s began at %v, want %s", test.period, test.at, start, test.start)
		}
		if end := test.period.End(at); !end.Equal(clock(t, test.end)) {
			t.Errorf("the %s of %s ends at %v, want %s", test.period, test.at, end, test.end)
		}
	}
	if week := limit.Period("week"); !week.Start(noon).IsZero() || !week.End(noon).IsZero() {
		t.Errorf("an unknown period is from %v to %v, want zero times", week.Start(noon), week.End(noon))
	}
}

func clock(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}
