package policy

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// asked is a policy with its places in both orders.
type asked struct {
	policy   Policy
	name     string
	spec     Spec
	forbids  int // its place among forbids
	prefers  int // its place among preferences; lower counts first
	explains Explainer
}

// admit checks one policy and finds its places.
func admit(p Policy, position int, first []string) (asked, error) {
	name, err := nameOf(p)
	if err != nil {
		return asked{}, err
	}
	if v, ok := as[interface{ Validate() error }](p); ok {
		if err := v.Validate(); err != nil {
			return asked{}, fmt.Errorf("policy %s: %w", name, err)
		}
	}
	a := asked{policy: p, name: name}
	if a.spec, err = specOf(name, p); err != nil {
		return asked{}, err
	}
	a.explains, _ = as[Explainer](p)
	a.forbids = forbidPlace(name)
	switch early, builtin := slices.Index(first, name), slices.Index(preferOrder, name); {
	case early >= 0:
		a.prefers = early - len(first)
	case builtin >= 0:
		a.prefers = builtin
	default:
		a.prefers = len(preferOrder) + position
	}
	return a, nil
}

// ask asks one policy. An app's policies are contained: a panic or a verdict
// that makes no sense is an error, and an error counts as the policy declared.
func (a *asked) ask(ctx context.Context, in *Input) (Verdict, error) {
	if !a.spec.Opaque {
		return a.policy.Evaluate(ctx, in)
	}
	v, err := a.contained(ctx, in)
	if err != nil {
		return a.spec.failed(), err
	}
	return v, nil
}

func (a *asked) contained(ctx context.Context, in *Input) (v Verdict, err error) {
	defer recoverAs(&err)
	v, err = a.policy.Evaluate(ctx, in)
	switch {
	case err != nil:
	case v.Prefer >= targetCount || v.Forbid&^SetOf(Browser, Server) != 0:
		err = errors.New("it named a target that does not exist")
	case v != (Verdict{}) && !wireName.MatchString(string(v.Reason)):
		err = fmt.Errorf("it gave the malformed reason %q", v.Reason)
	case !a.spec.allows(v):
		err = errors.New("its verdict goes beyond the effects it declared")
	}
	return v, err
}

// recoverAs makes a panic an error.
func recoverAs(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("it panicked: %v", p)
	}
}
