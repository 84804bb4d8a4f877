package limit

import (
	"fmt"
	"time"
)

// Charge is an amount and the account that it goes to.
type Charge struct {
	Account Account
	Amount  int64
}

// Refusal says why charges were not taken.
type Refusal struct {
	Index int           // of the charge that found too little
	Wait  time.Duration // until it would fit if nobody else took anything; 0 if it never will
}

// TakeAll is [Store.Take] without the keeping: given the states of the charges'
// accounts in their order, it changes all of them, or none and says why. The charges
// are valid.
func TakeAll(states []State, now time.Time, charges []Charge) *Refusal {
	if r, refused := refusal(states, now, charges); refused {
		return &Refusal{r.Index, r.Wait} // not &r, which would be allocated in any case
	}
	for i := range charges {
		states[i], _, _ = charges[i].Account.Take(states[i], now, charges[i].Amount)
	}
	return nil
}

// refusal finds the charge that has to wait for longest, the first of equals.
func refusal(states []State, now time.Time, charges []Charge) (r Refusal, refused bool) {
	for i := range charges {
		_, fits, wait := charges[i].Account.Take(states[i], now, charges[i].Amount)
		switch {
		case fits:
		case wait == 0:
			return Refusal{Index: i}, true
		case wait > r.Wait:
			r, refused = Refusal{i, wait}, true
		}
	}
	return r, refused
}

// ValidateTake reports charges that no store takes: an account that is none, two
// charges of one account, an amount below 0.
func ValidateTake(charges []Charge) error {
	for i := range charges {
		if charges[i].Amount < 0 {
			return fmt.Errorf("limit: account %q: %w", charges[i].Account.Key, outOfRange("the charge", charges[i].Amount, "0 or more"))
		}
	}
	return ValidateSettle(charges)
}

// ValidateSettle reports charges that no store settles: like [ValidateTake], but any
// amount will do.
func ValidateSettle(charges []Charge) error {
	for i := range charges {
		account := &charges[i].Account
		if err := account.Validate(); err != nil {
			return err
		}
		for j := range charges[:i] {
			if charges[j].Account.Key == account.Key {
				return fmt.Errorf("limit: account %q: there are two charges of one call", account.Key)
			}
		}
	}
	return nil
}
