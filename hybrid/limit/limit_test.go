package limit_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edgewise-ai/edgewise/hybrid/limit"
)

func TestRateAccount(t *testing.T) {
	for _, test := range []struct {
		rate    limit.Rate
		want    limit.Account
		limited bool
	}{
		{limit.Rate{}, limit.Account{Key: "k", Per: time.Minute}, false},
		{limit.Rate{Amount: 60}, bucket(60, 60, time.Minute), true},
		{limit.Rate{Amount: 60, Per: time.Hour, Burst: 5}, bucket(5, 60, time.Hour), true},
	} {
		got, limited := test.rate.Account("k")
		if diff := cmp.Diff(test.want, got); diff != "" || limited != test.limited {
			t.Errorf("%+v: limited %t, %s", test.rate, limited, diff)
		}
	}
}

func TestBudgetAccount(t *testing.T) {
	for _, test := range []struct {
		budget  limit.Budget
		want    limit.Account
		limited bool
	}{
		{limit.Budget{}, purse(0, limit.Month), false},
		{limit.Budget{MicroUSD: 9, Hard: true}, purse(9, limit.Month), true},
		{limit.Budget{MicroUSD: 9, Per: limit.Hour}, purse(9, limit.Hour), true},
	} {
		got, limited := test.budget.Account("k")
		if diff := cmp.Diff(test.want, got); diff != "" || limited != test.limited {
			t.Errorf("%+v: limited %t, %s", test.budget, limited, diff)
		}
	}
}

// The errors begin with the field, as whoever holds it puts its own name in front.
func TestLimitsValidate(t *testing.T) {
	const tooMuch = limit.MaxAmount + 1
	for _, test := range []struct {
		limit interface{ Validate() error }
		want  string
	}{
		{limit.Rate{}, ""},
		{limit.Rate{Amount: limit.MaxAmount, Per: 1, Burst: limit.MaxAmount}, ""},
		{limit.Rate{Amount: -1}, "Amount is -1: want 0 (no limit) or more, below 2^53"},
		{limit.Rate{Amount: tooMuch}, "Amount is 9007199254740992: want 0 (no limit) or more, below 2^53"},
		{limit.Rate{Amount: 1, Per: -time.Second}, "Per is -1s: want 0 (a minute) or more"},
		{limit.Rate{Amount: 1, Burst: -1}, "Burst is -1: want 0 (as much as Amount) or more, below 2^53"},
		{limit.Rate{Amount: 1, Burst: tooMuch}, "Burst is 9007199254740992: want 0 (as much as Amount) or more, below 2^53"},
		{limit.Rate{Per: time.Hour}, "Amount is 0: want 1 or more beside Per or Burst, for 0 is no limit"},
		{limit.Rate{Burst: 5}, "Amount is 0: want 1 or more beside Per or Burst, for 0 is no limit"},
		{limit.Budget{}, ""},
		{limit.Budget{MicroUSD: limit.MaxAmount, Per: limit.Day, Hard: true}, ""},
		{limit.Budget{MicroUSD: -1}, "MicroUSD is -1: want 0 (no limit) or more, below 2^53"},
		{limit.Budget{MicroUSD: tooMuch}, "MicroUSD is 9007199254740992: want 0 (no limit) or more, below 2^53"},
		{limit.Budget{MicroUSD: 1, Per: "week"}, `Per is "week": want hour, day or month`},
		{limit.Budget{Per: limit.Day}, "MicroUSD is 0: want 1 or more beside Per or Hard, for 0 is no limit"},
		{limit.Budget{Hard: true}, "MicroUSD is 0: want 1 or more beside Per or Hard, for 0 is no limit"},
	} {
		t.Run(fmt.Sprintf("%+v", test.limit), func(t *testing.T) {
			err := test.limit.Validate()
			if got := fmt.Sprint(err); test.want == "" && err != nil || test.want != "" && got != test.want {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}
