package policy

import (
	"fmt"
	"slices"

	"github.com/edgewise-ai/edgewise/capability"
	"github.com/edgewise-ai/edgewise/registry"
)

// Level is how complex the app says a request is.
type Level string

// The levels. The empty level is [Auto].
const (
	Auto    Level = "auto"
	Simple  Level = "simple"
	Medium  Level = "medium"
	Complex Level = "complex"
)

// PrivacyLevel bounds where a prompt may go.
type PrivacyLevel string

// PrivacyLocalOnly forbids the server: the prompt must not leave the device. The empty
// level bounds nothing.
const PrivacyLocalOnly PrivacyLevel = "local-only"

// Mode is the user's own switch. It is a wish about speed and cost, not about
// privacy: "always" still falls back to the server.
type Mode string

// The modes. The empty mode is [ModeAuto].
const (
	ModeAuto   Mode = "auto"
	ModeAlways Mode = "always"
	ModeNever  Mode = "never"
)

// DefaultMaxTokens is the completion length assumed for a request that states
// none, in tokens: between the 100 and the 500 of the book's examples (chapters
// 5.5.5 and 5.5.6).
const DefaultMaxTokens = 256

// Request is what a decision may know of one prompt: lengths, counts and wishes,
// never its text. It is the body of the route endpoint, beside what the page says
// of itself; there promptLength must not be missing. The zero Request is an empty
// prompt with no wish.
type Request struct {
	PromptLength int64         `json:"promptLength"`           // Unicode code points of all messages
	PromptTokens int64         `json:"promptTokens,omitempty"` // if the page counted; 0 means estimate
	MaxTokens    int64         `json:"maxTokens,omitempty"`    // completion tokens; 0 means [DefaultMaxTokens]
	Complexity   Level         `json:"complexity,omitempty"`   // declared by the app
	Task         string        `json:"task,omitempty"`         // "classification"; matched against a model's capabilities
	Privacy      PrivacyLevel  `json:"privacy,omitempty"`
	Preference   Mode          `json:"preference,omitempty"` // for this request; [State.Mode] is the standing one
	Features     *TextFeatures `json:"features,omitempty"`

	Needs registry.Features `json:"needs,omitzero"` // what the model must support

	// Engines are those of the page that can honour this very request, by the names
	// that [capability.Device] has them under: which fields an engine takes, only the
	// page knows. 16 at most, of 1 to 64 bytes. Nil means all that the page
	// carries; an empty list that none can.
	Engines []string `json:"engines,omitzero"`

	ConversationID string `json:"conversationId,omitempty"`
	InToolLoop     Target `json:"inToolLoop,omitzero"` // where the loop began
	LastTarget     Target `json:"lastTarget,omitzero"` // where the conversation's last answer was made
}

// FieldError says which field of a request is wrong, by its name on the wire.
type FieldError struct {
	Field   string
	Problem string
}

// Error implements error.
func (e *FieldError) Error() string { return fmt.Sprintf("%s %s", e.Field, e.Problem) }

// maxWord bounds the free words of a request, in bytes.
const maxWord = 200

// Validate reports the first field that makes no sense, as a [*FieldError].
func (r *Request) Validate() error {
	err := validCounts(
		count{"promptLength", r.PromptLength},
		count{"promptTokens", r.PromptTokens},
		count{"maxTokens", r.MaxTokens},
		count{"needs.n", int64(r.Needs.N)},
	)
	if err != nil {
		return err
	}
	if r.Features != nil {
		if err := r.Features.validate(); err != nil {
			return err
		}
	}
	switch {
	case !oneOf(r.Complexity, "", Auto, Simple, Medium, Complex):
		return &FieldError{"complexity", "must be auto, simple, medium or complex"}
	case !oneOf(r.Privacy, "", PrivacyLocalOnly):
		return &FieldError{"privacy", "must be local-only or absent"}
	case !oneOf(r.Preference, "", ModeAuto, ModeAlways, ModeNever):
		return &FieldError{"preference", "must be auto, always or never"}
	case r.InToolLoop >= targetCount:
		return &FieldError{"inToolLoop", "must be browser, server or absent"}
	case r.LastTarget >= targetCount:
		return &FieldError{"lastTarget", "must be browser, server or absent"}
	case len(r.Task) > maxWord:
		return &FieldError{"task", fmt.Sprintf("must have at most %d bytes", maxWord)}
	case len(r.Engines) > capability.MaxEngines || !allNames(r.Engines):
		return &FieldError{"engines", fmt.Sprintf("must have at most %d names of 1 to %d bytes", capability.MaxEngines, capability.MaxLabelLength)}
	case len(r.ConversationID) > maxWord:
		return &FieldError{"conversationId", fmt.Sprintf("must have at most %d bytes", maxWord)}
	}
	return nil
}

func (f *TextFeatures) validate() error {
	return validCounts(
		count{"features.codePoints", f.CodePoints},
		count{"features.messages", f.Messages},
		count{"features.codeFences", f.CodeFences},
		count{"features.digits", f.Digits},
		count{"features.operators", f.Operators},
		count{"features.questionWords", f.QuestionWords},
		count{"features.reasoningVerbs", f.ReasoningVerbs},
		count{"features.cjk", f.CJK},
	)
}

// count is a number of a request, by its name on the wire.
type count struct {
	field string
	value int64
}

func validCounts(counts ...count) error {
	for _, c := range counts {
		if c.value < 0 || c.value > capability.MaxCount {
			return &FieldError{c.field, fmt.Sprintf("is %d: want 0 to 2^53-1", c.value)}
		}
	}
	return nil
}

// allNames reports whether every one can be an engine's name. A null in a JSON list
// is an empty string here.
func allNames(names []string) bool {
	return !slices.ContainsFunc(names, func(name string) bool {
		return name == "" || len(name) > capability.MaxLabelLength
	})
}

func oneOf[T comparable](v T, valid ...T) bool {
	return slices.Contains(valid, v)
}
