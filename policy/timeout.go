package policy

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Timeout bounds a policy that does I/O: after d its context ends, and the policy
// counts as onTimeout says. The zero Verdict abstains. Such a timeout is an error
// as well, so it shows in traces and reaches [Options.OnError].
//
// Timeout starts no goroutine, so it depends on p to honour its context; what a
// policy answers after its time is dropped. A policy whose request ended, rather
// than its time, has failed as any other. So has one that asked another in turn
// and hands on that one's timeout: what the policy counts as, it says itself.
//
// d must be positive, and onTimeout a verdict that p may give; [NewDecider] refuses
// it otherwise. Optional abilities of p, such as [Explainer], are kept.
func Timeout(p Policy, d time.Duration, onTimeout Verdict) Policy {
	return timeout{p, &timeoutError{d, onTimeout}}
}

type timeout struct {
	Policy
	late *timeoutError
}

// timeoutError is the error of a policy whose time ended, and what the policy then
// counts as. There is one for each [Timeout], which is known by it.
type timeoutError struct {
	after   time.Duration
	verdict Verdict
}

func (e *timeoutError) Error() string { return fmt.Sprintf("it took longer than %v", e.after) }

func (e *timeoutError) Unwrap() error { return context.DeadlineExceeded }

// Evaluate implements [Policy].
func (t timeout) Evaluate(ctx context.Context, in *Input) (Verdict, error) {
	bounded, cancel := context.WithTimeoutCause(ctx, t.late.after, t.late)
	defer cancel()
	v, err := t.Policy.Evaluate(bounded, in)
	if errors.Is(context.Cause(bounded), t.late) {
		return Verdict{}, t.late
	}
	return v, err
}

// Unwrap returns the policy that was given a time.
func (t timeout) Unwrap() Policy { return t.Policy }

// Validate reports a time or verdict that makes no sense.
func (t timeout) Validate() error {
	if t.late.after <= 0 {
		return fmt.Errorf("its time is %v: want more than 0", t.late.after)
	}
	return t.late.verdict.validate()
}
