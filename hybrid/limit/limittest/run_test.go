package limittest_test

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/edgewise-ai/edgewise/hybrid/limit"
	"github.com/edgewise-ai/edgewise/hybrid/limit/limittest"
)

func TestMemory(t *testing.T) {
	limittest.Run(t, func(*testing.T) limit.Store { return new(limit.Memory) })
}

// Stores may keep their accounts in one place, where there are others already.
func TestMemoryInUse(t *testing.T) {
	m := limit.NewMemory(limit.MemoryOptions{})
	for range 2 {
		limittest.Run(t, func(*testing.T) limit.Store { return m })
	}
}

// lenient is a store that refuses nothing.
type lenient struct{ limit.Store }

func (l lenient) Take(ctx context.Context, now time.Time, charges []limit.Charge) (*limit.Refusal, error) {
	refusal, err := l.Store.Take(ctx, now, charges)
	if refusal != nil {
		return nil, l.Settle(ctx, now, charges)
	}
	return nil, err
}

// lenientEnv makes this test binary run the kit on a store that fails, to see from
// outside that Run fails its test.
const lenientEnv = "EDGEWISE_LIMITTEST_LENIENT"

func TestRunFailsTheTest(t *testing.T) {
	if os.Getenv(lenientEnv) != "" {
		limittest.Run(t, func(*testing.T) limit.Store { return lenient{new(limit.Memory)} })
		return
	}
	test := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestRunFailsTheTest$", "-test.v")
	test.Env = append(os.Environ(), lenientEnv+"=1")
	output, err := test.CombinedOutput()
	if err == nil {
		t.Fatalf("the test passed:\n%s", output)
	}
	for _, want := range []string{
		"--- PASS: TestRunFailsTheTest/Untouched", "--- FAIL: TestRunFailsTheTest/Take", "--- FAIL: TestRunFailsTheTest/Concurrent",
		"What is taken is not left.",
		`Take at 2026-11-23T12:34:56.123456789Z of [1 from "a" (10, refilled by 1 each 1s)]: taken, want it refused for charge 0, for 1s`,
	} {
		if !strings.Contains(string(output), want) {
			t.Errorf("the output does not say %q:\n%s", want, output)
		}
	}
}
