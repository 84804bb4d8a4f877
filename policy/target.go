package policy

import (
	"fmt"
	"strings"
)

// Target is where a request runs. The zero value is [None].
type Target uint8

// The targets.
const (
	None Target = iota
	Browser
	Server

	targetCount
)

var targetNames = [targetCount]string{"none", "browser", "server"}

// String returns the target's name on the wire.
func (t Target) String() string {
	if t < targetCount {
		return targetNames[t]
	}
	return fmt.Sprintf("Target(%d)", uint8(t))
}

// MarshalText implements [encoding.TextMarshaler].
func (t Target) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler]. The empty text is [None].
func (t *Target) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*t = None
		return nil
	}
	for i, name := range targetNames {
		if name == string(text) {
			*t = Target(i)
			return nil
		}
	}
	return fmt.Errorf("unknown target %q: want browser, server or none", text)
}

// TargetSet is a set of targets. The zero value is empty.
type TargetSet uint8

// SetOf returns the set of the given targets.
func SetOf(targets ...Target) (s TargetSet) {
	for _, t := range targets {
		s |= 1 << t
	}
	return s
}

// String lists the targets of the set: "{browser server}".
func (s TargetSet) String() string {
	var names []string
	for t := range targetCount {
		if s.Has(t) {
			names = append(names, t.String())
		}
	}
	return "{" + strings.Join(names, " ") + "}"
}

// Has reports whether the set holds t.
func (s TargetSet) Has(t Target) bool { return s&(1<<t) != 0 }

// other returns the opposite of browser or server.
func (t Target) other() Target {
	if t == Browser {
		return Server
	}
	return Browser
}
