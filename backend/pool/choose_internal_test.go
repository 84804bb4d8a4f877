package pool

import (
	"context"
	"math"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/edgewise-ai/edgewise/backend"
	"github.com/edgewise-ai/edgewise/internal/race"
)

// mute is a Backend that is never asked.
type mute struct{}

func (mute) Generate(context.Context, *backend.Request) (*backend.Response, error) {
	return nil, backend.CodeInternal
}
func (mute) Models(context.Context) ([]backend.Model, error) { return nil, backend.CodeInternal }

func mutePool(t testing.TB, n int) *Pool {
	t.Helper()
	opts := Options{ProbeInterval: -1}
	for i := range n {
		opts.Endpoints = append(opts.Endpoints, Endpoint{Name: strconv.Itoa(i), Backend: mute{}, Weight: i + 1})
	}
	p, err := New(opts)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// chooseOnce does what Generate does to find an endpoint, and to leave it.
func (p *Pool) chooseOnce(req *backend.Request) {
	var room [8]candidate
	able, _ := p.candidates(room[:0], req)
	if c, _, ok := p.choose(able, affinityOf(req.Conversation)); ok {
		p.release(c.endpoint)
	}
}

func TestChoiceAllocatesNothing(t *testing.T) {
	p := mutePool(t, 8)
	for _, req := range []*backend.Request{{Model: "m"}, {Model: "m", Conversation: "c"}} {
		if n := testing.AllocsPerRun(100, func() { p.chooseOnce(req) }); n != 0 && !race.Enabled {
			t.Errorf("%v allocations for %+v", n, req)
		}
	}
	if n := testing.AllocsPerRun(100, func() { p.Ready(); p.Continuation() }); n != 0 && !race.Enabled {
		t.Errorf("%v allocations to know whether it is ready", n)
	}
}

func BenchmarkChoose(b *testing.B) {
	for _, n := range []int{1, 2, 8} {
		p := mutePool(b, n)
		for name, req := range map[string]*backend.Request{"any": {Model: "m"}, "conversation": {Model: "m", Conversation: "c8f3a2"}} {
			b.Run(name+"/"+strconv.Itoa(n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					p.chooseOnce(req)
				}
			})
		}
	}
}

// BenchmarkChooseParallel shows what the one lock costs.
func BenchmarkChooseParallel(b *testing.B) {
	p := mutePool(b, 8)
	req := &backend.Request{Model: "m"}
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			p.chooseOnce(req)
		}
	})
}

func BenchmarkReady(b *testing.B) {
	p := mutePool(b, 8)
	b.ReportAllocs()
	for b.Loop() {
		p.Ready()
	}
}

func TestDistanceIsALogarithm(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 10_000 {
		a, endpoint := affinity{key: r.Uint64()}, r.Uint64()
		got := a.distance(endpoint)
		u := mix(a.key^endpoint) | 1
		want := (64 - math.Log2(float64(u))) * (1 << 32)
		if diff := float64(got) - want; math.Abs(diff) > 16 {
			t.Fatalf("distance for %#x is %d, want %.0f", u, got, want)
		}
	}
}

// TestDistanceHasBounds holds the two ends, for distances are multiplied by weights in 64 bits.
func TestDistanceHasBounds(t *testing.T) {
	for u, want := range map[uint64]uint64{1: 64 << 32, 1 << 63: 1 << 32, math.MaxUint64: 1} {
		got := affinity{key: unmix(u)}.distance(0)
		if got < want || got > want+1 || got > math.MaxUint64/maxWeight {
			t.Errorf("distance for %#x is %d, want %d", u, got, want)
		}
	}
}

// unmix is mix's inverse.
func unmix(x uint64) uint64 {
	x = (x ^ x>>31 ^ x>>62) * 0x319642b2d24d8ec3
	x = (x ^ x>>27 ^ x>>54) * 0x96de1b173f119089
	return x ^ x>>30 ^ x>>60
}
