package limit

import (
	"cmp"
	"fmt"
	"strconv"
	"time"
)

// MaxAmount bounds what an account holds, as the wire bounds every integer: 2^53-1.
const MaxAmount int64 = 1<<53 - 1

// Rate is a token bucket: a capacity that is full at first, and refills evenly. The
// zero Rate is no limit.
type Rate struct {
	// Amount is what comes back in each Per. Defaults to 0: no limit.
	Amount int64

	// Per is the time in which Amount comes back. Defaults to a minute.
	Per time.Duration

	// Burst is the capacity: what can be taken at once. Defaults to Amount.
	Burst int64
}

// Validate reports a field out of range. The error begins with the field's name.
func (r Rate) Validate() error {
	switch {
	case r.Amount < 0 || r.Amount > MaxAmount:
		return outOfRange("Amount", r.Amount, "0 (no limit) or more, below 2^53")
	case r.Per < 0:
		return outOfRange("Per", r.Per, "0 (a minute) or more")
	case r.Burst < 0 || r.Burst > MaxAmount:
		return outOfRange("Burst", r.Burst, "0 (as much as Amount) or more, below 2^53")
	case r.Amount == 0 && r != Rate{}:
		return outOfRange("Amount", r.Amount, "1 or more beside Per or Burst, for 0 is no limit")
	}
	return nil
}

// Account returns the account of that name, and whether there is a limit at all.
func (r Rate) Account(key string) (a Account, limited bool) {
	return Account{
		Key:      key,
		Capacity: cmp.Or(r.Burst, r.Amount),
		Amount:   r.Amount,
		Per:      cmp.Or(r.Per, time.Minute),
	}, r.Amount > 0
}

// Budget is money for a calendar period: what is unspent at its end is lost. The
// zero Budget is no limit.
type Budget struct {
	// MicroUSD is how much there is in each period, in millionths of a US dollar.
	// Defaults to 0: no limit.
	MicroUSD int64

	// Per is the period. Defaults to [Month].
	Per Period

	// Hard refuses what would be generated on the server once it is spent. One that
	// is not hard makes policies prefer the browser. Defaults to false.
	Hard bool
}

// Validate reports a field out of range. The error begins with the field's name.
func (b Budget) Validate() error {
	switch {
	case b.MicroUSD < 0 || b.MicroUSD > MaxAmount:
		return outOfRange("MicroUSD", b.MicroUSD, "0 (no limit) or more, below 2^53")
	case b.MicroUSD == 0 && b != Budget{}:
		return outOfRange("MicroUSD", b.MicroUSD, "1 or more beside Per or Hard, for 0 is no limit")
	case b.Per != "" && !b.Per.known():
		return outOfRange("Per", strconv.Quote(string(b.Per)), periods)
	}
	return nil
}

// Account returns the account of that name, and whether there is a limit at all.
func (b Budget) Account(key string) (a Account, limited bool) {
	return Account{Key: key, Capacity: b.MicroUSD, Period: cmp.Or(b.Per, Month)}, b.MicroUSD > 0
}

func outOfRange(field string, value any, want string) error {
	return fmt.Errorf("%s is %v: want %s", field, value, want)
}
