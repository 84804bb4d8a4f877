package policy

import "context"

// Health steers around a side that cannot answer: it prefers the browser while no
// backend takes requests (server_unavailable), and forbids the server to a page
// without a connection (offline). It has no options; failures of a model on the
// device are the candidate choice's business.
type Health struct{}

// Name implements [Namer].
func (Health) Name() string { return NameHealth }

func (p Health) settled() portable { return p }

// Evaluate implements [Policy].
func (Health) Evaluate(_ context.Context, in *Input) (Verdict, error) {
	switch {
	case in.State.Network.Offline:
		return Verdict{Forbid: SetOf(Server), Reason: Offline}, nil
	case in.Subject.Server.Unavailable:
		return Verdict{Prefer: Browser, Reason: ServerUnavailable}, nil
	}
	return Verdict{}, nil
}
