package limittest

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/edgewise-ai/edgewise/hybrid/limit"
)

// wrongCalls are mistakes with what comes beside amounts.
func wrongCalls() []mistake {
	never := make(chan struct{})
	var kept []input
	return []mistake{
		{name: "takes any account", check: "Nonsense", store: broken{onLeft: func(s *table, ctx context.Context, now time.Time, a limit.Account) (int64, error) {
			if err := a.Validate(); err != nil {
				return 0, ctx.Err()
			}
			return s.left(ctx, now, a)
		}}},
		{name: "takes any charge", check: "Nonsense", store: broken{onTake: func(s *table, in input) (*limit.Refusal, error) {
			if limit.ValidateTake(in.charges) != nil && limit.ValidateSettle(in.charges) == nil {
				return nil, s.settle(in)
			}
			return s.take(in)
		}}},
		{name: "settles any charge", check: "Nonsense", store: broken{onSettle: func(s *table, in input) error {
			if limit.ValidateSettle(in.charges) == nil {
				return s.settle(in)
			}
			return in.ctx.Err()
		}}},
		{name: "charges, and then looks what it is", check: "Nonsense", store: broken{onTake: func(s *table, in input) (*limit.Refusal, error) {
			err := limit.ValidateTake(in.charges)
			if err != nil {
				return nil, errors.Join(err, s.settle(in.with(in.charges[0])))
			}
			return s.take(in)
		}}},
		{name: "never looks at the context", check: "ContextEnded", store: broken{onTake: func(s *table, in input) (*limit.Refusal, error) {
			in.ctx = context.WithoutCancel(in.ctx)
			return s.take(in)
		}}},
		{name: "looks at the context last", check: "ContextEnded", store: broken{onSettle: func(s *table, in input) error {
			ctx := in.ctx
			in.ctx = context.WithoutCancel(ctx)
			return errors.Join(s.settle(in), ctx.Err())
		}}},
		{name: "hangs where the context has ended", check: "ContextEnded", patience: 50 * time.Millisecond, store: broken{
			onLeft: func(s *table, ctx context.Context, now time.Time, a limit.Account) (int64, error) {
				if ctx.Err() != nil {
					<-never
				}
				return s.left(ctx, now, a)
			},
		}},
		{name: "sorts the charges", check: "ChargesUntouched", store: broken{onTake: func(s *table, in input) (*limit.Refusal, error) {
			index := slices.Clone(in.charges)
			slices.SortFunc(in.charges, func(a, b limit.Charge) int { return strings.Compare(a.Account.Key, b.Account.Key) })
			refusal, err := s.take(in.with(index...))
			return refusal, err
		}}},
		{name: "writes the charges later", check: "ChargesUntouched", store: broken{
			onSettle: func(_ *table, in input) error {
				if err := errors.Join(in.ctx.Err(), limit.ValidateSettle(in.charges)); err != nil {
					return err
				}
				kept = append(kept, in)
				return nil
			},
			onTake: func(s *table, in input) (*limit.Refusal, error) {
				for ; len(kept) > 0; kept = kept[1:] {
					_ = s.settle(kept[0])
				}
				return s.take(in)
			},
			onLeft: func(s *table, ctx context.Context, now time.Time, a limit.Account) (int64, error) {
				for ; len(kept) > 0; kept = kept[1:] {
					_ = s.settle(kept[0])
				}
				return s.left(ctx, now, a)
			},
		}},
	}
}

// wrongLocks are mistakes that only show where several call at once.
func wrongLocks() []mistake {
	var mu sync.Mutex
	locks := make(map[string]*sync.Mutex)
	lock := func(key string) *sync.Mutex {
		mu.Lock()
		defer mu.Unlock()
		if locks[key] == nil {
			locks[key] = new(sync.Mutex)
		}
		return locks[key]
	}
	pause := func() { // lets the others run
		for range 100 {
			runtime.Gosched()
		}
	}
	return []mistake{
		{name: "looks first and charges then", check: "Concurrent", store: broken{onTake: func(s *table, in input) (*limit.Refusal, error) {
			refusal, err := s.take(in)
			if refusal != nil || err != nil {
				return refusal, err
			}
			if err := s.settle(in.each(func(c limit.Charge) int64 { return -c.Amount })); err != nil {
				return nil, err
			}
			pause()
			return nil, s.settle(in)
		}}},
		{name: "writes over what others wrote", check: "Concurrent", store: broken{onSettle: func(s *table, in input) error {
			states := make(map[string]limit.State)
			s.keep(in, func(a limit.Account, state limit.State) limit.State {
				states[a.Key] = state
				return state
			})
			pause()
			err := errors.Join(in.ctx.Err(), limit.ValidateSettle(in.charges))
			if err == nil {
				s.keep(in, func(a limit.Account, _ limit.State) limit.State {
					i := slices.IndexFunc(in.charges, func(c limit.Charge) bool { return c.Account.Key == a.Key })
					return a.Settle(states[a.Key], in.now, in.charges[i].Amount)
				})
			}
			return err
		}}},
		{name: "gives up where another is at work", check: "Concurrent", store: broken{onTake: func(s *table, in input) (*limit.Refusal, error) {
			if !mu.TryLock() {
				return nil, errors.New("could not serialize access")
			}
			defer mu.Unlock()
			pause()
			return s.take(in)
		}}},
		{name: "locks one account after the other", check: "Concurrent", patience: 200 * time.Millisecond, store: broken{onTake: func(s *table, in input) (*limit.Refusal, error) {
			if err := limit.ValidateTake(in.charges); err != nil {
				return nil, err
			}
			for _, c := range in.charges {
				lock(c.Account.Key).Lock()
				defer lock(c.Account.Key).Unlock()
				pause()
			}
			return s.take(in)
		}}},
	}
}
