package limit_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/edgewise-ai/edgewise/hybrid/limit"
)

// noon is some time, with a fraction of everything.
var noon = time.Date(2026, 11, 23, 12, 34, 56, 123_456_789, time.UTC)

// bucket is an account by rate.
func bucket(capacity, amount int64, per time.Duration) limit.Account {
	return limit.Account{Key: "k", Capacity: capacity, Amount: amount, Per: per}
}

// purse is an account by period.
func purse(capacity int64, period limit.Period) limit.Account {
	return limit.Account{Key: "k", Capacity: capacity, Period: period}
}

func TestWhatIsLeft(t *testing.T) {
	const far = math.MaxInt64 // the longest time
	for _, test := range []struct {
		name    string
		account limit.Account
		taken   int64
		after   time.Duration
		want    int64
	}{
		{"untouched", bucket(10, 1, time.Second), 0, 0, 10},
		{"at once", bucket(10, 1, time.Second), 4, 0, 6},
		{"just before one is back", bucket(10, 1, time.Second), 4, time.Second - 1, 6},
		{"one is back", bucket(10, 1, time.Second), 4, time.Second, 7},
		{"a third of a second is no whole number", bucket(10, 3, time.Second), 4, 333_333_333, 6},
		{"but with the next nanosecond", bucket(10, 3, time.Second), 4, 333_333_334, 7},
		{"full", bucket(10, 1, time.Second), 4, 4 * time.Second, 10},
		{"no more than full", bucket(10, 1, time.Second), 4, far, 10},
		{"it owes", bucket(10, 1, time.Second), 15, 0, -5},
		{"it owes less", bucket(10, 1, time.Second), 15, 5 * time.Second, 0},
		{"large and slow", bucket(limit.MaxAmount, 1, far), limit.MaxAmount, far, 1},
		{"large and fast", bucket(limit.MaxAmount, limit.MaxAmount, 1), limit.MaxAmount, 1, limit.MaxAmount},
		{"large and even", bucket(limit.MaxAmount, limit.MaxAmount, far), limit.MaxAmount, far / 2, limit.MaxAmount / 2},
		{"the hour goes on", purse(10, limit.Hour), 4, 25*time.Minute + 3*time.Second, 6},
		{"the hour is over", purse(10, limit.Hour), 4, 25*time.Minute + 4*time.Second, 10},
		{"the month goes on", purse(10, limit.Month), 14, 7 * 24 * time.Hour, -4},
		{"the month is over", purse(10, limit.Month), 14, 8 * 24 * time.Hour, 10},
	} {
		t.Run(test.name, func(t *testing.T) {
			state := limit.State{Taken: test.taken, At: noon}
			if left := test.account.Left(state, noon.Add(test.after)); left != test.want {
				t.Errorf("%d left, want %d", left, test.want)
			}
		})
	}
}

func TestTakeFitsOrSaysWhen(t *testing.T) {
	for _, test := range []struct {
		name    string
		account limit.Account
		taken   int64
		amount  int64
		fits    bool
		wait    time.Duration
	}{
		{"all of an untouched one", bucket(10, 1, time.Second), 0, 10, true, 0},
		{"more than it holds", bucket(10, 1, time.Second), 0, 11, false, 0},
		{"more than all accounts hold", bucket(10, 1, time.Second), 1, math.MaxInt64, false, 0},
		{"the rest", bucket(10, 1, time.Second), 4, 6, true, 0},
		{"more than the rest", bucket(10, 1, time.Second), 4, 7, false, time.Second},
		{"all again", bucket(10, 1, time.Second), 10, 10, false, 10 * time.Second},
		{"nothing of nothing", bucket(10, 1, time.Second), 10, 0, true, 0},
		{"nothing of one that owes", bucket(10, 1, time.Second), 11, 0, false, time.Second},
		{"a third of a second is rounded up", bucket(10, 3, time.Second), 10, 1, false, 333_333_334},
		{"two thirds", bucket(10, 3, time.Second), 10, 2, false, 666_666_667},
		{"a whole second is not", bucket(10, 3, time.Second), 10, 3, false, time.Second},
		{"many in a nanosecond", bucket(10, 7, 1), 10, 8, false, 2},
		{"ages", bucket(limit.MaxAmount, 1, time.Hour), limit.MaxAmount, 10_000_000, false, math.MaxInt64},
		{"in this hour", purse(10, limit.Hour), 4, 6, true, 0},
		{"in the next hour", purse(10, limit.Hour), 4, 7, false, 25*time.Minute + 3*time.Second + 876_543_211},
		{"in no hour", purse(10, limit.Hour), 4, 11, false, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			before := limit.State{Taken: test.taken, At: noon}
			after, fits, wait := test.account.Take(before, noon, test.amount)
			if fits != test.fits || wait != test.wait {
				t.Errorf("fits %t, in %v; want %t, %v", fits, wait, test.fits, test.wait)
			}
			want := before
			if fits {
				want.Taken += test.amount
			}
			if after.Taken != want.Taken || !after.At.Equal(want.At) {
				t.Errorf("state %+v, want %+v", after, want)
			}
		})
	}
}

func TestSettleStaysBetweenNothingAndTheMost(t *testing.T) {
	for _, test := range []struct{ taken, amount, want int64 }{
		{0, 4, 4},
		{4, -3, 1},
		{4, -5, 0},
		{4, 100, 104},
		{4, limit.MaxAmount, limit.MaxAmount},
		{4, math.MaxInt64, limit.MaxAmount},
		{limit.MaxAmount, math.MinInt64, 0},
	} {
		a := bucket(10, 1, time.Second)
		if s := a.Settle(limit.State{Taken: test.taken, At: noon}, noon, test.amount); s.Taken != test.want {
			t.Errorf("%d settled with %d is %d, want %d", test.taken, test.amount, s.Taken, test.want)
		}
	}
}

// However often an account is touched, it refills by its rate: an answer now and then
// costs nobody a fraction, and asking all the time earns none.
func TestARateIsKeptOverManySteps(t *testing.T) {
	for _, test := range []struct {
		account limit.Account
		step    time.Duration
	}{
		{bucket(5, 7, time.Second), 11 * time.Millisecond},
		{bucket(5, 7, time.Second), 142_857_142}, // just before one is back
		{bucket(5, 3, 10), 1},
		{bucket(10, 10, 7), 1}, // more than one a nanosecond
		{bucket(1_000, 100_000, time.Minute), 13 * time.Microsecond},
	} {
		const steps = 10_000
		a, now := test.account, noon
		state, _, _ := a.Take(limit.State{}, now, a.Capacity)
		var got int64
		for range steps {
			now = now.Add(test.step)
			left := a.Left(state, now)
			got += left
			state, _, _ = a.Take(state, now, left)
			if again := a.Left(state, now); again != 0 {
				t.Fatalf("%+v: %d left at the same time", a, again)
			}
		}
		if want := steps * int64(test.step) * a.Amount / int64(a.Per); got != want {
			t.Errorf("%+v: %d came back in %d steps of %v, want %d", a, got, steps, test.step, want)
		}
	}
}

// A clock that is behind never makes more of an account, and leaves no trace.
func TestAClockThatIsBehindGainsAndLosesNothing(t *testing.T) {
	for _, a := range []limit.Account{bucket(10, 7, time.Second), purse(10, limit.Hour)} {
		state := a.Settle(limit.State{}, noon.Add(-10*time.Second), 100)
		state, later := a.At(state, noon), a.Left(state, noon)
		for _, behind := range []time.Duration{1, time.Millisecond, time.Second, time.Hour} {
			if left := a.Left(state, noon.Add(-behind)); left > later {
				t.Errorf("%+v: %v earlier %d left, want no more than %d", a, behind, left, later)
			}
			after := a.Settle(state, noon.Add(-behind), -90)
			if left := a.Left(after, noon); left != min(later+90, a.Capacity) {
				t.Errorf("%+v: settled %v earlier, %d left, want %d", a, behind, left, later+90)
			}
			if _, fits, wait := a.Take(state, noon.Add(-behind), 5); fits || wait < behind {
				t.Errorf("%+v: taken %v earlier: fits %t, in %v", a, behind, fits, wait)
			}
		}
	}
}

func TestAChangedBoundKeepsWhatWasTaken(t *testing.T) {
	small, large := bucket(10, 1, time.Second), bucket(100, 50, time.Second)
	state, _, _ := small.Take(limit.State{}, noon, 8)
	if left := large.Left(state, noon); left != 92 {
		t.Errorf("%d left of the larger one, want 92", left)
	}
	state, _, _ = large.Take(state, noon, 92)
	if left := small.Left(state, noon); left != -90 {
		t.Errorf("%d left of the smaller one, want -90", left)
	}
	monthly := purse(1_000, limit.Month)
	if left := monthly.Left(state, noon); left != 900 {
		t.Errorf("%d left of the one by month, want 900", left)
	}
}

func TestAccountValidate(t *testing.T) {
	rate, _ := limit.Rate{Amount: 1, Per: 1}.Account("k")
	budget, _ := limit.Budget{MicroUSD: limit.MaxAmount}.Account("k")
	for _, test := range []struct {
		name   string
		base   limit.Account
		change func(a *limit.Account)
		want   string
	}{
		{"rate", rate, func(*limit.Account) {}, ""},
		{"budget", budget, func(*limit.Account) {}, ""},
		{"no key", rate, func(a *limit.Account) { a.Key = "" }, "limit: an account has no Key"},
		{"no capacity", rate, func(a *limit.Account) { a.Capacity = 0 }, `limit: account "k": Capacity is 0: want 1 or more, below 2^53`},
		{"too large", budget, func(a *limit.Account) { a.Capacity++ }, "Capacity is 9007199254740992"},
		{"backwards", rate, func(a *limit.Account) { a.Per = -1 }, "Per is -1ns: want 0 (by Period) or more"},
		{"nothing comes back", rate, func(a *limit.Account) { a.Amount = 0 }, "Amount is 0: want 1 or more, below 2^53"},
		{"too much comes back", rate, func(a *limit.Account) { a.Amount = limit.MaxAmount + 1 }, "Amount is 9007199254740992"},
		{"unknown period", budget, func(a *limit.Account) { a.Period = "week" }, `Period is "week": want hour, day or month`},
		{"neither", rate, func(a *limit.Account) { a.Per = 0 }, `Period is "": want hour, day or month`},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := test.base
			test.change(&a)
			if err := a.Validate(); !says(err, test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

// says reports whether an error says something, or whether there is none if want is
// empty.
func says(err error, want string) bool {
	if err == nil || want == "" {
		return err == nil && want == ""
	}
	return strings.Contains(err.Error(), want)
}
