package registry

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/edgewise-ai/edgewise/capability"
	"github.com/edgewise-ai/edgewise/internal/strictjson"
)

// Query is what [Index.Select] is asked: the device, the request's size and
// needs, what lies on the device already, and the operator's limits. The zero
// Query accepts every enabled model.
type Query struct {
	Device  *capability.Device    // nil means nothing is known
	Tokens  int64                 // prompt and completion together
	Task    string                // the declared task, "" for none
	Needs   Features              // what the request asks of the engine
	Engines []string              // the page's engines that can honour this very request; nil means all it carries
	States  map[string]ModelState // by model ID; a model that is missing is unknown
	Network Network
	Limits  *Limits // nil means the zero Limits
}

// Network is what the page knows of its connection. False means no or unknown.
type Network struct {
	Offline  bool `json:"offline,omitempty"`  // navigator.onLine is false, which can be trusted
	SaveData bool `json:"saveData,omitempty"` // the user asked to save data
	Metered  bool `json:"metered,omitempty"`  // the connection is paid by volume
}

// Limits are the operator's bounds on what may run in a browser.
type Limits struct {
	// AllowSoftwareGPU accepts an adapter that renders in software for a model
	// that needs WebGPU. Defaults to false: such an adapter needs seconds a
	// token. Tests turn it on.
	AllowSoftwareGPU bool `json:"allowSoftwareGPU,omitempty"`

	// MaxModelBytes is the largest download offered to anyone.
	// Defaults to 0, no limit.
	MaxModelBytes int64 `json:"maxModelBytes,omitempty"`

	// DisabledEngines is the kill switch per engine. Defaults to none.
	DisabledEngines []string `json:"disabledEngines,omitempty"`

	// MaxFailures is how many recent failures of a model on a device take it
	// out of the choice. Defaults to 3 (book chapter 5.5.9, "Error Handling").
	MaxFailures int `json:"maxFailures,omitempty"`

	// MinTokensPerSecondMilli is the speed, in thousandths of a token a second,
	// under which a model that was measured on this device is not chosen.
	// Defaults to 0, no floor.
	MinTokensPerSecondMilli int64 `json:"minTokensPerSecondMilli,omitempty"`

	// FastTokensPerSecondMilli is the speed, in thousandths of a token a second,
	// under which a model on the device stands behind the faster ones there, and
	// a download behind all others. What was measured on this device counts, or
	// else what the page predicts; a model of unknown speed is fast enough.
	// Defaults to 5,000, about as fast as people read: 238 words a minute
	// (Brysbaert 2019), at some 1.3 tokens a word. 1 ranks without regard to speed.
	FastTokensPerSecondMilli int64 `json:"fastTokensPerSecondMilli,omitempty"`
}

const (
	// DefaultMaxFailures is the default of [Limits.MaxFailures].
	DefaultMaxFailures = 3

	// DefaultFastTokensPerSecondMilli is the default of
	// [Limits.FastTokensPerSecondMilli].
	DefaultFastTokensPerSecondMilli = 5000
)

// Validate reports the first limit that is out of range: negative, or beyond
// 2^53-1, up to which every page computes exactly.
func (l *Limits) Validate() error {
	for _, engine := range l.DisabledEngines {
		if !validFramework(engine) {
			return fmt.Errorf("registry: Limits.DisabledEngines names %.200q: want %s", engine, wantFramework)
		}
	}
	for _, limit := range [...]struct {
		name  string
		value int64
		zero  string // what 0 means
	}{
		{"MaxModelBytes", l.MaxModelBytes, "no limit"},
		{"MaxFailures", int64(l.MaxFailures), fmt.Sprintf("the default, %d", DefaultMaxFailures)},
		{"MinTokensPerSecondMilli", l.MinTokensPerSecondMilli, "no floor"},
		{"FastTokensPerSecondMilli", l.FastTokensPerSecondMilli, fmt.Sprintf("the default, %d", DefaultFastTokensPerSecondMilli)},
	} {
		if limit.value < 0 || limit.value > capability.MaxCount {
			return fmt.Errorf("registry: Limits.%s is %d: want 0 (%s) to 2^53-1", limit.name, limit.value, limit.zero)
		}
	}
	return nil
}

// WithDefaults returns the limits with every default filled in and no memory
// shared with the receiver.
func (l Limits) WithDefaults() Limits {
	l.DisabledEngines = slices.Clone(l.DisabledEngines)
	l.MaxFailures = cmp.Or(l.MaxFailures, DefaultMaxFailures)
	l.FastTokensPerSecondMilli = cmp.Or(l.FastTokensPerSecondMilli, DefaultFastTokensPerSecondMilli)
	return l
}

// UnmarshalJSON implements [json.Unmarshaler]. A limit that nobody here knows
// would change what may run, so it is an error.
func (l *Limits) UnmarshalJSON(data []byte) error {
	type plain Limits
	return strictjson.Decode(data, (*plain)(l))
}

// Status is where a model is, seen from one page.
type Status string

// The states of a model in a page. The empty status means unknown.
const (
	Absent Status = "absent" // must be downloaded
	Cached Status = "cached" // on disk, must be loaded
	Loaded Status = "loaded" // resident, answers at once
)

// ModelState is what a page knows of one model on its device. Zero measurements
// mean unknown.
type ModelState struct {
	Status               Status           `json:"status,omitempty"`
	LoadMs               capability.Count `json:"loadMs,omitzero"`               // expected time from cached to loaded
	TokensPerSecondMilli capability.Count `json:"tokensPerSecondMilli,omitzero"` // measured decoding speed, thousandths
	TTFTMs               capability.Count `json:"ttftMs,omitzero"`               // measured time to first token
	Failures             capability.Count `json:"failures,omitzero"`             // within the page's failure window

	// PredictedTokensPerSecondMilli is the speed that the page expects of a model
	// that it has not measured. No filter looks at it; the ranking does, and a
	// policy may.
	PredictedTokensPerSecondMilli capability.Count `json:"predictedTokensPerSecondMilli,omitzero"`
}
