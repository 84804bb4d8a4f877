package policy

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/edgewise-ai/edgewise/internal/strictjson"
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

// clone copies the spec with all its memory.
func (s Spec) clone() Spec {
	s.Options = slices.Clone(s.Options)
	s.Effects = s.Effects.clone()
	return s
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
// names it does not know, and for options that it does not know, that are given
// twice or that are out of range.
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
	NameCapability: decodeCapability,
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

// decodeSpec reads the options strictly: what nobody here knows changes the
// meaning. Refuse, never guess.
func decodeSpec[P portable](s Spec) (Policy, error) {
	var p P
	if len(s.Options) == 0 {
		return p, nil
	}
	if err := strictjson.Decode(s.Options, &p); err != nil {
		return nil, fmt.Errorf("policy %s: options: %w", s.Name, err)
	}
	if v, ok := any(p).(validator); ok {
		if err := v.Validate(); err != nil {
			return nil, fmt.Errorf("policy %s: %w", s.Name, err)
		}
	}
	return p, nil
}
