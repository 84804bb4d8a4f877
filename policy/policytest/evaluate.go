package policytest

import (
	"context"
	"runtime/debug"
	"time"

	"github.com/edgewise-ai/edgewise/policy"
	"github.com/edgewise-ai/edgewise/registry"
)

// patience is how long a policy may take that must be prompt, on a busy machine
// and over a network.
const patience = 10 * time.Second

// evaluate asks a policy once. That it fails is a finding.
func evaluate(ctx context.Context, p policy.Policy, in *policy.Input) (v policy.Verdict, bad *finding) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	defer func() {
		if cause := recover(); cause != nil {
			bad = found("A decider contains the panic and counts the policy as failed. Make Evaluate return.",
				"Evaluate panicked: %v\n%s", cause, debug.Stack())
		}
	}()
	v, err := p.Evaluate(ctx, in)
	if err != nil {
		return v, found("Give this test what the policy needs in order to work. "+
			"If it was all there: abstain, with the zero Verdict and no error, when a request gives no reason for an opinion.",
			"Evaluate failed: %v", err)
	}
	return v, nil
}

// newDecider returns a decider that asks only p, and privacy as ever, over the
// models of the catalogue.
func newDecider(p policy.Policy, onError func(string, error)) (*policy.Decider, error) {
	index, err := registry.NewIndex(registry.Listing{Models: registry.Catalogue()})
	if err != nil {
		return nil, err
	}
	return policy.NewDecider(index, policy.Options{Policies: []policy.Policy{p}, OnError: onError})
}
