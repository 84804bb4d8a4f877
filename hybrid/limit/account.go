package limit

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
	"strconv"
	"time"
)

// Account is a counter and the bound that holds for it, so that stores need no
// configuration of their own. It refills evenly if Per is set, else at the end of
// each Period. A bound may change between two calls; what was taken stays taken.
type Account struct {
	Key      string        // unique: equal keys are one counter
	Capacity int64         // the most that can be taken at once, 1 to [MaxAmount]
	Amount   int64         // that comes back in each Per, 1 to [MaxAmount]
	Per      time.Duration // 0 for an account by Period
	Period   Period
}

// Validate reports what keeps an account from being one. Accounts that [Rate] and
// [Budget] make of a key, where they are limits at all, are fine.
func (a *Account) Validate() error {
	var problem error
	switch {
	case a.Key == "":
		return errors.New("limit: an account has no Key")
	case a.Capacity < 1 || a.Capacity > MaxAmount:
		problem = outOfRange("Capacity", a.Capacity, "1 or more, below 2^53")
	case a.Per < 0:
		problem = outOfRange("Per", a.Per, "0 (by Period) or more")
	case a.Per > 0 && (a.Amount < 1 || a.Amount > MaxAmount):
		problem = outOfRange("Amount", a.Amount, "1 or more, below 2^53")
	case a.Per == 0 && !a.Period.known():
		problem = outOfRange("Period", strconv.Quote(string(a.Period)), periods)
	default:
		return nil
	}
	return fmt.Errorf("limit: account %q: %w", a.Key, problem)
}

// State is what a store keeps of one account, under its Key. The zero State is that
// of an account that nobody has touched.
//
// At is not when the account was last touched, but stays behind, so that no fraction
// of an amount that comes back is ever lost or given twice.
type State struct {
	Taken int64     // what had not come back at At, and what was taken since
	At    time.Time // from which on Taken comes back, in whole nanoseconds
}

// At returns the state that means the same at a later time: the latest one, and with
// nothing taken once all has come back. At an earlier time, as by a replica whose
// clock is behind, nothing changes.
func (a *Account) At(s State, now time.Time) State {
	s, _ = a.at(s, now)
	return s
}

// at returns also what has not come back at that time.
func (a *Account) at(s State, now time.Time) (same State, taken int64) {
	switch {
	case s.Taken <= 0:
		return State{At: now}, 0
	case !now.After(s.At):
		return s, s.Taken
	case a.Per <= 0:
		if now.Before(a.Period.End(s.At)) {
			return s, s.Taken
		}
		return State{At: now}, 0
	}
	elapsed := now.Sub(s.At)
	taken = s.Taken - mulDiv(int64(elapsed), a.Amount, int64(a.Per))
	if taken <= 0 {
		return State{At: now}, 0
	}
	// Only a whole Per gives a whole Amount, with no fraction to be rounded.
	whole := elapsed / a.Per
	return State{Taken: s.Taken - int64(whole)*a.Amount, At: s.At.Add(whole * a.Per)}, taken
}

// Left returns what can be taken at a time, below 0 if the account owes.
func (a *Account) Left(s State, now time.Time) int64 {
	_, taken := a.at(s, now)
	return a.Capacity - taken
}

// Take returns the state after an amount of 0 or more was taken. If it does not fit,
// that is the same state, and wait is how long it takes until it would: 0 if it never
// will, and at most some 292 years.
func (a *Account) Take(s State, now time.Time, amount int64) (after State, fits bool, wait time.Duration) {
	s, taken := a.at(s, now)
	switch {
	case amount > a.Capacity:
		return s, false, 0
	case amount <= a.Capacity-taken:
		s.Taken += amount
		return s, true, 0
	}
	return s, false, a.due(s, s.Taken+amount-a.Capacity).Sub(now)
}

// Settle returns the state after a correction, between nothing and [MaxAmount] taken.
func (a *Account) Settle(s State, now time.Time, amount int64) State {
	s, taken := a.at(s, now)
	if amount <= -taken {
		return State{At: now}
	}
	s.Taken += min(amount, MaxAmount-taken)
	return s
}

// Until returns when all that was taken will have come back: a store may forget the
// state then.
func (a *Account) Until(s State) time.Time { return a.due(s, s.Taken) }

// due returns when an amount, 1 to s.Taken, will have come back.
func (a *Account) due(s State, amount int64) time.Time {
	if a.Per <= 0 {
		return a.Period.End(s.At)
	}
	return s.At.Add(time.Duration(mulDivUp(amount, int64(a.Per), a.Amount)))
}

// mulDiv returns x*num/den, or the largest number if that is larger. All are 0 or
// more, and den is not 0.
func mulDiv(x, num, den int64) int64 {
	hi, lo := bits.Mul64(uint64(x), uint64(num))
	return div(hi, lo, uint64(den))
}

// mulDivUp is mulDiv, rounded up.
func mulDivUp(x, num, den int64) int64 {
	hi, lo := bits.Mul64(uint64(x), uint64(num))
	lo, carry := bits.Add64(lo, uint64(den-1), 0)
	return div(hi+carry, lo, uint64(den))
}

func div(hi, lo, den uint64) int64 {
	if hi >= den {
		return math.MaxInt64
	}
	quotient, _ := bits.Div64(hi, lo, den)
	return int64(min(quotient, math.MaxInt64))
}
