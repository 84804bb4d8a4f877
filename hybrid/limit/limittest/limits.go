package limittest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/edgewise-ai/edgewise/hybrid/limit"
)

func (k *kit) checkLargeNumbers() error {
	const most = limit.MaxAmount
	a, b := k.budget("a", most, limit.Month), k.budget("b", 10, limit.Month)
	c := k.rate("c", most, most, 1_000*time.Hour)
	hours := func(n int) time.Time { return noon.Add(time.Duration(n) * time.Hour) }
	return cmp.Or(
		k.take(noon, charge(a, most-1), charge(c, most)),
		k.left(noon, a, 1),
		k.take(noon, charge(a, 1)),
		k.left(noon, a, 0),
		k.refuse(noon, &limit.Refusal{Wait: limit.Month.End(noon).Sub(noon)}, charge(a, most)),
		k.refuse(noon, &limit.Refusal{}, charge(a, math.MaxInt64)),
		k.settle(noon, charge(a, -2), charge(b, most-3)),
		k.left(noon, a, 2),
		k.left(noon, b, 13-most),
		k.settle(noon, charge(a, most), charge(b, math.MaxInt64)), // which is cut off
		k.left(noon, a, 0),
		k.left(noon, b, 10-most),
		k.settle(noon, charge(a, math.MinInt64), charge(b, -most+4)),
		k.left(noon, a, most),
		k.left(noon, b, 6),
		k.left(hours(1), c, most/1_000),
		k.take(hours(999), charge(c, most/1_000)),
		k.left(hours(1_000), c, most-most/1_000),
	)
}

func (k *kit) checkNonsense() error {
	good := k.rate("good", 10, 1, time.Second)
	change := func(f func(*limit.Account)) limit.Account {
		a := k.rate("bad", 10, 1, time.Second)
		f(&a)
		return a
	}
	for name, a := range map[string]limit.Account{
		"no key":               change(func(a *limit.Account) { a.Key = "" }),
		"no capacity":          change(func(a *limit.Account) { a.Capacity = 0 }),
		"a capacity below 0":   change(func(a *limit.Account) { a.Capacity = -1 }),
		"too large a capacity": change(func(a *limit.Account) { a.Capacity = limit.MaxAmount + 1 }),
		"no amount":            change(func(a *limit.Account) { a.Amount = 0 }),
		"too large an amount":  change(func(a *limit.Account) { a.Amount = limit.MaxAmount + 1 }),
		"time below 0":         change(func(a *limit.Account) { a.Per = -1 }),
		"no period":            k.budget("bad", 10, ""),
		"an unknown period":    k.budget("bad", 10, "week"),
	} {
		_, left := k.Left(k.ctx, noon, a)
		if err := k.errs("an account with "+name, left, charge(good, 1), charge(a, 1)); err != nil {
			return err
		}
	}
	_, below := k.Take(k.ctx, noon, []limit.Charge{charge(good, 1), charge(k.rate("other", 10, 1, time.Second), -1)})
	if below == nil {
		return errors.New("no error of Take for a charge below 0")
	}
	if err := k.errs("two charges of one account", below, charge(good, 1), charge(good, 2)); err != nil {
		return err
	}
	return k.left(noon, good, 10)
}

// errs looks that no method takes what is wrong, given the error of one.
func (k *kit) errs(what string, left error, charges ...limit.Charge) error {
	_, take := k.Take(k.ctx, noon, charges)
	for method, err := range map[string]error{"Left": left, "Take": take, "Settle": k.Settle(k.ctx, noon, charges)} {
		if err == nil {
			return fmt.Errorf("no error of %s for %s", method, what)
		}
	}
	return nil
}

func (k *kit) checkContextEnded() error {
	a := k.rate("a", 10, 1, time.Second)
	canceled, cancel := context.WithCancel(k.ctx)
	cancel()
	late, cancel := context.WithDeadline(k.ctx, time.Unix(0, 0))
	defer cancel()
	for _, ended := range []context.Context{canceled, late} {
		err := k.promptly(func() error {
			_, left := k.Left(ended, noon, a)
			_, take := k.Take(ended, noon, []limit.Charge{charge(a, 1)})
			for method, err := range map[string]error{
				"Left": left, "Take": take, "Settle": k.Settle(ended, noon, []limit.Charge{charge(a, 1)}),
			} {
				if err == nil {
					return fmt.Errorf("no error of %s, with a context that says: %w", method, ended.Err())
				}
			}
			return nil
		})
		if err := cmp.Or(err, k.left(noon, a, 10)); err != nil {
			return err
		}
	}
	return nil
}

// promptly calls f, which must not wait for what may never come.
func (k *kit) promptly(f func() error) error {
	done := make(chan error, 1)
	go func() { done <- f() }()
	select {
	case err := <-done:
		return err
	case <-time.After(k.patience):
		return fmt.Errorf("it takes more than %v: is it deadlocked?", k.patience)
	}
}

func (k *kit) checkChargesUntouched() error {
	a, b := k.rate("a", 10, 1, time.Second), k.budget("b", 10, limit.Hour)
	charges := []limit.Charge{charge(b, 1), charge(a, 2)}
	for method, f := range map[string]func() error{
		"Take": func() error {
			_, err := k.Take(k.ctx, noon, charges)
			return err
		},
		"Settle": func() error { return k.Settle(k.ctx, noon, charges) },
	} {
		before := slices.Clone(charges)
		if err := f(); err != nil {
			return fmt.Errorf("%s: %w", call(method, noon, before), err)
		}
		if !slices.Equal(charges, before) {
			return fmt.Errorf("%s changed the charges to %+v, from %+v", method, charges, before)
		}
		clear(charges) // what the store kept of them would now be wrong
		if err := cmp.Or(k.left(noon, a, 10-2), k.left(noon, b, 10-1), k.settle(noon, charge(a, -2), charge(b, -1))); err != nil {
			return err
		}
		copy(charges, before)
	}
	return nil
}
