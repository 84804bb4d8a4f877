package policy

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Portable is implemented by policies that are plain data, so that the page can
// evaluate them too. The snapshot carries what Data returns; the page must
// implement a policy of the same name. The built-in policies are portable.
type Portable interface {
	Policy
	Namer
	// Data returns the policy's options with every default filled in. They must
	// encode to a JSON object.
	Data() any
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

// WhenUnreachable is what to assume of a policy that cannot be asked. The empty
// value is [AbstainWhenUnreachable].
type WhenUnreachable string

// The assumptions.
const (
	AbstainWhenUnreachable WhenUnreachable = "abstain" // as if it had no opinion
	ForbidWhenUnreachable  WhenUnreachable = "forbid"  // as if it forbade all it may forbid
)

// Declarer is implemented by policies written in Go that know what they may
// say. It is called once, when the policy enters a [Decider].
type Declarer interface {
	Declare() (Effects, WhenUnreachable)
}

func specOf(name string, p Policy) (Spec, error) {
	if portable, ok := p.(Portable); ok {
		options, err := json.Marshal(portable.Data())
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
		effects, when := declarer.Declare()
		spec.Effects = &effects
		if when != "" {
			spec.WhenUnreachable = when
		}
	}
	return spec, nil
}

// FromSpec builds a portable policy again. It fails for opaque policies, for
// names it does not know and for options that do not fit.
func FromSpec(s Spec) (Policy, error) {
	if s.Opaque {
		return nil, fmt.Errorf("policy %s is opaque: only the server that wrote it can evaluate it", s.Name)
	}
	switch s.Name {
	case NameEnabled:
		return decodeSpec[Enabled](s)
	case NameCapability:
		return decodeSpec[Capability](s)
	case NamePrivacy:
		return decodeSpec[Privacy](s)
	case NamePreference:
		return decodeSpec[Preference](s)
	case NameReadiness:
		return decodeSpec[Readiness](s)
	case NameComplexity:
		return decodeSpec[Complexity](s)
	default:
		return nil, fmt.Errorf("policy %q is unknown to this version", s.Name)
	}
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

// orDefault returns v, or the default if v is zero.
func orDefault[T comparable](v, def T) T {
	var zero T
	if v == zero {
		return def
	}
	return v
}
