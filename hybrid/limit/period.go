package limit

import "time"

// Period is a stretch of the calendar, in UTC.
type Period string

// The periods.
const (
	Hour  Period = "hour"
	Day   Period = "day"
	Month Period = "month"
)

// periods names them all, for errors.
const periods = "hour, day or month"

func (p Period) known() bool { return p == Hour || p == Day || p == Month }

// Start returns when the period began that t lies in. That of an unknown period is
// the zero time.
func (p Period) Start(t time.Time) time.Time {
	start, _ := p.bounds(t)
	return start
}

// End returns when that period ends: when the next begins.
func (p Period) End(t time.Time) time.Time {
	_, end := p.bounds(t)
	return end
}

func (p Period) bounds(t time.Time) (start, end time.Time) {
	t = t.UTC()
	switch p {
	case Hour:
		start = t.Truncate(time.Hour)
		return start, start.Add(time.Hour)
	case Day:
		start = t.Truncate(24 * time.Hour)
		return start, start.Add(24 * time.Hour)
	case Month:
		year, month, _ := t.Date()
		return time.Date(year, month, 1, 0, 0, 0, 0, time.UTC), time.Date(year, month+1, 1, 0, 0, 0, 0, time.UTC)
	}
	return time.Time{}, time.Time{}
}
