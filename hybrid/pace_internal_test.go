package hybrid

import (
	"testing"
	"time"
)

// An app that makes up a kind for every request costs neither memory without end
// nor the log's silence on the next.
func TestPaceForgets(t *testing.T) {
	p := newPace[int](func() time.Time { return time.Time{} })
	for i := range 10 * paceKinds {
		if _, due := p.due(i); !due {
			t.Fatalf("%d is not due", i)
		}
		if _, due := p.due(i); due {
			t.Fatalf("%d is due twice", i)
		}
		if len(p.kinds) > paceKinds {
			t.Fatalf("%d kinds are remembered", len(p.kinds))
		}
	}
}
