package policy_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edgewise-ai/edgewise/policy"
)

// takes is a policy that needs so long to prefer the server, and heeds its context.
func takes(d time.Duration) policy.PolicyFunc {
	return func(ctx context.Context, _ *policy.Input) (policy.Verdict, error) {
		select {
		case <-time.After(d):
			return policy.Verdict{Prefer: server, Reason: "acme_answer"}, nil
		case <-ctx.Done():
			return policy.Verdict{}, ctx.Err()
		}
	}
}

// heedless is the same, but looks at no context.
func heedless(d time.Duration) policy.PolicyFunc {
	return func(context.Context, *policy.Input) (policy.Verdict, error) {
		time.Sleep(d)
		return policy.Verdict{Prefer: server, Reason: "acme_answer"}, nil
	}
}

// panics is a policy that waits and then panics.
func panics(d time.Duration) policy.PolicyFunc {
	return func(context.Context, *policy.Input) (policy.Verdict, error) {
		time.Sleep(d)
		panic("nil map")
	}
}

func TestTimeout(t *testing.T) {
	const limit = 50 * time.Millisecond
	late := policy.Verdict{Forbid: policy.SetOf(browser), Reason: "acme_late"}
	abstain := policy.Verdict{}
	declared := policy.Declaration{WhenUnreachable: policy.ForbidWhenUnreachable, Effects: &policy.Effects{
		Forbid: []policy.Target{browser}, Prefer: []policy.Target{server},
	}}
	free, tooLate := goes(browser, policy.OptimalForBrowser), must(server, "acme_late")

	tests := []struct {
		name   string
		policy policy.Policy
		want   want
		step   string        // of the policy, in the trace
		told   string        // what OnError must hear of, "" for nothing
		took   time.Duration // of the decision
	}{
		{"in time", policy.Timeout(takes(limit-1), limit, late), goes(server, "acme_answer"), "prefer", "", limit - 1},
		{"late", policy.Timeout(takes(time.Second), limit, late), tooLate, "forbid", "longer than 50ms", limit},
		{"late, and abstains", policy.Timeout(takes(time.Second), limit, abstain), free, "error", "longer than 50ms", limit},
		{"late, and heedless", policy.Timeout(heedless(time.Second), limit, late), tooLate, "forbid", "longer than 50ms", time.Second},
		{"in time, and heedless", policy.Timeout(heedless(limit-1), limit, late), goes(server, "acme_answer"), "prefer", "", limit - 1},
		{
			"late, which is no failure to be asked", policy.Timeout(policy.Declared(takes(time.Second), declared), limit, abstain),
			free, "error", "longer than 50ms", limit,
		},
		{
			"late, declared outside", policy.Declared(policy.Timeout(takes(time.Second), limit, late), declared),
			tooLate, "forbid", "longer than 50ms", limit,
		},
		{
			"late, named inside", policy.Timeout(policy.Named("acme.y", takes(time.Second)), limit, late),
			tooLate, "forbid", "longer than 50ms", limit,
		},
		{
			"the inner of two is late", policy.Timeout(policy.Timeout(takes(time.Second), limit, late), time.Minute, abstain),
			tooLate, "forbid", "longer than 50ms", limit,
		},
		{
			"the outer of two is late", policy.Timeout(policy.Timeout(takes(time.Hour), time.Minute, abstain), limit, late),
			tooLate, "forbid", "longer than 50ms", limit,
		},
		{
			"fails in time", policy.Timeout(policy.Declared(panics(1), declared), limit, abstain),
			must(server, policy.PolicyUnreachable), "forbid", "nil map", 1,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var told []error
				d := newDecider(t, policy.Options{
					Policies: policy.Defaults(policy.Named("acme.x", test.policy)),
					OnError:  func(_ string, err error) { told = append(told, err) },
				})
				start := time.Now()
				got := d.Decide(t.Context(), complete(policy.Input{Trace: true}))
				if took := time.Since(start); took != test.took {
					t.Errorf("the decision took %v, want %v", took, test.took)
				}
				if w := (want{got.Target, got.Reason, got.Fallback, ""}); w != test.want {
					t.Errorf("got %+v, want %+v", w, test.want)
				}
				if step := policyStep(got.Trace, "acme.x"); step.Step != test.step {
					t.Errorf("the trace has %+v, want a step %q", step, test.step)
				}
				if test.told == "" && len(told) > 0 {
					t.Errorf("OnError was told %v, want nothing", told)
				}
				if test.told != "" {
					wantErrorAbout(t, errors.Join(told...), test.told)
				}
			})
		})
	}
}

// The end of a request is not the end of a policy's time.
func TestAParentThatEndsIsNoTimeout(t *testing.T) {
	late := policy.Verdict{Forbid: policy.SetOf(browser), Reason: "acme_late"}
	for name, end := range map[string]func(context.Context) (context.Context, context.CancelFunc){
		"canceled": func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(ctx)
			time.AfterFunc(time.Millisecond, cancel)
			return ctx, cancel
		},
		"past its own deadline": func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, time.Millisecond)
		},
		"ended before": func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(ctx)
			cancel()
			return ctx, cancel
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var told error
				d := newDecider(t, policy.Options{
					Policies: policy.Defaults(policy.Named("acme.x", policy.Timeout(takes(time.Second), time.Minute, late))),
					OnError:  func(_ string, err error) { told = err },
				})
				ctx, cancel := end(t.Context())
				defer cancel()
				got := d.Decide(ctx, complete(policy.Input{}))
				if got.Reason != policy.OptimalForBrowser {
					t.Errorf("got %s, want the policy to abstain as one that failed", got.Reason)
				}
				if !errors.Is(told, ctx.Err()) {
					t.Errorf("OnError was told %v, want %v", told, ctx.Err())
				}
			})
		})
	}
}

func TestATimeoutIsADeadlineExceeded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, err := policy.Timeout(takes(time.Second), time.Millisecond, policy.Verdict{}).Evaluate(t.Context(), &policy.Input{})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
}

func TestTimeoutKeepsWhatThePolicyCan(t *testing.T) {
	p := explained{"acme.x", func(*policy.Input) map[string]int64 { return map[string]int64{"number": 7} }}
	d := newDecider(t, policy.Options{Policies: policy.Defaults(policy.Timeout(p, time.Minute, policy.Verdict{}))})
	got := d.Decide(t.Context(), complete(policy.Input{Trace: true}))
	if step := policyStep(got.Trace, "acme.x"); step.Detail["number"] != 7 {
		t.Errorf("the trace has %+v", step)
	}
}

func TestTimeoutsThatMakeNoSenseAreRefused(t *testing.T) {
	prefersServer := policy.Declaration{Effects: &policy.Effects{Prefer: []policy.Target{server}}}
	toBrowser := policy.Verdict{Prefer: browser, Reason: "acme_late"}
	for name, test := range map[string]struct {
		policy policy.Policy
		word   string
	}{
		"no time":                {policy.Timeout(takes(0), 0, policy.Verdict{}), "want more than 0"},
		"less than no time":      {policy.Timeout(takes(0), -time.Second, policy.Verdict{}), "-1s"},
		"no reason":              {policy.Timeout(takes(0), 1, policy.Verdict{Prefer: server}), "malformed reason"},
		"no such target":         {policy.Timeout(takes(0), 1, policy.Verdict{Prefer: 7, Reason: "x"}), "target"},
		"beyond the effects":     {policy.Timeout(policy.Declared(takes(0), prefersServer), 1, toBrowser), "beyond the effects"},
		"beyond them, declared":  {policy.Declared(policy.Timeout(takes(0), 1, toBrowser), prefersServer), "beyond the effects"},
		"an option out of range": {policy.Timeout(policy.Battery{MinLevelPermille: 1_001}, 1, policy.Verdict{}), "MinLevelPermille"},
	} {
		t.Run(name, func(t *testing.T) { wantErrorAbout(t, refusal(policy.Named("acme.x", test.policy)), test.word) })
	}
	wantErrorAbout(t, refusal(policy.Timeout(policy.Budget{}, time.Second, policy.Verdict{})), `"budget"`, "reserved")
}

// A policy of the app may ask others in turn. That one of them is late is a failure
// of the whole, which counts as the whole declared it.
func TestALatePartIsAFailureOfTheWhole(t *testing.T) {
	nonsense := policy.Verdict{Prefer: 77, Reason: "X Y"} // which nobody validated
	for name, said := range map[string]policy.Verdict{
		"and abstains": {}, "and prefers": {Prefer: browser, Reason: "acme_late"}, "and makes no sense": nonsense,
	} {
		part := policy.Timeout(takes(time.Second), time.Millisecond, said)
		whole := policy.PolicyFunc(func(ctx context.Context, in *policy.Input) (policy.Verdict, error) {
			v, err := part.Evaluate(ctx, in)
			if err != nil {
				return policy.Verdict{}, fmt.Errorf("the part: %w", err)
			}
			return v, nil
		})
		careful := policy.Declared(whole, policy.Declaration{
			Effects: &policy.Effects{Forbid: []policy.Target{server}}, WhenUnreachable: policy.ForbidWhenUnreachable,
		})
		for wrapped, test := range map[string]struct {
			policy policy.Policy
			want   want
		}{
			"plain":                  {whole, goes(browser, policy.OptimalForBrowser)},
			"declared":               {careful, must(browser, policy.PolicyUnreachable)},
			"with a time of its own": {policy.Timeout(careful, time.Minute, policy.Verdict{}), must(browser, policy.PolicyUnreachable)},
		} {
			t.Run(name+", "+wrapped, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var told error
					d := newDecider(t, policy.Options{
						Policies: policy.Defaults(policy.Named("acme.x", test.policy)),
						OnError:  func(_ string, err error) { told = err },
					})
					got := d.Decide(t.Context(), complete(policy.Input{}))
					if w := (want{got.Target, got.Reason, got.Fallback, ""}); w != test.want {
						t.Errorf("got %+v, want %+v", w, test.want)
					}
					wantErrorAbout(t, told, "the part", "longer than 1ms")
				})
			})
		}
	}
}

// A decision within a policy's time has no part in that time's end.
func TestATimeoutOutsideADecisionIsNoTimeoutWithin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		late := policy.Verdict{Forbid: policy.SetOf(browser), Reason: "acme_late"}
		inner := newDecider(t, policy.Options{
			Policies: policy.Defaults(policy.Named("acme.inner", policy.Timeout(takes(time.Hour), time.Minute, late))),
		})
		var within policy.Decision
		outer := policy.PolicyFunc(func(ctx context.Context, in *policy.Input) (policy.Verdict, error) {
			within = inner.Decide(ctx, *in)
			return policy.Verdict{}, nil
		})
		d := newDecider(t, policy.Options{
			Policies: policy.Defaults(policy.Named("acme.outer", policy.Timeout(outer, time.Second, policy.Verdict{}))),
		})
		d.Decide(t.Context(), complete(policy.Input{}))
		if within.Reason != policy.OptimalForBrowser {
			t.Errorf("the inner policy counts as late: %s", within.Reason)
		}
	})
}
