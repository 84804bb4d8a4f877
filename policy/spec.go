package policy

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
)

// portable is implemented by policies that are plain data, so that the page,
// which has an implementation of the same name, can evaluate them too. Only the
// built-in policies can be: the page knows no others.
type portable interface {
	Policy
	Namer
	// settled returns the policy with every default filled in and no memory
	// shared with the caller. It encodes to a JSON object, its options.
	settled() portable
}

// Spec is a policy in a snapshot: its options if it is portable, or the word
// that it is Go code only.
type Spec struct {
	Name    string          `json:"name"`
	Options json.RawMessage `json:"options,omitempty"`

	// Opaque marks a policy that only the server can evaluate. The page asks
	// the route endpoint when what it could say would change the decision.
	Opaque bool `json:"opaque,omitempty"`
	// Effects are what an opaque policy may say; nil means anything.
	Effects *Effects `json:"effects,omitempty"`
	// WhenUnreachable is what the page assumes of an opaque policy when it
	// cannot ask.
	WhenUnreachable WhenUnreachable `json:"whenUnreachable,omitempty"`
}

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

// PolicyUnreachable is the reason when a policy that declared
// [ForbidWhenUnreachable] failed, or could not be asked.
const PolicyUnreachable Reason = "policy_unreachable"

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

func specOf(name string, p Policy) (Spec, error) {
	if own, ok := p.(portable); ok {
		options, err := json.Marshal(own)
		if err != nil {
			return Spec{}, fmt.Errorf("policy %s: its options cannot be encoded: %w", name, err)
		}
		if bytes.Equal(options, []byte("{}")) {
			options = nil
		}
		return Spec{Name: name, Options: options}, nil
	}
	spec := Spec{Name: name, Opaque: true, WhenUnreachable: AbstainWhenUnreachable}
	if declarer, ok := as[Declarer](p); ok {
		said := declarer.Declare()
		if err := said.validate(); err != nil {
			return Spec{}, fmt.Errorf("policy %s: %w", name, err)
		}
		spec.Effects = said.Effects.clone()
		spec.WhenUnreachable = cmp.Or(said.WhenUnreachable, AbstainWhenUnreachable)
	}
	return spec, nil
}

// FromSpec builds a portable policy again. It fails for opaque policies, for
// names it does not know and for options that do not fit.
func FromSpec(s Spec) (Policy, error) {
	if s.Opaque {
		return nil, fmt.Errorf("policy %s is opaque: only the server that wrote it can evaluate it", s.Name)
	}
	decode, known := decoders[s.Name]
	if !known {
		return nil, fmt.Errorf("policy %q is unknown to this version", s.Name)
	}
	return decode(s)
}

var decoders = map[string]func(Spec) (Policy, error){
	NameEnabled:    decodeSpec[Enabled],
	NameCapability: decodeSpec[Capability],
	NamePrivacy:    decodeSpec[Privacy],
	NamePreference: decodeSpec[Preference],
	NameBudget:     decodeSpec[Budget],
	NameTier:       decodeSpec[Tier],
	NameHealth:     decodeSpec[Health],
	NameSticky:     decodeSpec[Sticky],
	NameReadiness:  decodeSpec[Readiness],
	NameBattery:    decodeSpec[Battery],
	NameSpeed:      decodeSpec[Speed],
	NameTask:       decodeSpec[Task],
	NameComplexity: decodeSpec[Complexity],
	NameCost:       decodeSpec[Cost],
}

func decodeSpec[P Policy](s Spec) (Policy, error) {
	var p P
	if len(s.Options) == 0 {
		return p, nil
	}
	dec := json.NewDecoder(bytes.NewReader(s.Options))
	// An option nobody here knows changes the meaning: refuse, never guess.
	dec.DisallowUnknownFields()
	if err := dec.Decode(&p); err != nil {
		return nil, fmt.Errorf("policy %s: options: %w", s.Name, err)
	}
	return p, nil
}
