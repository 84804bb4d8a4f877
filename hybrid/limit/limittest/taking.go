package limittest

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/edgewise-ai/edgewise/hybrid/limit"
)

func (k *kit) checkUntouched() error {
	for _, a := range []limit.Account{
		k.rate("rate", 10, 3, time.Second),
		k.budget("hourly", 20, limit.Hour),
		k.budget("daily", 30, limit.Day),
		k.budget("monthly", 40, limit.Month),
	} {
		if err := cmp.Or(
			k.left(noon, a, a.Capacity),
			k.take(noon, charge(a, 0)),
			k.settle(noon, charge(a, 0)),
			k.settle(noon, charge(a, -5)),
			k.left(noon, a, a.Capacity),
			k.take(noon, charge(a, a.Capacity)),
			k.left(noon, a, 0),
		); err != nil {
			return err
		}
	}
	return cmp.Or(k.take(noon), k.settle(noon))
}

func (k *kit) checkTake() error {
	a, b, c := k.rate("a", 10, 1, time.Second), k.rate("b", 20, 1, time.Second), k.budget("c", 30, limit.Day)
	return cmp.Or(
		k.take(noon, charge(a, 3)),
		k.left(noon, a, 7),
		k.left(noon, a, 7), // looking takes nothing
		k.take(noon, charge(a, 2), charge(b, 5), charge(c, 0)),
		k.left(noon, a, 5),
		k.left(noon, b, 15),
		k.left(noon, c, 30),
		k.take(noon, charge(c, 30), charge(a, 5)),
		k.left(noon, a, 0),
		k.left(noon, b, 15),
		k.left(noon, c, 0),
		k.take(noon, charge(a, 0), charge(c, 0)), // nothing fits where nothing is left
		k.refuse(noon, &limit.Refusal{Wait: time.Second}, charge(a, 1)),
		k.left(noon, a, 0),
		k.take(noon.Add(time.Second), charge(a, 1)),
		k.left(noon.Add(time.Second), a, 0),
	)
}

func (k *kit) checkKeys() error {
	long := strings.Repeat("x", 100)
	keys := []string{"a", "A", "a ", " a", "a/b", "a%", "a_", "a*", `a"`, "a'", `a\`, "0", "00", "ä", "a\u0308", "試", long + "1", long + "2"}
	for i, key := range keys {
		if err := k.take(noon, charge(k.rate(key, 100, 1, time.Hour), int64(i+1))); err != nil {
			return err
		}
	}
	for i, key := range keys {
		if err := k.left(noon, k.rate(key, 100, 1, time.Hour), int64(100-i-1)); err != nil {
			return err
		}
	}
	return k.left(noon, k.budget("a", 100, limit.Day), 99)
}

func (k *kit) checkAllOrNothing() error {
	for position := range 3 {
		for name, reason := range map[string]struct {
			taken, amount int64
			wait          time.Duration
		}{
			"too little": {8, 3, time.Second},
			"never":      {0, 11, 0},
			"owes":       {12, 0, 2 * time.Second},
		} {
			short := k.rate(fmt.Sprintf("short-%d-%s", position, name), 10, 1, time.Second)
			if err := k.settle(noon, charge(short, reason.taken)); err != nil {
				return err
			}
			charges := make([]limit.Charge, 3)
			for i := range charges {
				charges[i] = charge(k.budget(fmt.Sprintf("%d-%d-%s", i, position, name), 10, limit.Hour), 5)
			}
			charges[position] = charge(short, reason.amount)
			err := k.refuse(noon, &limit.Refusal{Index: position, Wait: reason.wait}, charges...)
			for i, c := range charges {
				want := c.Account.Capacity
				if i == position {
					want -= reason.taken
				}
				err = cmp.Or(err, k.left(noon, c.Account, want))
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func (k *kit) checkRefusal() error {
	fast, slow := k.rate("fast", 10, 1, time.Second), k.rate("slow", 10, 1, time.Minute)
	other, hourly := k.rate("other", 10, 1, time.Minute), k.budget("hourly", 10, limit.Hour)
	for _, a := range []limit.Account{fast, slow, other, hourly} {
		if err := k.take(noon, charge(a, 4)); err != nil {
			return err
		}
	}
	untilHour := 25*time.Minute + 3*time.Second + 876_543_211
	return cmp.Or(
		k.refuse(noon, &limit.Refusal{Index: 1, Wait: time.Second}, charge(slow, 6), charge(fast, 7), charge(hourly, 6)),
		k.refuse(noon, &limit.Refusal{Index: 1, Wait: time.Minute}, charge(fast, 7), charge(slow, 7), charge(hourly, 6)),
		k.refuse(noon, &limit.Refusal{Index: 0, Wait: time.Minute}, charge(slow, 7), charge(fast, 7)),
		k.refuse(noon, &limit.Refusal{Index: 0, Wait: 4 * time.Second}, charge(fast, 10)),
		k.refuse(noon, &limit.Refusal{Index: 2, Wait: untilHour}, charge(fast, 10), charge(slow, 10), charge(hourly, 7)),
		k.refuse(noon, &limit.Refusal{Index: 0, Wait: time.Minute}, charge(slow, 7), charge(fast, 7), charge(other, 7)),
		k.refuse(noon, &limit.Refusal{Index: 0, Wait: time.Minute}, charge(other, 7), charge(slow, 7)),
		k.refuse(noon, &limit.Refusal{Index: 1}, charge(hourly, 7), charge(fast, 11), charge(slow, 11)),
		k.refuse(noon, &limit.Refusal{Index: 0}, charge(slow, 11), charge(hourly, 7), charge(fast, 99)),
	)
}

// checkWait drains accounts, and asks for more at odd times.
func (k *kit) checkWait() error {
	for i, a := range []limit.Account{
		k.rate("even", 10, 1, time.Second),
		k.rate("thirds", 10, 3, time.Second),
		k.rate("large", 100_000, 100_000, time.Minute),
		k.rate("slow", 3, 1, 31*24*time.Hour),
		k.rate("fast", 1_000, 7, time.Nanosecond),
		k.budget("hourly", 10, limit.Hour),
		k.budget("monthly", 10, limit.Month),
	} {
		if err := k.take(noon, charge(a, a.Capacity)); err != nil {
			return err
		}
		now := noon
		for _, amount := range []int64{1, a.Capacity, a.Capacity/2 + 1} {
			charges := []limit.Charge{charge(k.rate(fmt.Sprint("full", i, amount), 1, 1, time.Second), 1), charge(a, amount)}
			refusal, err := k.ask(now, charges...)
			switch {
			case err != nil:
				return err
			case refusal == nil || refusal.Index != 1 || refusal.Wait <= 0:
				return fmt.Errorf("%s: %s, want it refused for charge 1, and for how long", call("Take", now, charges), outcome(refusal))
			}
			now = now.Add(refusal.Wait)
			if err := cmp.Or(
				k.refuse(now.Add(-1), &limit.Refusal{Index: 1, Wait: 1}, charges...),
				k.take(now, charges...),
			); err != nil {
				return fmt.Errorf("after a wait of %v: %w", refusal.Wait, err)
			}
			if a.Per == 0 { // the period is over, and all but the amount is back
				if err := k.take(now, charge(a, a.Capacity-amount)); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
