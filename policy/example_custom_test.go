package policy_test

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/edgewise-ai/edgewise/policy"
)

// NightShift keeps an app's night shift on the server.
type NightShift struct {
	Prefix string // of the subjects that work at night
}

func (NightShift) Name() string { return "acme.night_shift" }

func (p NightShift) Evaluate(_ context.Context, in *policy.Input) (policy.Verdict, error) {
	if strings.HasPrefix(in.Identity.Subject, p.Prefix) {
		return policy.Verdict{Prefer: policy.Server, Reason: "acme_night_shift"}, nil
	}
	return policy.Verdict{}, nil
}

// An app's own policy is one method, and a name.
func ExamplePolicy() {
	d := decide(policy.Input{Identity: policy.Identity{Subject: "night/ada"}}, NightShift{Prefix: "night/"})
	fmt.Println(d.Target, d.Reason, d.Fallback)
	// Output: server acme_night_shift browser
}

func ExampleNamed() {
	audit := policy.Named("acme.audit", policy.PolicyFunc(
		func(_ context.Context, in *policy.Input) (policy.Verdict, error) {
			if in.Identity.Tier == "bank" {
				return policy.Verdict{Forbid: policy.SetOf(policy.Browser), Reason: "acme_audited"}, nil
			}
			return policy.Verdict{}, nil
		}))

	d := decide(policy.Input{Identity: policy.Identity{Tier: "bank"}}, audit)
	fmt.Println(d.Target, d.Reason, "fallback:", d.Fallback)
	// Output: server acme_audited fallback: none
}

func ExampleDeclared() {
	// All that this policy ever says is that it prefers the server, so a page that
	// has to stay in the browser need not ask it.
	shift := policy.Declared(NightShift{Prefix: "night/"}, policy.Declaration{
		Effects: &policy.Effects{Prefer: []policy.Target{policy.Server}},
	})

	specs := exampleDecider(shift).Snapshot().Policies
	spec := specs[len(specs)-1]
	fmt.Println(spec.Name, spec.Effects.Prefer, spec.WhenUnreachable)
	// Output: acme.night_shift [server] abstain
}

func ExampleTimeout() {
	askLedger := policy.Named("acme.ledger", policy.PolicyFunc(
		func(ctx context.Context, _ *policy.Input) (policy.Verdict, error) {
			<-ctx.Done() // the ledger does not answer
			return policy.Verdict{}, ctx.Err()
		}))
	late := policy.Verdict{Prefer: policy.Browser, Reason: "acme_ledger_late"}

	d := decide(policy.Input{}, policy.Timeout(askLedger, time.Millisecond, late))
	fmt.Println(d.Target, d.Reason)
	// Output: browser acme_ledger_late
}
