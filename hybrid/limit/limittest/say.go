package limittest

import (
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/edgewise-ai/edgewise/hybrid/limit"
)

// call describes a call for an error.
func call(method string, now time.Time, charges []limit.Charge) string {
	var parts []string
	for _, c := range charges {
		parts = append(parts, fmt.Sprintf("%d from %s", c.Amount, describe(c.Account)))
	}
	return fmt.Sprintf("%s at %s of [%s]", method, clock(now), strings.Join(parts, ", "))
}

func describe(a limit.Account) string {
	name := path.Base(a.Key)
	if a.Per != 0 {
		return fmt.Sprintf("%q (%d, refilled by %d each %v)", name, a.Capacity, a.Amount, a.Per)
	}
	return fmt.Sprintf("%q (%d each %s)", name, a.Capacity, a.Period)
}

func clock(t time.Time) string { return t.Format(time.RFC3339Nano) }

func outcome(r *limit.Refusal) string {
	switch {
	case r == nil:
		return "taken"
	case r.Wait == 0:
		return fmt.Sprintf("refused for charge %d, for ever", r.Index)
	}
	return fmt.Sprintf("refused for charge %d, for %v", r.Index, r.Wait)
}
