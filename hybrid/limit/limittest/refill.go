package limittest

import (
	"cmp"
	"fmt"
	"strconv"
	"time"

	"github.com/edgewise-ai/edgewise/hybrid/limit"
)

// checkRefill takes whatever is left of accounts after each of many small steps. What
// it gets in all has one right sum.
func (k *kit) checkRefill() error {
	const steps, step = 300, 12_345_679 * time.Nanosecond
	accounts := []limit.Account{
		k.rate("sevenths", 5, 7, time.Second),
		k.rate("tokens", 1_000_000, 100_000, time.Minute),
		k.rate("slow", 3, 1, 1_700*time.Millisecond),
		k.rate("fast", limit.MaxAmount, 1_000_000_007, time.Second),
	}
	got, now := make([]int64, len(accounts)), noon
	drain := func() error {
		charges := make([]limit.Charge, len(accounts))
		for i, a := range accounts {
			left, err := k.look(now, a)
			if err != nil {
				return err
			}
			charges[i] = charge(a, max(left, 0))
			got[i] += left
		}
		return k.take(now, charges...)
	}
	if err := drain(); err != nil {
		return err
	}
	clear(got)
	for range steps {
		now = now.Add(step)
		if err := drain(); err != nil {
			return err
		}
	}
	for i, a := range accounts {
		// The product is below 2^63, for all but the last account with room to spare.
		if want := int64(steps*step) * a.Amount / int64(a.Per); got[i] != want {
			return fmt.Errorf("%d of %s came back in %d steps of %v, want %d", got[i], describe(a), steps, step, want)
		}
	}
	return nil
}

// checkPeriods spends accounts at one time, and looks that they come back at another
// and not before. Times are in UTC, wherever the clock stands.
func (k *kit) checkPeriods() error {
	for i, test := range []struct {
		period    limit.Period
		spent, at string
	}{
		{limit.Hour, "2026-11-23T12:34:56.789Z", "2026-11-23T13:00:00Z"},
		{limit.Hour, "2026-11-23T13:00:00Z", "2026-11-23T14:00:00Z"},
		{limit.Hour, "2026-12-31T23:59:59.999999999Z", "2027-01-01T00:00:00Z"},
		{limit.Hour, "2026-11-23T12:10:00+05:45", "2026-11-23T07:00:00Z"},
		{limit.Day, "2026-11-23T00:00:00Z", "2026-11-24T00:00:00Z"},
		{limit.Day, "2026-11-23T23:59:59.999999999Z", "2026-11-24T00:00:00Z"},
		{limit.Day, "2026-11-23T20:00:00-08:00", "2026-11-25T00:00:00Z"},
		{limit.Day, "2028-02-28T12:00:00Z", "2028-02-29T00:00:00Z"},
		{limit.Month, "2026-02-28T23:59:59Z", "2026-03-01T00:00:00Z"},
		{limit.Month, "2028-02-28T23:59:59Z", "2028-03-01T00:00:00Z"},
		{limit.Month, "2028-02-29T23:59:59Z", "2028-03-01T00:00:00Z"},
		{limit.Month, "2026-03-31T00:00:00Z", "2026-04-01T00:00:00Z"},
		{limit.Month, "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z"},
		{limit.Month, "2026-10-31T23:00:00-02:00", "2026-12-01T00:00:00Z"},
	} {
		spent, errSpent := time.Parse(time.RFC3339, test.spent)
		at, errAt := time.Parse(time.RFC3339, test.at)
		if err := cmp.Or(errSpent, errAt); err != nil {
			return err
		}
		a := k.budget(strconv.Itoa(i), 10, test.period)
		if err := cmp.Or(
			k.take(spent, charge(a, 6)),
			k.refuse(spent, &limit.Refusal{Wait: at.Sub(spent)}, charge(a, 5)),
			k.left(at.Add(-1), a, 4),
			k.refuse(at.Add(-1), &limit.Refusal{Wait: 1}, charge(a, 5)),
			k.take(at.Add(-1), charge(a, 4)),
			k.left(at, a, 10),
			k.take(at.In(time.FixedZone("", -11*60*60)), charge(a, 10)),
			k.left(at, a, 0),
		); err != nil {
			return err
		}
	}
	return nil
}
