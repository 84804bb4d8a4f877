package hybridtest_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/edgewise-ai/edgewise/hybrid/hybridtest"
	"github.com/edgewise-ai/edgewise/hybrid/ledger"
	"github.com/edgewise-ai/edgewise/hybrid/limit"
)

// mutantEnv names the mistake that TestMutant runs the kit with.
const mutantEnv = "EDGEWISE_HYBRIDTEST_MUTANT"

// mistake is one that stores could make, and the tests of the kit that must notice.
type mistake struct {
	name    string
	change  func(*hybridtest.Stores)
	noticed []string
}

var mistakes = []mistake{
	{"counts an ID twice", func(s *hybridtest.Stores) { s.Ledger = rewriting{s.Ledger, rename} }, []string{"Replays", "Accounting"}},
	{"believes everything", func(s *hybridtest.Stores) { s.Ledger = rewriting{s.Ledger, believe} }, []string{"Claims"}},
	{"shows everybody's", func(s *hybridtest.Stores) { s.Ledger = showing{s.Ledger} }, []string{"Savings"}},
	{"never refuses", func(s *hybridtest.Stores) { s.Limits = lenient{s.Limits} }, []string{"Floods", "HardBudget", "TierBudget", "Tokens", "Replicas"}},
	{"never settles", func(s *hybridtest.Stores) { s.Limits = unsettled{s.Limits} }, []string{"HardBudget", "SoftBudget", "Tokens"}},
	{"has always all left", func(s *hybridtest.Stores) { s.Limits = rich{s.Limits} }, []string{"SoftBudget"}},
	{"has one account", func(s *hybridtest.Stores) { s.Limits = shared{s.Limits} }, []string{"Floods", "HardBudget"}},
}

func memory() hybridtest.Stores {
	return hybridtest.Stores{Ledger: ledger.NewMemory(ledger.MemoryOptions{}), Limits: limit.NewMemory(limit.MemoryOptions{})}
}

// Each mistake turns the kit red: it runs in a process of its own, for its failures
// must not be ours.
func TestMutants(t *testing.T) {
	if os.Getenv(mutantEnv) != "" {
		t.Skip("runs in the process without a mistake")
	}
	for _, m := range mistakes {
		t.Run(m.name, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestMutant$", "-test.v", "-test.timeout=60s")
			cmd.Env = append(os.Environ(), mutantEnv+"="+m.name)
			out, err := cmd.CombinedOutput()
			if err == nil {
				t.Fatal("the kit passes")
			}
			for _, name := range m.noticed {
				if !strings.Contains(string(out), "--- FAIL: TestMutant/"+name+" ") {
					t.Errorf("%s passes", name)
				}
			}
		})
	}
}

// TestMutant runs the kit with the mistake that the environment names.
func TestMutant(t *testing.T) {
	for _, m := range mistakes {
		if m.name == os.Getenv(mutantEnv) {
			hybridtest.Run(t, func(*testing.T) hybridtest.Replicas {
				stores := memory()
				m.change(&stores)
				return hybridtest.Replicas{Stores: stores}
			})
		}
	}
}

type rewriting struct {
	hybridtest.Ledger
	rewrite func(*ledger.Entry)
}

func (r rewriting) Record(entries []ledger.Entry) ledger.Receipt {
	for i := range entries {
		r.rewrite(&entries[i])
	}
	return r.Ledger.Record(entries)
}

var renamed atomic.Int64

func rename(e *ledger.Entry)  { e.ID = strconv.FormatInt(renamed.Add(1), 10) }
func believe(e *ledger.Entry) { e.Suspect = "" }

type showing struct{ hybridtest.Ledger }

func (s showing) Sums(ctx context.Context, q ledger.Query) ([]ledger.Sum, error) {
	q.Identity = ""
	return s.Ledger.Sums(ctx, q)
}

type lenient struct{ limit.Store }

func (lenient) Take(context.Context, time.Time, []limit.Charge) (*limit.Refusal, error) {
	return nil, nil
}

type unsettled struct{ limit.Store }

func (unsettled) Settle(context.Context, time.Time, []limit.Charge) error { return nil }

type rich struct{ limit.Store }

func (rich) Left(_ context.Context, _ time.Time, a limit.Account) (int64, error) {
	return a.Capacity, nil
}

type shared struct{ limit.Store }

func (s shared) Take(ctx context.Context, now time.Time, charges []limit.Charge) (*limit.Refusal, error) {
	own := append([]limit.Charge(nil), charges...)
	for i := range own {
		own[i].Account.Key = fmt.Sprint("everybody's ", i)
	}
	return s.Store.Take(ctx, now, own)
}
