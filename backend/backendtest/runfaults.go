package backendtest

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/edgewise-ai/edgewise/backend"
)

// RunFaults checks an adapter of OpenAI-compatible APIs against all [Cases]. What fails before the answer begins must come
// from Generate, as the *Error that the case names, with the upstream's status, headers and error object. What fails
// later must end the relayed stream with an error and no [DONE], after all that came before. Each request must reach the
// upstream once, and end there when it is over here. The key must show nowhere.
//
// It calls open for each subtest, several at a time, for a backend on the API at baseURL that asks for [ModelID], sends
// a key as long as real ones are, doesn't retry, and gives up on an upstream that is silent for as long as silence says,
// before the header or after.
func RunFaults(t *testing.T, open func(t *testing.T, baseURL string, silence time.Duration) backend.Backend) {
	for _, c := range faultChecks() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := c.open(t)
			if err := c.run(kit{open(t, s.URL, c.silence), patience}, t.Context(), s); err != nil {
				t.Error(err)
			}
		})
	}
}

// faultCheck is one thing that RunFaults looks at.
type faultCheck struct {
	name    string
	fault   Fault         // of the first question
	silence time.Duration // after which the backend gives up
	run     func(kit, context.Context, *Server) error
}

func faultChecks() []faultCheck {
	const short, long = patience / 20, patience // the latter is that of a machine that is merely busy
	checks := []faultCheck{
		{"down", Fault{}, long, kit.checkDown},
		{"left before the header", Fault{Do: Stall}, long, kit.checkLeftWaiting},
		{"left before the first event", Fault{At: AfterEvents(0), Do: Stall}, long, kit.checkLeftWaiting},
		{"left before content", Fault{At: early, Do: Stall}, long, kit.checkLeftWaiting},
		{"left after content", Fault{At: late, Do: Stall}, long, kit.checkLeftReading},
	}
	for _, c := range Cases() {
		silence := long
		if c.Fault.Do == Stall {
			silence = short
		}
		checks = append(checks, faultCheck{c.Name, c.Fault, silence, func(k kit, ctx context.Context, s *Server) error {
			return k.checkCase(ctx, &c, s)
		}})
	}
	return checks
}

// open starts a server with the fault in store, which whoever lists models doesn't meet.
func (c *faultCheck) open(t *testing.T) *Server {
	s := NewServer(t)
	var met atomic.Bool
	s.SetFaults(func(r Request) Fault {
		if r.isQuestion() && !met.Swap(true) {
			return c.fault
		}
		return Fault{}
	})
	return s
}
