package policy

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// Policy has an opinion about where a request should run. It is one method, as
// an [net/http.Handler] is.
//
// Evaluate may be called concurrently and for every request, so it should be
// quick; one that does I/O must honour ctx. It must not modify or keep in. The
// zero [Verdict] abstains. An error abstains too, unless the policy declared
// [ForbidWhenUnreachable], and goes to [Options.OnError]; a panic counts as an
// error.
//
// A policy needs a name, which [Named] gives it or a Name method. It may check its
// options in a method Validate() error, which [NewDecider] calls.
//
// A policy that wraps another says so by a method Unwrap() Policy. Whatever it
// can't do itself ([Namer], [Declarer], [Explainer]) is then asked of the one
// within, and both are validated. The wrappers of this package do so: [Named],
// [Declared] and [Timeout] may wrap each other in any order. A built-in policy that
// is wrapped is an app's policy and needs a name of its own.
//
// policytest.Run tests a policy.
type Policy interface {
	Evaluate(ctx context.Context, in *Input) (Verdict, error)
}

// Verdict is what a policy says about one request. The zero Verdict abstains.
type Verdict struct {
	// Forbid are the targets that must not be used.
	Forbid TargetSet
	// Prefer is where the request should run, [None] for no preference. It
	// counts only while more than one target is permitted.
	Prefer Target
	// Reason says why. It is required unless the verdict abstains.
	Reason Reason
}

// validate reports a verdict that makes no sense.
func (v Verdict) validate() error {
	switch {
	case v.Prefer >= targetCount || v.Forbid&^SetOf(Browser, Server) != 0:
		return errors.New("its verdict names a target that does not exist")
	case v != (Verdict{}) && !wireName.MatchString(string(v.Reason)):
		return fmt.Errorf("its verdict has the malformed reason %q: want %s", v.Reason, wireName)
	}
	return nil
}

// PolicyFunc makes a policy of a function; [Named] gives it its name.
type PolicyFunc func(ctx context.Context, in *Input) (Verdict, error)

// Evaluate implements [Policy].
func (f PolicyFunc) Evaluate(ctx context.Context, in *Input) (Verdict, error) { return f(ctx, in) }

// Namer is implemented by policies that know their name on the wire. Names match
// ^[a-z][a-z0-9_.]{0,63}$. Those without a dot are reserved for this package, so
// an app's policy is called "acme.night_shift". [NewDecider] refuses a policy
// without a valid name.
type Namer interface {
	Name() string
}

// Named gives a policy its name on the wire, in the place of one that it may have.
// The name is checked when a [Decider] is made. Optional abilities of p, such as
// [Explainer], are kept.
func Named(name string, p Policy) Policy { return named{p, name} }

type named struct {
	Policy
	name string
}

func (n named) Name() string { return n.name }

// Unwrap returns the policy that was given a name.
func (n named) Unwrap() Policy { return n.Policy }

// Explainer is implemented by policies that can show the numbers they used. It
// is called after Evaluate, with the same input, and only for traced decisions.
type Explainer interface {
	Explain(in *Input) map[string]int64
}

// validator is implemented by policies that check their options.
type validator interface{ Validate() error }

var wireName = regexp.MustCompile(`^[a-z][a-z0-9_.]{0,63}$`)

// nameIn is a policy's name, be it valid or not; "" if it has none.
func nameIn(p Policy) string {
	if n, ok := as[Namer](p); ok {
		return n.Name()
	}
	return ""
}

func nameOf(p Policy) (string, error) {
	if _, ok := as[Namer](p); !ok {
		return "", fmt.Errorf("policy: %T has no name: wrap it in policy.Named or give it a Name method", p)
	}
	name := nameIn(p)
	if !wireName.MatchString(name) {
		return "", fmt.Errorf("policy: name %q of %T is malformed: want %s", name, p, wireName)
	}
	if _, builtin := p.(portable); !builtin && !strings.Contains(name, ".") {
		return "", fmt.Errorf("policy: the name %q is reserved for a built-in policy as it is: give your own, or a wrapped one, a name with a dot, as in policy.Named(%q, …)", name, "acme."+name)
	}
	return name, nil
}
