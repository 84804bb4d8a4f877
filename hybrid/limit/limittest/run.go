package limittest

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/edgewise-ai/edgewise/hybrid/limit"
)

// patience is how long may take what must not wait for ever, on a busy machine and over
// a network: some hundreds of calls, of which many are about the same account.
const patience = time.Minute

// Run checks the stores that open returns. Open is called once a check; all that it
// opens may keep their accounts in one place, even one that is in use: the keys begin
// with "limittest/" and 26 random characters, and are at most 200 bytes long. What it
// opens it closes with t.Cleanup. The times that the kit gives are of the years 2026
// to 2029, and it makes some 4,000 calls.
//
// Each check is a subtest, and says what it holds the store to when that fails.
func Run(t *testing.T, open func(t *testing.T) limit.Store) {
	t.Helper()
	for _, c := range checks {
		t.Run(c.name, func(t *testing.T) {
			if err := c.run(newKit(t.Context(), open(t), patience)); err != nil {
				t.Errorf("%s\n%v", c.promise, err)
			}
		})
	}
}

// checks are what Run looks at. They return what is wrong, so that they can be tested
// themselves.
var checks = []struct {
	name    string
	promise string
	run     func(*kit) error
}{
	{"Untouched", "What nobody has touched is whole, and nothing taken or given back leaves it so.", (*kit).checkUntouched},
	{"Take", "What is taken is not left.", (*kit).checkTake},
	{"Keys", "Equal keys are one counter, and others are not, however alike they look.", (*kit).checkKeys},
	{"AllOrNothing", "Take charges every account, or none of them.", (*kit).checkAllOrNothing},
	{"Refusal", "A refusal names the charge with the longest wait: the first that never fits, and the first of equals.", (*kit).checkRefusal},
	{"Wait", "What was refused fits once the wait is over, and a nanosecond before does not.", (*kit).checkWait},
	{"Refill", "However often it is looked at, an account refills by its rate: work by limit.State, which loses no fraction.", (*kit).checkRefill},
	{"Periods", "An account by period comes back at the end of the hour, day or month in UTC, all at once.", (*kit).checkPeriods},
	{"Settle", "Settle corrects what was taken, and is never refused.", (*kit).checkSettle},
	{"Owing", "An account that owes is refused until that is made good.", (*kit).checkOwing},
	{"Bounds", "A bound may change between two calls; what was taken stays taken.", (*kit).checkBounds},
	{"ClockBehind", "A clock that is a second behind never finds more left, and what it does counts.", (*kit).checkClockBehind},
	{"LargeNumbers", "Amounts up to limit.MaxAmount count to the last one.", (*kit).checkLargeNumbers},
	{"Nonsense", "What limit.ValidateTake, limit.ValidateSettle or Account.Validate reports is an error, and changes nothing.", (*kit).checkNonsense},
	{"ContextEnded", "Where the context has ended there is an error soon, and nothing changes.", (*kit).checkContextEnded},
	{"ChargesUntouched", "The charges are the caller's, who may use them again.", (*kit).checkChargesUntouched},
	{"Random", "A store works by limit.State, or to the same effect.", (*kit).checkRandom},
	{"Concurrent", "However many take at once, they get no more than there is, and no less.", (*kit).checkConcurrent},
}

// kit is a store under examination.
type kit struct {
	limit.Store
	ctx      context.Context
	prefix   string // of keys that nobody else uses
	patience time.Duration
}

func newKit(ctx context.Context, s limit.Store, patience time.Duration) *kit {
	return &kit{s, ctx, "limittest/" + rand.Text() + "/", patience}
}

// noon is when most checks begin.
var noon = time.Date(2026, time.November, 23, 12, 34, 56, 123_456_789, time.UTC)

// rate is an account that refills evenly.
func (k *kit) rate(name string, capacity, amount int64, per time.Duration) limit.Account {
	return limit.Account{Key: k.prefix + name, Capacity: capacity, Amount: amount, Per: per}
}

// budget is an account by period.
func (k *kit) budget(name string, capacity int64, p limit.Period) limit.Account {
	return limit.Account{Key: k.prefix + name, Capacity: capacity, Period: p}
}

func charge(a limit.Account, amount int64) limit.Charge {
	return limit.Charge{Account: a, Amount: amount}
}

// ask takes what may be refused.
func (k *kit) ask(now time.Time, charges ...limit.Charge) (*limit.Refusal, error) {
	refusal, err := k.Take(k.ctx, now, slices.Clone(charges))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", call("Take", now, charges), err)
	}
	return refusal, nil
}

// refuse takes what must be refused for the given reason.
func (k *kit) refuse(now time.Time, want *limit.Refusal, charges ...limit.Charge) error {
	got, err := k.ask(now, charges...)
	if err == nil && ((got == nil) != (want == nil) || got != nil && *got != *want) {
		err = fmt.Errorf("%s: %s, want it %s", call("Take", now, charges), outcome(got), outcome(want))
	}
	return err
}

// take takes what must fit.
func (k *kit) take(now time.Time, charges ...limit.Charge) error {
	return k.refuse(now, nil, charges...)
}

// settle settles, which must succeed.
func (k *kit) settle(now time.Time, charges ...limit.Charge) error {
	if err := k.Settle(k.ctx, now, slices.Clone(charges)); err != nil {
		return fmt.Errorf("%s: %w", call("Settle", now, charges), err)
	}
	return nil
}

// look returns what is left.
func (k *kit) look(now time.Time, a limit.Account) (int64, error) {
	left, err := k.Left(k.ctx, now, a)
	if err != nil {
		return 0, fmt.Errorf("Left of %s at %s: %w", describe(a), clock(now), err)
	}
	return left, nil
}

// left looks whether what is left is right.
func (k *kit) left(now time.Time, a limit.Account, want int64) error {
	got, err := k.look(now, a)
	if err == nil && got != want {
		err = fmt.Errorf("Left of %s at %s: %d, want %d", describe(a), clock(now), got, want)
	}
	return err
}
