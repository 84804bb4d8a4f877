package limit

import (
	"cmp"
	"context"
	"errors"
	"sync"
	"time"
)

// DefaultMaxAccounts is the default of [MemoryOptions.MaxAccounts]: some 50 MB.
const DefaultMaxAccounts = 250_000

// ErrFull is the error of a [Memory] that has no room for an account it does not hold.
var ErrFull = errors.New("limit: the store holds as many accounts as it may: there is no room for another until one has come back")

// MemoryOptions are the options of [NewMemory]. The zero value is useful.
type MemoryOptions struct {
	// MaxAccounts is how many accounts are held at once. A user has one for each
	// limit, until all has come back: for a minute, or for a month, say. Defaults to
	// [DefaultMaxAccounts]; 0 or less means the default.
	MaxAccounts int
}

// Memory is a [Store] that lives in the process and ends with it: replicas that have
// one each allow each what the limits say.
//
// It holds an account from its first charge until all has come back, by the bound that
// held at the last charge, and never forgets one before: else whoever owes could be
// rid of it by having others made. Once it holds as many as it may, a charge that
// would open another is [ErrFull], while those that are held work as ever. Settle
// opens as many again, for what was used must count, also where no Take has let it in:
// as of a budget that refuses nobody.
//
// No call walks over the accounts. Each forgets a few of those that have come back,
// more than it opens. The zero Memory is ready to use with the default options; it is
// safe for concurrent use and must not be copied.
type Memory struct {
	opts MemoryOptions

	mu       sync.RWMutex
	accounts map[string]*entry
	queue    queue // of the same entries
}

var _ Store = (*Memory)(nil)

// NewMemory returns a store of untouched accounts.
func NewMemory(opts MemoryOptions) *Memory { return &Memory{opts: opts} }

func (m *Memory) maxAccounts() int {
	if m.opts.MaxAccounts <= 0 {
		return DefaultMaxAccounts
	}
	return m.opts.MaxAccounts
}

// Len returns how many accounts are held.
func (m *Memory) Len() int {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return len(m.accounts)
}

// Take implements [Store].
func (m *Memory) Take(ctx context.Context, now time.Time, charges []Charge) (*Refusal, error) {
	if err := cmp.Or(ctx.Err(), ValidateTake(charges)); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.forget(now, 2*len(charges))

	var buffer [8]State // most calls need no other
	states, opened := buffer[:0], 0
	for i := range charges {
		state := m.state(charges[i].Account.Key)
		if state.Taken == 0 && charges[i].Amount > 0 {
			opened++
		}
		states = append(states, state)
	}
	if refusal := TakeAll(states, now, charges); refusal != nil {
		return refusal, nil
	}
	if opened > 0 && len(m.accounts)+opened > m.maxAccounts() {
		return nil, ErrFull
	}
	for i := range charges {
		m.keep(&charges[i].Account, states[i])
	}
	return nil, nil
}

// Settle implements [Store].
func (m *Memory) Settle(ctx context.Context, now time.Time, charges []Charge) error {
	if err := cmp.Or(ctx.Err(), ValidateSettle(charges)); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.forget(now, 2*len(charges))
	var full error
	for i := range charges {
		account := &charges[i].Account
		state := m.state(account.Key)
		if state.Taken == 0 && charges[i].Amount > 0 && len(m.accounts) >= 2*m.maxAccounts() {
			full = ErrFull
			continue
		}
		m.keep(account, account.Settle(state, now, charges[i].Amount))
	}
	return full
}

// Left implements [Store]. It opens no account.
func (m *Memory) Left(ctx context.Context, now time.Time, account Account) (int64, error) {
	if err := cmp.Or(ctx.Err(), account.Validate()); err != nil {
		return 0, err
	}
	m.mu.RLock()
	state := m.state(account.Key)
	m.mu.RUnlock()
	return account.Left(state, now), nil
}
