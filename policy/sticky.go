package policy

import "context"

// Sticky prefers the target that the request follows on, with the reason sticky:
// a tool loop stays where it began, because the results of a tool belong to the
// model that called it.
type Sticky struct {
	// Conversations keeps whole conversations where their last answer was made.
	// Defaults to false: the client may switch at a turn boundary, which is how
	// it starts on the server and moves over once a model is loaded.
	Conversations bool `json:"conversations,omitempty"`
}

// Name implements [Namer].
func (Sticky) Name() string { return NameSticky }

func (p Sticky) settled() portable { return p }

// Evaluate implements [Policy].
func (p Sticky) Evaluate(_ context.Context, in *Input) (Verdict, error) {
	stay := in.Request.InToolLoop
	if stay == None && p.Conversations {
		stay = in.Request.LastTarget
	}
	if stay == None {
		return Verdict{}, nil
	}
	return Verdict{Prefer: stay, Reason: KeptInPlace}, nil
}
