package limittest

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/edgewise-ai/edgewise/hybrid/limit"
)

func wrongTakes() []mistake {
	taking := func(name, check string, take func(s *table, in input) (*limit.Refusal, error)) mistake {
		return mistake{name: name, check: check, store: broken{onTake: take}}
	}
	return []mistake{
		taking("charges one after the other", "AllOrNothing", func(s *table, in input) (*limit.Refusal, error) {
			for i, c := range in.charges {
				if refusal, err := s.take(in.with(c)); refusal != nil || err != nil {
					return &limit.Refusal{Index: i, Wait: refusal.Wait}, err
				}
			}
			return nil, nil
		}),
		taking("charges the first only", "Take", func(s *table, in input) (*limit.Refusal, error) {
			return s.take(in.with(in.charges[:min(1, len(in.charges))]...))
		}),
		taking("counts what it refuses", "Take", func(s *table, in input) (*limit.Refusal, error) {
			refusal, err := s.take(in)
			if refusal != nil {
				err = s.settle(in)
			}
			return refusal, err
		}),
		taking("leaves one over", "Untouched", func(s *table, in input) (*limit.Refusal, error) {
			for i, c := range in.charges {
				if left, _ := s.left(in.ctx, in.now, c.Account); c.Amount == left {
					return &limit.Refusal{Index: i, Wait: 1}, nil
				}
			}
			return s.take(in)
		}),
		taking("refuses nothing where nothing is left", "Take", func(s *table, in input) (*limit.Refusal, error) {
			for i, c := range in.charges {
				if left, _ := s.left(in.ctx, in.now, c.Account); left == 0 {
					return &limit.Refusal{Index: i, Wait: 1}, nil
				}
			}
			return s.take(in)
		}),
		taking("nothing always fits", "AllOrNothing", func(s *table, in input) (*limit.Refusal, error) {
			return s.take(in.with(slices.DeleteFunc(slices.Clone(in.charges), func(c limit.Charge) bool { return c.Amount == 0 })...))
		}),
		taking("an error for a refusal", "Take", func(s *table, in input) (*limit.Refusal, error) {
			refusal, err := s.take(in)
			if refusal != nil {
				return nil, errors.New("too little is left")
			}
			return nil, err
		}),
	}
}

func wrongRefusals() []mistake {
	refusing := func(name, check string, change func(r *limit.Refusal)) mistake {
		return mistake{name: name, check: check, store: broken{onTake: func(s *table, in input) (*limit.Refusal, error) {
			refusal, err := s.take(in)
			if refusal != nil {
				change(refusal)
			}
			return refusal, err
		}}}
	}
	choosing := func(name string, better func(a, b limit.Refusal) bool) mistake {
		return mistake{name: name, check: "Refusal", store: broken{onTake: func(s *table, in input) (*limit.Refusal, error) {
			refusal, err := s.take(in)
			if refusal == nil {
				return nil, err
			}
			refusal = nil
			for i, c := range in.charges {
				if _, fits, wait := c.Account.Take(s.states[c.Account.Key], in.now, c.Amount); !fits {
					if r := (limit.Refusal{Index: i, Wait: wait}); refusal == nil || better(r, *refusal) {
						refusal = &r
					}
				}
			}
			return refusal, nil
		}}}
	}
	return []mistake{
		choosing("the first that finds too little", func(_, _ limit.Refusal) bool { return false }),
		choosing("the shortest wait", func(a, b limit.Refusal) bool { return a.Wait < b.Wait }),
		choosing("for ever is no wait", func(a, b limit.Refusal) bool { return a.Wait > b.Wait }),
		choosing("the last of those that never fit", func(a, b limit.Refusal) bool { return a.Wait == 0 || a.Wait > b.Wait && b.Wait > 0 }),
		choosing("the last of equal waits", func(a, b limit.Refusal) bool { return b.Wait > 0 && (a.Wait == 0 || a.Wait >= b.Wait) }),
		refusing("charges are counted from one", "Take", func(r *limit.Refusal) { r.Index++ }),
		refusing("no wait", "Take", func(r *limit.Refusal) { r.Wait = 0 }),
		refusing("for ever is a long time", "AllOrNothing", func(r *limit.Refusal) {
			if r.Wait == 0 {
				r.Wait = math.MaxInt64
			}
		}),
		refusing("waits of whole seconds", "Refusal", func(r *limit.Refusal) { r.Wait = (r.Wait + time.Second - 1).Truncate(time.Second) }),
		refusing("a wait too long by little", "Wait", func(r *limit.Refusal) {
			if r.Wait%1_000_000_000 == 333_333_334 {
				r.Wait++
			}
		}),
		refusing("a wait too short by little", "Wait", func(r *limit.Refusal) {
			if r.Wait%1_000_000_000 == 333_333_334 {
				r.Wait--
			}
		}),
	}
}

func wrongSettles() []mistake {
	settling := func(name, check string, amount func(left int64, c limit.Charge) int64) mistake {
		return mistake{name: name, check: check, store: broken{onSettle: func(s *table, in input) error {
			return s.settle(in.each(func(c limit.Charge) int64 {
				left, _ := s.left(in.ctx, in.now, c.Account)
				return amount(left, c)
			}))
		}}}
	}
	bonus := make(map[string]int64)
	return []mistake{
		settling("gives nothing back", "Settle", func(_ int64, c limit.Charge) int64 { return max(c.Amount, 0) }),
		settling("takes nothing more", "AllOrNothing", func(_ int64, c limit.Charge) int64 { return min(c.Amount, 0) }),
		settling("stops before it would owe", "AllOrNothing", func(left int64, c limit.Charge) int64 { return min(c.Amount, left) }),
		settling("no deeper than it owes", "Owing", func(left int64, c limit.Charge) int64 {
			if left < 0 {
				return min(c.Amount, 0)
			}
			return c.Amount
		}),
		{name: "gives back what nobody took", check: "Untouched", store: broken{
			account: func(a limit.Account) limit.Account {
				a.Capacity += bonus[a.Key]
				return a
			},
			onSettle: func(s *table, in input) error {
				for _, c := range in.charges {
					left, _ := s.left(in.ctx, in.now, c.Account)
					bonus[c.Account.Key] += max(left-c.Amount-c.Account.Capacity, 0)
				}
				return s.settle(in)
			},
		}},
		{name: "refuses what is not there", check: "AllOrNothing", store: broken{onSettle: func(s *table, in input) error {
			for _, c := range in.charges {
				if left, err := s.left(in.ctx, in.now, c.Account); err == nil && c.Amount > left {
					return errors.New("too little is left")
				}
			}
			return s.settle(in)
		}}},
		{name: "corrects the first only", check: "Settle", store: broken{onSettle: func(s *table, in input) error {
			return s.settle(in.with(in.charges[:min(1, len(in.charges))]...))
		}}},
	}
}

func wrongNumbers() []mistake {
	return []mistake{
		{name: "32 bits", check: "Refill", store: broken{onTake: func(s *table, in input) (*limit.Refusal, error) {
			return s.take(in.each(func(c limit.Charge) int64 { return int64(int32(c.Amount)) }))
		}}},
		{name: "a sum runs over", check: "LargeNumbers", store: broken{onTake: func(s *table, in input) (*limit.Refusal, error) {
			if refusal, err := s.take(in); refusal == nil || in.charges[refusal.Index].Amount < math.MaxInt64 {
				return refusal, err
			}
			return nil, s.settle(in)
		}}},
		{name: "owes without bound", check: "LargeNumbers", store: broken{onSettle: func(s *table, in input) error {
			err := s.settle(in)
			s.keep(in, func(_ limit.Account, state limit.State) limit.State {
				if state.Taken == limit.MaxAmount {
					state.Taken++
				}
				return state
			})
			return err
		}}},
		{name: "nothing below 0 is left", check: "AllOrNothing", store: broken{onLeft: func(s *table, ctx context.Context, now time.Time, a limit.Account) (int64, error) {
			left, err := s.left(ctx, now, a)
			return max(left, 0), err
		}}},
		{name: "looking takes one", check: "Take", store: broken{onLeft: func(s *table, ctx context.Context, now time.Time, a limit.Account) (int64, error) {
			left, err := s.left(ctx, now, a)
			if err == nil && left < a.Capacity && strings.HasSuffix(a.Key, "/a") {
				err = s.settle(input{ctx, now, []limit.Charge{{Account: a, Amount: 1}}})
			}
			return left, err
		}}},
	}
}
