package limit_test

import (
	"encoding/binary"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/edgewise-ai/edgewise/hybrid/limit"
)

// model is an account as slow and simple as can be: a level, which is a fraction,
// that falls with time.
type model struct {
	limit.Account
	level *big.Rat
	at    time.Time
}

func (m *model) fall(now time.Time) {
	if m.Per == 0 {
		layout := map[limit.Period]string{limit.Hour: "2006-01-02 15", limit.Day: "2006-01-02", limit.Month: "2006-01"}[m.Period]
		if m.at.UTC().Format(layout) != now.UTC().Format(layout) {
			m.level = new(big.Rat)
		}
	} else {
		fallen := big.NewRat(int64(now.Sub(m.at)), int64(m.Per))
		m.level.Sub(m.level, fallen.Mul(fallen, whole(m.Amount)))
		if m.level.Sign() < 0 {
			m.level = new(big.Rat)
		}
	}
	m.at = now
}

func whole(n int64) *big.Rat { return new(big.Rat).SetInt64(n) }

// ceil rounds up, to what an int64 holds.
func ceil(r *big.Rat) int64 {
	n, rest := new(big.Int).DivMod(r.Num(), r.Denom(), new(big.Int))
	if rest.Sign() > 0 {
		n.Add(n, big.NewInt(1))
	}
	if !n.IsInt64() {
		return math.MaxInt64
	}
	return n.Int64()
}

func (m *model) left() int64 { return m.Capacity - ceil(m.level) }

func (m *model) take(amount int64) (fits bool, wait time.Duration) {
	switch {
	case amount <= m.left():
		m.level.Add(m.level, whole(amount))
		return true, 0
	case amount > m.Capacity:
		return false, 0
	case m.Per == 0:
		return false, m.rest()
	}
	excess := new(big.Rat).Sub(m.level, whole(m.Capacity-amount))
	return false, time.Duration(ceil(excess.Mul(excess, big.NewRat(int64(m.Per), m.Amount))))
}

// rest searches for the end of the period.
func (m *model) rest() time.Duration {
	var last time.Duration                                    // in this period
	for step := time.Duration(1) << 51; step > 0; step /= 2 { // from some 26 days
		later := model{m.Account, whole(1), m.at}
		if later.fall(m.at.Add(last + step)); later.level.Sign() != 0 {
			last += step
		}
	}
	return last + 1
}

func (m *model) settle(amount int64) {
	m.level.Add(m.level, whole(min(amount, limit.MaxAmount-ceil(m.level))))
	if m.level.Sign() < 0 {
		m.level = new(big.Rat)
	}
}

// source makes numbers of some bytes, and zeros when they have run out.
type source []byte

func (s *source) byte() byte {
	if len(*s) == 0 {
		return 0
	}
	b := (*s)[0]
	*s = (*s)[1:]
	return b
}

// number returns one from 0 to most, of any magnitude.
func (s *source) number(most int64) int64 {
	magnitude := s.byte() % 64
	var digits [8]byte
	for i := range digits {
		digits[i] = s.byte()
	}
	n := binary.LittleEndian.Uint64(digits[:]) >> magnitude
	if n > uint64(most) {
		return int64(n % (uint64(most) + 1))
	}
	return int64(n)
}

const (
	year = 365 * 24 * time.Hour
	ages = 290 * year // a Duration holds two years more, and a wait is cut off somewhere between
)

// checkAccount does with an account what the bytes say, and compares it with its model.
func checkAccount(t *testing.T, s source) {
	a := limit.Account{Key: "k", Capacity: 1 + s.number(limit.MaxAmount-1)}
	if kind := s.byte(); kind%2 == 0 {
		a.Amount, a.Per = 1+s.number(limit.MaxAmount-1), time.Duration(1+s.number(int64(year)))
	} else {
		a.Period = []limit.Period{limit.Hour, limit.Day, limit.Month}[kind/2%3]
	}
	if err := a.Validate(); err != nil {
		t.Fatal(err)
	}
	begin := time.Unix(0, s.number(1<<60))
	m := model{a, new(big.Rat), begin}
	var state limit.State
	s = s[:min(len(s), 2_000)]
	for now, end := begin, begin.Add(math.MaxInt64); len(s) > 0; {
		now = now.Add(time.Duration(s.number(int64(end.Sub(now)))))
		m.fall(now)
		switch op := s.byte(); op % 4 {
		case 0, 1:
			amount := s.number(a.Capacity + 1)
			after, fits, wait := a.Take(state, now, amount)
			wantFits, wantWait := m.take(amount)
			if fits != wantFits || min(wait, ages) != min(wantWait, ages) {
				t.Fatalf("%+v: %d from %+v at %v: %t and %v, want %t and %v", a, amount, state, now, fits, wait, wantFits, wantWait)
			}
			state = after
			if wait > 0 && wait < ages {
				checkWait(t, &a, state, now.Add(wait), amount)
			}
		case 2:
			amount := s.number(math.MaxInt64)
			state = a.Settle(state, now, amount)
			m.settle(amount)
		case 3:
			amount := -s.number(math.MaxInt64)
			state = a.Settle(state, now, amount)
			m.settle(amount)
		}
		if left := a.Left(state, now); left != m.left() {
			t.Fatalf("%+v: %d left of %+v at %v, want %d", a, left, state, now, m.left())
		}
		if state.Taken < 0 || state.Taken > 2*limit.MaxAmount || state.At.After(now) {
			t.Fatalf("%+v: state %+v at %v", a, state, now)
		}
		if until := a.Until(state); state.Taken > 0 && until.Sub(state.At) < ages {
			if before, then := a.At(state, until.Add(-1)), a.At(state, until); before.Taken == 0 || then.Taken > 0 {
				t.Fatalf("%+v: %+v is to come back at %v, is %+v just before and %+v then", a, state, until, before, then)
			}
		}
	}
}

// checkWait holds an account to a wait: then it fits, and just before not.
func checkWait(t *testing.T, a *limit.Account, s limit.State, due time.Time, amount int64) {
	t.Helper()
	if _, fits, wait := a.Take(s, due, amount); !fits {
		t.Fatalf("%+v: after the wait, %d from %+v fits in %v only", a, amount, s, wait)
	}
	if _, fits, wait := a.Take(s, due.Add(-1), amount); fits || wait != 1 {
		t.Fatalf("%+v: just before the wait is over, %d from %+v: %t and %v", a, amount, s, fits, wait)
	}
}

func TestAccountIsItsModel(t *testing.T) {
	random := rand.NewChaCha8([32]byte{5})
	for range 1_000 {
		steps := make(source, 400)
		random.Read(steps)
		checkAccount(t, steps)
	}
}

func FuzzAccount(f *testing.F) {
	f.Add([]byte("a few bytes that say what to do with an account, and what it is"))
	f.Fuzz(func(t *testing.T, steps []byte) { checkAccount(t, steps) })
}
