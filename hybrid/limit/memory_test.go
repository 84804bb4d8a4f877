package limit_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/edgewise-ai/edgewise/hybrid/limit"
	"github.com/edgewise-ai/edgewise/internal/race"
)

// charge takes from an account of 10 by the second.
func charge(key any, amount int64) []limit.Charge {
	a := bucket(10, 1, time.Second)
	a.Key = fmt.Sprint(key)
	return []limit.Charge{{Account: a, Amount: amount}}
}

// take takes what must fit.
func take(t *testing.T, s limit.Store, now time.Time, charges []limit.Charge) {
	t.Helper()
	if refusal, err := s.Take(t.Context(), now, charges); refusal != nil || err != nil {
		t.Fatalf("got %+v, %v", refusal, err)
	}
}

// Accounts that have come back go, a few with each call, so that a store is no larger
// than its accounts of late.
func TestMemoryForgetsWhatHasComeBack(t *testing.T) {
	var m limit.Memory
	const users, visits = 1_000, 20_000
	for n := range visits { // of as many users, and each has come back after a second
		now := noon.Add(time.Duration(n) * time.Second / users)
		take(t, &m, now, charge(n, 1))
		if n := m.Len(); n > 2*users+1 { // clocks may be a second behind
			t.Fatalf("%d accounts are held", n)
		}
	}
	if n := m.Len(); n < users {
		t.Fatalf("%d accounts are held, so some are forgotten that have not come back", n)
	}
	for n := 0; m.Len() > 2; n++ { // few calls are enough
		if n > users+1 {
			t.Fatalf("%d accounts are held after %d calls that found them back", m.Len(), n)
		}
		take(t, &m, noon.Add(time.Hour), charge("x", 0))
	}
}

// Whatever becomes of an account, the others go when they have come back, and it goes
// when it has.
func TestMemoryForgetsInOrder(t *testing.T) {
	var m limit.Memory
	holds := func(now time.Time, want int) {
		t.Helper()
		for range 10 {
			take(t, &m, now, charge("x", 0))
		}
		if n := m.Len(); n != want {
			t.Errorf("%d accounts are held, want %d", n, want)
		}
	}
	for n := range 10 {
		take(t, &m, noon, charge(n, 1))
	}
	take(t, &m, noon, charge("long", 5))
	settle := func(key string, amount int64) {
		t.Helper()
		if err := m.Settle(t.Context(), noon, charge(key, amount)); err != nil {
			t.Fatal(err)
		}
	}
	settle("0", 100)
	settle("long", 1_000)
	settle("long", -800)
	holds(noon, 11)
	holds(noon.Add(10*time.Second), 2)
	holds(noon.Add(110*time.Second), 1)
	holds(noon.Add(210*time.Second), 0)
}

func TestMemoryHoldsNothingOfAnUntouchedAccount(t *testing.T) {
	var m limit.Memory
	take(t, &m, noon, charge("a", 0))
	if err := m.Settle(t.Context(), noon, charge("b", -5)); err != nil {
		t.Fatal(err)
	}
	if _, err := m.Left(t.Context(), noon, charge("c", 0)[0].Account); err != nil {
		t.Fatal(err)
	}
	take(t, &m, noon, charge("d", 5))
	if err := m.Settle(t.Context(), noon, charge("d", -5)); err != nil {
		t.Fatal(err)
	}
	if n := m.Len(); n != 0 {
		t.Errorf("%d accounts are held, want 0", n)
	}
}

// Nobody gets rid of a debt by making other accounts: they find no room.
func TestMemoryThatIsFullForgetsNoDebt(t *testing.T) {
	m := limit.NewMemory(limit.MemoryOptions{MaxAccounts: 100})
	if err := m.Settle(t.Context(), noon, charge("debtor", 1_000)); err != nil {
		t.Fatal(err)
	}
	var full int
	for n := range 1_000 {
		switch refusal, err := m.Take(t.Context(), noon, charge(n, 10)); {
		case errors.Is(err, limit.ErrFull):
			full++
		case refusal != nil || err != nil:
			t.Fatalf("got %+v, %v", refusal, err)
		}
	}
	if n := m.Len(); n != 100 || full != 901 {
		t.Errorf("%d accounts are held, and %d found no room; want 100 and 901", n, full)
	}
	if refusal, err := m.Take(t.Context(), noon, charge("debtor", 1)); err != nil || refusal == nil {
		t.Errorf("the debtor got %+v, %v, want a refusal", refusal, err)
	}

	// A call needs room for all of its accounts, or changes nothing.
	if _, err := m.Take(t.Context(), noon, append(charge(1, 0), charge("new", 1)...)); !errors.Is(err, limit.ErrFull) {
		t.Errorf("got %v, want ErrFull", err)
	}
	if left, err := m.Left(t.Context(), noon, charge("new", 1)[0].Account); left != 10 || err != nil {
		t.Errorf("%d left, %v", left, err)
	}

	// What was used counts, room or not.
	if err := m.Settle(t.Context(), noon, charge("new", 15)); err != nil {
		t.Fatal(err)
	}
	if left, err := m.Left(t.Context(), noon, charge("new", 0)[0].Account); left != -5 || err != nil || m.Len() != 101 {
		t.Errorf("%d left, %v, with %d accounts", left, err, m.Len())
	}

	// What asks for nothing, and what is held, needs no room.
	take(t, m, noon, charge("nothing", 0))
	if err := m.Settle(t.Context(), noon, charge(0, -5)); err != nil {
		t.Fatal(err)
	}
	take(t, m, noon, charge(0, 5))

	// Once they have come back there is room.
	later := noon.Add(16 * time.Second)
	for n := range 100 {
		if n < 99 {
			take(t, m, later, charge(fmt.Sprint("later", n), 10))
		} else if _, err := m.Take(t.Context(), later, charge("one too many", 10)); !errors.Is(err, limit.ErrFull) {
			t.Errorf("got %v, want ErrFull", err)
		}
	}
	if refusal, err := m.Take(t.Context(), later, charge("debtor", 1)); err != nil || refusal == nil {
		t.Errorf("the debtor got %+v, %v, want a refusal", refusal, err)
	}
}

// The bound holds under contention, and no call that was refused leaves anything.
func TestMemoryThatIsFullUnderContention(t *testing.T) {
	m := limit.NewMemory(limit.MemoryOptions{MaxAccounts: 50})
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for n := range 500 {
				now := noon.Add(time.Duration(n) * 10 * time.Millisecond)
				charges := append(charge(fmt.Sprint(g, "/", n), 1), charge("shared", 0)...)
				if _, err := m.Take(t.Context(), now, charges); err != nil && !errors.Is(err, limit.ErrFull) {
					t.Error(err)
				}
				if n := m.Len(); n > 50 {
					t.Errorf("%d accounts are held", n)
				}
			}
		})
	}
	wg.Wait()
}

func TestMemoryAllocatesNothing(t *testing.T) {
	var m limit.Memory
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	charges := allowance(1)
	take(t, &m, noon, charges)
	for name, call := range map[string]func() error{
		"Left": func() error {
			_, err := m.Left(ctx, noon, charges[0].Account)
			return err
		},
		"Take": func() error {
			_, err := m.Take(ctx, noon, []limit.Charge{{Account: charges[2].Account, Amount: 1}})
			return err
		},
		"Settle": func() error { return m.Settle(ctx, noon, charges[:2]) },
	} {
		allocations := testing.AllocsPerRun(100, func() {
			if err := call(); err != nil {
				t.Error(err)
			}
		})
		if allocations != 0 && !race.Enabled {
			t.Errorf("%s allocates %v times, want 0", name, allocations)
		}
	}
}

// What nobody is refused for is bounded, too.
func TestMemoryBoundsWhatIsSettled(t *testing.T) {
	m := limit.NewMemory(limit.MemoryOptions{MaxAccounts: 10})
	for n := range 100 {
		err := m.Settle(t.Context(), noon, charge(fmt.Sprint("visitor ", n), 1))
		if full := n >= 20; errors.Is(err, limit.ErrFull) != full {
			t.Errorf("visitor %d: got %v", n, err)
		}
	}
	if m.Len() != 20 {
		t.Errorf("%d accounts are held", m.Len())
	}
	if err := m.Settle(t.Context(), noon, charge("visitor 3", 1)); err != nil {
		t.Errorf("one that is held: %v", err)
	}
}
