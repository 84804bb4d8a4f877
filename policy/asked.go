package policy

import (
	"context"
	"errors"
	"fmt"
	"reflect"
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
	timeouts []*timeoutError // its own, from the outside in
}

// admit checks one policy and finds its places.
func admit(p Policy, position int, first []string) (asked, error) {
	layers, whole := layersOf(p)
	if !whole {
		return asked{}, fmt.Errorf("policy: Options.Policies[%d] is nil, or wraps a policy that is nil, or itself", position)
	}
	name, err := nameOf(p)
	if err != nil {
		return asked{}, err
	}
	a := asked{name: name}
	for _, layer := range layers {
		if v, ok := layer.(validator); ok {
			if err := v.Validate(); err != nil {
				return asked{}, fmt.Errorf("policy %s: %w", name, err)
			}
		}
		if t, ok := layer.(timeout); ok {
			a.timeouts = append(a.timeouts, t.late)
		}
	}
	if own, ok := p.(portable); ok {
		settled := own.settled()
		if reflect.Indirect(reflect.ValueOf(p)).Type() != reflect.TypeOf(settled) {
			return asked{}, fmt.Errorf("policy %s: %T embeds %T, which would be asked in its place: hold it in a named field", name, p, settled)
		}
		p = settled
	}
	a.policy = p
	if a.spec, err = specOf(name, p); err != nil {
		return asked{}, err
	}
	for _, late := range a.timeouts {
		if !a.spec.allows(late.verdict) {
			return asked{}, fmt.Errorf("policy %s: what it counts as on a timeout goes beyond the effects it declared", name)
		}
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
// that makes no sense is an error, and an error counts as the policy declared. A
// timeout counts as the app said if it is the policy's own. That of another, which
// the policy asked in turn, is an error like any other.
func (a *asked) ask(ctx context.Context, in *Input) (Verdict, error) {
	if !a.spec.Opaque {
		return a.policy.Evaluate(ctx, in)
	}
	v, err := a.contained(ctx, in)
	if err == nil {
		return v, nil
	}
	if late := (*timeoutError)(nil); errors.As(err, &late) && slices.Contains(a.timeouts, late) {
		return late.verdict, err
	}
	return a.spec.failed(), err
}

func (a *asked) contained(ctx context.Context, in *Input) (v Verdict, err error) {
	defer recoverAs(&err)
	if v, err = a.policy.Evaluate(ctx, in); err != nil {
		return v, err
	}
	if err = v.validate(); err == nil && !a.spec.allows(v) {
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
