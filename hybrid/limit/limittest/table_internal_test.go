package limittest

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/edgewise-ai/edgewise/hybrid/limit"
)

// input is what Take or Settle gets.
type input struct {
	ctx     context.Context
	now     time.Time
	charges []limit.Charge
}

// with is the input with other charges.
func (in input) with(charges ...limit.Charge) input {
	in.charges = charges
	return in
}

// each is the input with other amounts.
func (in input) each(amount func(limit.Charge) int64) input {
	in.charges = slices.Clone(in.charges)
	for i, c := range in.charges {
		in.charges[i].Amount = amount(c)
	}
	return in
}

// table is a store without a mistake.
type table struct {
	mu     sync.Mutex
	states byState
}

func newTable() *table { return &table{states: make(byState)} }

func (s *table) take(in input) (*limit.Refusal, error) {
	if err := cmp.Or(in.ctx.Err(), limit.ValidateTake(in.charges)); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.states.take(in.now, in.charges), nil
}

func (s *table) settle(in input) error {
	if err := cmp.Or(in.ctx.Err(), limit.ValidateSettle(in.charges)); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.states.settle(in.now, in.charges)
	return nil
}

func (s *table) left(ctx context.Context, now time.Time, a limit.Account) (int64, error) {
	if err := cmp.Or(ctx.Err(), a.Validate()); err != nil {
		return 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.states.left(now, a), nil
}

// keep changes the states of accounts.
func (s *table) keep(in input, change func(a limit.Account, state limit.State) limit.State) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range in.charges {
		s.states[c.Account.Key] = change(c.Account, s.states[c.Account.Key])
	}
}

// forget drops the states of accounts.
func (s *table) forget(over func(key string, state limit.State) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key, state := range s.states {
		if over(key, state) {
			delete(s.states, key)
		}
	}
}

// broken is a table with a mistake in whatever is set.
type broken struct {
	*table
	onTake   func(s *table, in input) (*limit.Refusal, error)
	onSettle func(s *table, in input) error
	onLeft   func(s *table, ctx context.Context, now time.Time, a limit.Account) (int64, error)
	account  func(limit.Account) limit.Account                               // for each account
	clock    func(a limit.Account, now time.Time) time.Time                  // for the first account of a call
	state    func(a limit.Account, s limit.State, now time.Time) limit.State // after a call
}

func (b *broken) Take(ctx context.Context, now time.Time, charges []limit.Charge) (*limit.Refusal, error) {
	in := b.change(input{ctx, now, charges})
	defer b.changeStates(in)
	if b.onTake != nil {
		return b.onTake(b.table, in)
	}
	return b.take(in)
}

func (b *broken) Settle(ctx context.Context, now time.Time, charges []limit.Charge) error {
	in := b.change(input{ctx, now, charges})
	defer b.changeStates(in)
	if b.onSettle != nil {
		return b.onSettle(b.table, in)
	}
	return b.settle(in)
}

func (b *broken) Left(ctx context.Context, now time.Time, a limit.Account) (int64, error) {
	in := b.change(input{ctx, now, []limit.Charge{{Account: a}}})
	if b.onLeft != nil {
		return b.onLeft(b.table, in.ctx, in.now, in.charges[0].Account)
	}
	return b.left(in.ctx, in.now, in.charges[0].Account)
}

func (b *broken) change(in input) input {
	if b.clock != nil && len(in.charges) > 0 {
		in.now = b.clock(in.charges[0].Account, in.now)
	}
	if b.account != nil {
		in.charges = slices.Clone(in.charges)
		for i := range in.charges {
			in.charges[i].Account = b.account(in.charges[i].Account)
		}
	}
	return in
}

func (b *broken) changeStates(in input) {
	if b.state != nil {
		b.keep(in, func(a limit.Account, s limit.State) limit.State { return b.state(a, s, in.now) })
	}
}
