package limittest

import (
	"cmp"
	"fmt"
	"time"

	"github.com/edgewise-ai/edgewise/hybrid/limit"
)

// checkClockBehind calls as two replicas do, of which one is a second behind.
func (k *kit) checkClockBehind() error {
	a, b := k.rate("a", 10, 1, time.Second), k.rate("b", 10, 1, time.Second)
	after := func(seconds float64) time.Time { return noon.Add(time.Duration(seconds * float64(time.Second))) }
	if err := cmp.Or(
		k.take(noon, charge(a, 10), charge(b, 10)),
		k.take(after(5), charge(a, 5)),
		k.atMost(after(4), a, 0),
		k.settle(after(4), charge(a, -3)),
		k.left(after(5), a, 3),
		k.take(after(5.5), charge(a, 2)),
		k.settle(after(4.5), charge(a, 4)),
		k.left(after(5.5), a, -3),
		k.left(after(6), a, -2),
		// b comes back, the other replica sees it, and so may the store.
		k.left(after(10.5), b, 10),
		k.take(after(10.5), charge(a, 0)),
		k.settle(after(10.5), charge(a, -1)),
		k.atMost(after(9.5), b, 9),
	); err != nil {
		return err
	}
	month := limit.Month.End(noon)
	c := k.budget("c", 10, limit.Month)
	return cmp.Or(
		k.take(noon, charge(c, 9)),
		k.take(month.Add(time.Millisecond), charge(c, 8)),
		k.atMost(month.Add(-time.Millisecond), c, 2),
		k.left(month.Add(time.Millisecond), c, 2),
	)
}

// atMost looks that no more is left, and takes in vain.
func (k *kit) atMost(now time.Time, a limit.Account, most int64) error {
	left, err := k.look(now, a)
	if err == nil && left > most {
		err = fmt.Errorf("Left of %s at %s: %d, want at most %d, which is left later", describe(a), clock(now), left, most)
	}
	if err != nil {
		return err
	}
	refusal, err := k.ask(now, charge(a, most+1))
	if err == nil && refusal == nil {
		err = fmt.Errorf("Take of %d from %s at %s: taken, where %d is left later", most+1, describe(a), clock(now), most)
	}
	return err
}
