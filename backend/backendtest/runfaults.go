package backendtest

import (
	"context"
	"testing"

	"github.com/edgewise-ai/edgewise/backend"
)

// RunFaults checks an adapter of OpenAI-compatible APIs against all [Cases]. What fails before the answer begins must come
// from Generate, as the *Error that the case names, with the upstream's status, headers and error object. What fails
// later must end the relayed stream with an error and no [DONE], after all that came before. Each request must reach the
// upstream once, and end there when it is over here. The key must show nowhere.
//
// It calls open for each subtest, several at a time, for a backend on the API at baseURL that asks for [ModelID], sends
// a key, doesn't retry, and gives up on an upstream that is silent for 200 ms to 1 s, before the header or after.
func RunFaults(t *testing.T, open func(t *testing.T, baseURL string) backend.Backend) {
	run := func(name string, f Fault, check func(kit, context.Context, *Server) error) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := NewServer(t, f)
			if err := check(kit{open(t, s.URL), patience}, t.Context(), s); err != nil {
				t.Error(err)
			}
		})
	}
	for _, c := range Cases() {
		run(c.Name, c.Fault, func(k kit, ctx context.Context, s *Server) error { return k.checkCase(ctx, &c, s) })
	}
	run("left before the header", Fault{Do: Stall}, kit.checkLeftWaiting)
	run("left before the first event", Fault{At: AfterEvents(0), Do: Stall}, kit.checkLeftWaiting)
	run("left before content", Fault{At: early, Do: Stall}, kit.checkLeftWaiting)
	run("left after content", Fault{}, kit.checkLeftReading)
	run("down", Fault{}, kit.checkDown)
}
