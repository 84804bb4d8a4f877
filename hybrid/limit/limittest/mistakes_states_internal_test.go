package limittest

import (
	"strings"
	"time"

	"github.com/edgewise-ai/edgewise/hybrid/limit"
)

func wrongTimes() []mistake {
	at := func(name, check string, clock func(a limit.Account, now time.Time) time.Time) mistake {
		return mistake{name: name, check: check, store: broken{clock: clock}}
	}
	return []mistake{
		at("a clock of its own", "Take", func(limit.Account, time.Time) time.Time { return time.Now() }),
		at("whole seconds", "Refusal", func(_ limit.Account, now time.Time) time.Time { return now.Truncate(time.Second) }),
		at("whole microseconds", "Refusal", func(_ limit.Account, now time.Time) time.Time { return now.Truncate(time.Microsecond) }),
		at("all at the end of each Per", "AllOrNothing", func(a limit.Account, now time.Time) time.Time {
			if a.Per > 0 {
				return now.Truncate(a.Per)
			}
			return now
		}),
		at("days of another time zone", "Periods", func(_ limit.Account, now time.Time) time.Time { return now.Add(8 * time.Hour) }),
	}
}

func wrongPeriods() []mistake {
	instead := func(name, check string, p limit.Period, change func(*limit.Account)) mistake {
		return mistake{name: name, check: check, store: broken{account: func(a limit.Account) limit.Account {
			if a.Period == p {
				change(&a)
			}
			return a
		}}}
	}
	return []mistake{
		instead("a day is any 24 hours", "Periods", limit.Day, func(a *limit.Account) { a.Per, a.Amount = 24*time.Hour, a.Capacity }),
		instead("a month is 30 days", "Wait", limit.Month, func(a *limit.Account) { a.Per, a.Amount = 30*24*time.Hour, a.Capacity }),
		instead("a day is an hour", "Periods", limit.Day, func(a *limit.Account) { a.Period = limit.Hour }),
		instead("a month is a day", "Periods", limit.Month, func(a *limit.Account) { a.Period = limit.Day }),
	}
}

func wrongStates() []mistake {
	keeping := func(name, check string, state func(a limit.Account, s limit.State, now time.Time) limit.State) mistake {
		return mistake{name: name, check: check, store: broken{state: state}}
	}
	forgetting := func(name, check string, over func(now time.Time, key string, s limit.State) bool) mistake {
		return mistake{name: name, check: check, store: broken{onTake: func(s *table, in input) (*limit.Refusal, error) {
			s.forget(func(key string, state limit.State) bool { return over(in.now, key, state) })
			return s.take(in)
		}}}
	}
	// back is what has come back of a state.
	back := func(a limit.Account, s limit.State, now time.Time) int64 {
		return s.Taken - (a.Capacity - a.Left(s, now))
	}
	capacities := make(map[string]int64)
	return []mistake{
		keeping("loses fractions", "Wait", func(a limit.Account, s limit.State, now time.Time) limit.State {
			if a.Per > 0 {
				s = limit.State{Taken: s.Taken - back(a, s, now), At: now}
			}
			return s
		}),
		keeping("rounds fractions in favour of the user", "Refill", func(a limit.Account, s limit.State, now time.Time) limit.State {
			if n := back(a, s, now); a.Per > 0 {
				whole, rest := n/a.Amount, n%a.Amount
				s = limit.State{Taken: s.Taken - n, At: s.At.Add(time.Duration(whole)*a.Per + time.Duration(rest*int64(a.Per)/a.Amount))}
			}
			return s
		}),
		keeping("turns the clock back", "ClockBehind", func(_ limit.Account, s limit.State, now time.Time) limit.State {
			if now.Before(s.At) {
				s.At = now
			}
			return s
		}),
		keeping("forgives what is owed", "AllOrNothing", func(a limit.Account, s limit.State, now time.Time) limit.State {
			s.Taken += min(a.Left(s, now), 0)
			return s
		}),
		forgetting("forgets at once what has come back", "ClockBehind", func(now time.Time, key string, s limit.State) bool {
			tenBySecond := limit.Account{Key: key, Capacity: 10, Amount: 1, Per: time.Second}
			return strings.HasSuffix(key, "/b") && !now.Before(tenBySecond.Until(s))
		}),
		forgetting("forgets what has not been touched for a day", "Wait", func(now time.Time, _ string, s limit.State) bool {
			return now.Sub(s.At) > 24*time.Hour
		}),
		forgetting("forgets some when there are many", "Random", func(_ time.Time, key string, s limit.State) bool {
			return strings.HasSuffix(key, "/monthly") && s.Taken > 4_000_000
		}),
		{name: "sticks to the first capacity", check: "Bounds", store: broken{account: func(a limit.Account) limit.Account {
			if capacities[a.Key] == 0 {
				capacities[a.Key] = a.Capacity
			}
			a.Capacity = capacities[a.Key]
			return a
		}}},
	}
}

func wrongKeys() []mistake {
	as := func(name string, as func(a limit.Account) string) mistake {
		return mistake{name: name, check: "Keys", store: broken{account: func(a limit.Account) limit.Account {
			if a.Key != "" {
				a.Key = as(a)
			}
			return a
		}}}
	}
	return []mistake{
		as("upper case is lower case", func(a limit.Account) string { return strings.ToLower(a.Key) }),
		as("a space at the end is none", func(a limit.Account) string { return strings.TrimRight(a.Key, " ") }),
		as("quotes are alike", func(a limit.Account) string { return strings.ReplaceAll(a.Key, `"`, "'") }),
		as("ASCII only", func(a limit.Account) string {
			return strings.Map(func(r rune) rune { return min(r, 0x7f) }, a.Key)
		}),
		as("100 bytes", func(a limit.Account) string { return a.Key[:min(len(a.Key), 100)] }),
		as("a counter for each period", func(a limit.Account) string { return a.Key + "/" + string(a.Period) }),
	}
}
