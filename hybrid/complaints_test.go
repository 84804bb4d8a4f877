package hybrid_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/edgewise-ai/edgewise/hybrid"
	"github.com/edgewise-ai/edgewise/policy"
)

// A policy that fails is heard of, and a policy that fails for every request does
// not drown the log.
func TestFailingPoliciesAreLogged(t *testing.T) {
	fails := func(name string) policy.Policy {
		return policy.Named(name, policy.PolicyFunc(func(context.Context, *policy.Input) (policy.Verdict, error) {
			return policy.Verdict{}, errors.New("no connection for " + name)
		}))
	}
	now := noon
	var log bytes.Buffer
	s := open(t, func(o *hybrid.Options) {
		o.Policies = policy.Defaults(fails("test.a"), fails("test.b"))
		o.Now = func() time.Time { return now }
		o.DefaultModel = "upper" // no list to renew beside the requests, with an eye on the clock
		o.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn}))
	})
	ask := func() {
		s.post("/browser/route", routeBody(desktop, `"promptLength":5`))
		s.post("/generate", `{"prompt":"`+canary+`"}`)
	}
	count := func(want int) {
		t.Helper()
		for _, name := range []string{"test.a", "test.b"} {
			if n := strings.Count(log.String(), "no connection for "+name); n != want {
				t.Errorf("%s is logged %d times, want %d:\n%s", name, n, want, &log)
			}
		}
	}
	ask()
	now = now.Add(59 * time.Second)
	ask()
	count(1)
	now = now.Add(time.Second)
	ask()
	count(2)
	if strings.Contains(log.String(), canary) {
		t.Errorf("the log holds the prompt:\n%s", &log)
	}
}
