package limittest

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/edgewise-ai/edgewise/hybrid/limit"
)

// callers is how many goroutines call at once.
const callers = 8

func (k *kit) checkConcurrent() error {
	return k.promptly(func() error {
		return cmp.Or(k.crowdFirst(), k.crowdCorrections(), k.crowdOrders(), k.crowdTurns())
	})
}

// rounds is how often what must happen at once is tried.
const rounds = 10

// crowdFirst has everybody come at once to accounts that nobody has touched.
func (k *kit) crowdFirst() error {
	for round := range rounds {
		a := k.rate(fmt.Sprint("first", round), callers/2, 1, time.Hour)
		var got atomic.Int64
		err := crowd(func(int) error { return k.try(&got, charge(a, 1)) })
		if err := cmp.Or(err, k.left(noon, a, 0)); err != nil {
			return err
		}
		if n := got.Load(); n != callers/2 {
			return fmt.Errorf("%d of %d callers at once got one of %s", n, callers, describe(a))
		}
	}
	return nil
}

// crowdCorrections has everybody correct the same account at once.
func (k *kit) crowdCorrections() error {
	for round := range rounds {
		a := k.rate(fmt.Sprint("corrections", round), callers/2, 1, time.Hour)
		for _, amount := range []int64{2, -1} {
			if err := crowd(func(int) error { return k.settle(noon, charge(a, amount)) }); err != nil {
				return err
			}
		}
		if err := k.left(noon, a, a.Capacity-callers); err != nil {
			return fmt.Errorf("after %d corrections of 2 and of -1 at once: %w", callers, err)
		}
	}
	return nil
}

// crowdOrders has everybody take from the same accounts, half of them the other way
// round, until the smallest is empty.
func (k *kit) crowdOrders() error {
	const times, most = 20, callers * 20 / 2
	large, small, other := k.budget("large", 10*most, limit.Day), k.rate("small", most, 1, time.Hour), k.rate("other", 2*most, 1, time.Hour)
	var got atomic.Int64
	err := crowd(func(caller int) error {
		charges := []limit.Charge{charge(large, 2), charge(small, 1), charge(other, 1)}
		if caller%2 == 0 {
			slices.Reverse(charges)
		}
		for range times {
			if err := k.try(&got, charges...); err != nil {
				return err
			}
		}
		return nil
	})
	if err := cmp.Or(err, k.left(noon, small, 0), k.left(noon, large, 8*most), k.left(noon, other, most)); err != nil {
		return err
	}
	if n := got.Load(); n != most {
		return fmt.Errorf("%d of %d charges at once were taken from %s", n, callers*times, describe(small))
	}
	return nil
}

// crowdTurns has everybody take and give back, for all of which there is enough.
func (k *kit) crowdTurns() error {
	a, b := k.rate("a", 3*callers, 1, time.Hour), k.budget("b", 3*callers, limit.Day)
	err := crowd(func(int) error {
		for range 10 {
			left, err := k.look(noon, a)
			if err == nil && (left < 0 || left > a.Capacity) {
				err = fmt.Errorf("%d left of %s, while others take and give back", left, describe(a))
			}
			if err := cmp.Or(err,
				k.take(noon, charge(a, 3), charge(b, 3)),
				k.settle(noon, charge(b, -1), charge(a, -2)),
				k.settle(noon, charge(a, -1), charge(b, -2)),
			); err != nil {
				return err
			}
		}
		return nil
	})
	return cmp.Or(err, k.left(noon, a, a.Capacity), k.left(noon, b, b.Capacity))
}

// try takes what may be refused, and counts where it is not.
func (k *kit) try(got *atomic.Int64, charges ...limit.Charge) error {
	refusal, err := k.ask(noon, charges...)
	if err == nil && refusal == nil {
		got.Add(1)
	}
	return err
}

// crowd calls f from all callers at once.
func crowd(f func(caller int) error) error {
	errs := make([]error, callers)
	start := make(chan struct{})
	var wg sync.WaitGroup
	for caller := range callers {
		wg.Go(func() {
			<-start
			errs[caller] = f(caller)
		})
	}
	close(start)
	wg.Wait()
	return errors.Join(errs...)
}
