package policy

import (
	"fmt"
	"slices"
)

// Effects declares what a policy written in Go may say at all, so that the page
// knows when it need not ask.
type Effects struct {
	Forbid []Target `json:"forbid,omitempty"`
	Prefer []Target `json:"prefer,omitempty"`
}

func (e *Effects) clone() *Effects {
	if e == nil {
		return nil
	}
	return &Effects{Forbid: slices.Clone(e.Forbid), Prefer: slices.Clone(e.Prefer)}
}

// WhenUnreachable is what to assume of a policy that cannot be asked. The empty
// value is [AbstainWhenUnreachable].
type WhenUnreachable string

// The assumptions.
const (
	// AbstainWhenUnreachable counts it as having no opinion. A page that decides
	// alone, offline or for a local-only request, then goes on without it.
	AbstainWhenUnreachable WhenUnreachable = "abstain"
	// ForbidWhenUnreachable counts it as forbidding all it may forbid. If that
	// includes the browser, pages answer nothing alone: no offline and no
	// local-only request, whatever it is about.
	ForbidWhenUnreachable WhenUnreachable = "forbid"
)

// Declarer is implemented by policies that know what they may say. It is called
// once, when the policy enters a [Decider], which holds the policy to it: a
// verdict beyond the declaration is an error.
type Declarer interface {
	Declare() Declaration
}

// Declaration is what a policy says of itself. The zero Declaration is that of a
// policy without one: it may say anything, and counts as abstaining when it
// can't be asked.
type Declaration struct {
	Effects         *Effects // nil means anything
	WhenUnreachable WhenUnreachable
}

// Declared gives a policy a declaration, as [Named] gives it a name.
func Declared(p Policy, d Declaration) Policy { return declared{p, d} }

type declared struct {
	Policy
	declaration Declaration
}

// Declare implements [Declarer].
func (d declared) Declare() Declaration { return d.declaration }

// Unwrap returns the policy that was declared.
func (d declared) Unwrap() Policy { return d.Policy }

func (d Declaration) validate() error {
	if !oneOf(d.WhenUnreachable, "", AbstainWhenUnreachable, ForbidWhenUnreachable) {
		return fmt.Errorf("declares WhenUnreachable %q: want %s or %s", d.WhenUnreachable, AbstainWhenUnreachable, ForbidWhenUnreachable)
	}
	if d.Effects == nil {
		return nil
	}
	for _, t := range append(slices.Clone(d.Effects.Forbid), d.Effects.Prefer...) {
		if t != Browser && t != Server {
			return fmt.Errorf("declares an effect on %v: want browser or server", t)
		}
	}
	return nil
}

// allows reports whether a verdict keeps to the declaration.
func (s *Spec) allows(v Verdict) bool {
	if s.Effects == nil {
		return true
	}
	return v.Forbid&^SetOf(s.Effects.Forbid...) == 0 && (v.Prefer == None || slices.Contains(s.Effects.Prefer, v.Prefer))
}

// failed is what a policy counts as that could not be asked.
func (s *Spec) failed() Verdict {
	if s.WhenUnreachable != ForbidWhenUnreachable {
		return Verdict{}
	}
	forbid := SetOf(Browser, Server)
	if s.Effects != nil {
		forbid = SetOf(s.Effects.Forbid...)
	}
	return Verdict{Forbid: forbid, Reason: PolicyUnreachable}
}
