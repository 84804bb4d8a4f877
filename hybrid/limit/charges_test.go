package limit_test

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edgewise-ai/edgewise/hybrid/limit"
)

func TestTakeAllTakesAllOrNothing(t *testing.T) {
	// Each has 10 and gives one back a second, or a minute, and 4 of each are taken.
	fast, slow, hourly := bucket(10, 1, time.Second), bucket(10, 1, time.Minute), purse(10, limit.Hour)
	const hour = 25*time.Minute + 3*time.Second + 876_543_211 // until it ends
	for _, test := range []struct {
		name     string
		accounts []limit.Account
		amounts  []int64
		want     *limit.Refusal
	}{
		{"no charge", nil, nil, nil},
		{"all fit", []limit.Account{fast, slow, hourly}, []int64{6, 0, 1}, nil},
		{"the last does not", []limit.Account{fast, slow, hourly}, []int64{6, 6, 7}, &limit.Refusal{Index: 2, Wait: hour}},
		{"the longest wait", []limit.Account{fast, slow, fast}, []int64{7, 7, 10}, &limit.Refusal{Index: 1, Wait: time.Minute}},
		{"the longest wait is the first", []limit.Account{hourly, slow}, []int64{7, 7}, &limit.Refusal{Index: 0, Wait: hour}},
		{"the first of equals", []limit.Account{slow, fast, slow}, []int64{6, 7, 7}, &limit.Refusal{Index: 2, Wait: time.Minute}},
		{"the first of more equals", []limit.Account{fast, slow, slow}, []int64{7, 7, 7}, &limit.Refusal{Index: 1, Wait: time.Minute}},
		{"never is longest", []limit.Account{hourly, fast, slow}, []int64{7, 11, 11}, &limit.Refusal{Index: 1}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var states, want []limit.State
			var charges []limit.Charge
			for i, account := range test.accounts {
				states = append(states, limit.State{Taken: 4, At: noon})
				charges = append(charges, limit.Charge{Account: account, Amount: test.amounts[i]})
				want = append(want, limit.State{Taken: 4, At: noon})
				if test.want == nil {
					want[i].Taken += test.amounts[i]
				}
			}
			if diff := cmp.Diff(test.want, limit.TakeAll(states, noon, charges)); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(want, states); diff != "" {
				t.Errorf("the states: %s", diff)
			}
		})
	}
}

func TestValidateCharges(t *testing.T) {
	charge := func(key string, amount int64) limit.Charge {
		a := bucket(10, 1, time.Second)
		a.Key = key
		return limit.Charge{Account: a, Amount: amount}
	}
	for _, test := range []struct {
		name         string
		charges      []limit.Charge
		take, settle string
	}{
		{"none", nil, "", ""},
		{"several", []limit.Charge{charge("a", 0), charge("b", math.MaxInt64)}, "", ""},
		{"gives back", []limit.Charge{charge("a", 0), charge("b", -1)}, `limit: account "b": the charge is -1: want 0 or more`, ""},
		{
			"twice", []limit.Charge{charge("a", 0), charge("b", 1), charge("a", 1)},
			`limit: account "a": there are two charges of one call`, `limit: account "a": there are two charges of one call`,
		},
		{"no account", []limit.Charge{charge("a", 0), {}}, "no Key", "no Key"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if err := limit.ValidateTake(test.charges); !says(err, test.take) {
				t.Errorf("to take: %v, want %q", err, test.take)
			}
			if err := limit.ValidateSettle(test.charges); !says(err, test.settle) {
				t.Errorf("to settle: %v, want %q", err, test.settle)
			}
		})
	}
}
