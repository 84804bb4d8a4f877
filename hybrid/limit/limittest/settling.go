package limittest

import (
	"cmp"
	"time"

	"github.com/edgewise-ai/edgewise/hybrid/limit"
)

func (k *kit) checkSettle() error {
	a, b := k.rate("a", 10, 1, time.Second), k.budget("b", 20, limit.Hour)
	later := noon.Add(1500 * time.Millisecond)
	return cmp.Or(
		k.take(noon, charge(a, 8), charge(b, 8)),
		k.settle(noon, charge(a, -3), charge(b, 5)),
		k.left(noon, a, 5),
		k.left(noon, b, 7),
		k.settle(noon, charge(b, -100)), // down to an untouched account
		k.left(noon, b, 20),
		k.settle(noon, charge(a, -6)),
		k.left(noon, a, 10),
		k.refuse(noon, &limit.Refusal{}, charge(a, 11)), // and no further
		k.settle(noon, charge(a, 7)),                    // nobody took that before
		k.left(noon, a, 3),
		k.left(later, a, 4),
		k.settle(later, charge(a, -1)),
		k.left(later, a, 5),
		k.left(noon.Add(2*time.Second), a, 6), // it did not lose the half second
		k.settle(noon.Add(2*time.Second), charge(a, -4)),
		k.left(noon.Add(time.Hour), a, 10),
	)
}

func (k *kit) checkOwing() error {
	a, b := k.rate("a", 10, 2, time.Second), k.budget("b", 10, limit.Hour)
	fine := k.rate("fine", 10, 1, time.Second)
	hour := limit.Hour.End(noon)
	return cmp.Or(
		k.take(noon, charge(a, 10), charge(b, 4)),
		k.settle(noon, charge(a, 5), charge(b, 100)),
		k.left(noon, a, -5),
		k.left(noon, b, -94),
		k.refuse(noon, &limit.Refusal{Wait: 2500 * time.Millisecond}, charge(a, 0)),
		k.refuse(noon, &limit.Refusal{Wait: 3 * time.Second}, charge(a, 1)),
		k.refuse(noon, &limit.Refusal{Index: 1, Wait: hour.Sub(noon)}, charge(fine, 1), charge(b, 0)),
		k.settle(noon, charge(a, 1)), // ever deeper
		k.left(noon, a, -6),
		k.left(noon.Add(2*time.Second), a, -2),
		k.settle(noon.Add(2*time.Second), charge(a, -1)),
		k.left(noon.Add(2*time.Second), a, -1),
		k.take(noon.Add(2500*time.Millisecond), charge(a, 0)),
		k.take(noon.Add(3*time.Second), charge(a, 1)),
		k.left(noon.Add(3*time.Second), a, 0),
		k.left(hour, b, 10), // a period begins with a clean slate
		k.left(hour, fine, 10),
	)
}

func (k *kit) checkBounds() error {
	a := k.rate("a", 10, 1, time.Second)
	with := func(capacity, amount int64) limit.Account {
		return k.rate("a", capacity, amount, time.Second)
	}
	later := noon.Add(3 * time.Second)
	return cmp.Or(
		k.take(noon, charge(a, 8)),
		k.left(noon, with(20, 1), 12),
		k.left(noon, with(5, 1), -3),
		k.refuse(noon, &limit.Refusal{Wait: 3 * time.Second}, charge(with(5, 1), 0)),
		k.refuse(noon, &limit.Refusal{Wait: time.Second}, charge(with(5, 3), 0)),
		k.take(noon, charge(with(20, 1), 12)),
		k.left(noon, a, -10),
		k.left(noon, k.budget("a", 30, limit.Day), 10),
		k.left(later, a, -7),
		k.settle(later, charge(with(1, 1), 3)),
		k.left(later, with(100, 1), 80),
		k.left(later, a, -10),
	)
}
