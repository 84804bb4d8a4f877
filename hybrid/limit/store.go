package limit

import (
	"context"
	"time"
)

// Store keeps the counters. All methods get the time from the caller: replicas that
// share a store should agree on it to a second. Implementations must be safe for
// concurrent use, and must work by [State], or to the same effect to the nanosecond:
// limittest.Run checks it. They keep no slice that they are given.
//
// An error means that nobody knows what is left; the caller then refuses. Charges
// that [ValidateTake] or [ValidateSettle] reports, an account that
// [Account.Validate] reports, and a context that has ended already are errors, and
// change nothing. Methods return soon after ctx ends.
type Store interface {
	// Take charges every account, or none of them if one has less left than its
	// charge, and then says which: of several the one with the longest wait, which
	// is the first of those that never fit, and the first of equals. Amounts are 0
	// or more; 0 fits unless the account owes. Two charges of one call never name
	// the same account.
	Take(ctx context.Context, now time.Time, charges []Charge) (*Refusal, error)

	// Settle corrects what was taken, and is never refused: amounts below 0 give
	// back, down to an untouched account and no further; amounts above 0 take
	// more, up to [MaxAmount] in all, even if that leaves the account owing.
	Settle(ctx context.Context, now time.Time, charges []Charge) error

	// Left returns what is left of an account: its capacity if nobody has touched
	// it, below 0 if it owes.
	Left(ctx context.Context, now time.Time, account Account) (int64, error)
}
