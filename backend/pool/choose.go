package pool

import (
	"cmp"
	"math/bits"
	"slices"
)

// golden is 2^64 divided by the golden ratio. Steps of it spread evenly over 2^64 however many are taken, also if only
// every second or third is looked at, as when requests for two models alternate (Knuth, TAOCP 3, 6.4).
const golden = 0x9E3779B97F4A7C15

// choose picks the endpoint to ask next, among candidates not tried, and takes a place there; false if there is none to
// be asked now. It allocates nothing for up to eight endpoints of one priority.
func (p *Pool) choose(able []candidate, key affinity) (candidate, ticket, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var room [8]*endpoint
	group := firstGroup(room[:0], able, p.now())
	if len(group) == 0 {
		return candidate{}, ticket{}, false
	}
	var e *endpoint
	if key.given {
		e = nearest(group, key)
	} else {
		p.turn += golden
		e = leastBusy(group, p.turn)
	}
	e.inFlight++
	e.requests++
	t := e.circuit.admit()
	e.from.Store(int64(e.circuit.from()))
	i := slices.IndexFunc(able, func(c candidate) bool { return c.endpoint == e })
	able[i].tried = true
	return able[i], t, true
}

// firstGroup appends the endpoints of the lowest priority that has any to be asked now.
func firstGroup(group []*endpoint, able []candidate, now instant) []*endpoint {
	for _, c := range able {
		if len(group) > 0 && c.Priority > group[0].Priority {
			break
		}
		if c.ready && !c.tried && c.circuit.from() <= now {
			group = append(group, c.endpoint)
		}
	}
	return group
}

// leastBusy returns the endpoint with the least in flight for its weight. Among equals turn decides, a fraction of 2^64
// that falls on each in proportion to its weight.
func leastBusy(group []*endpoint, turn uint64) *endpoint {
	least, weight := group[0], int64(0) // weight is that of all that are as idle as least
	for _, e := range group {
		switch compareLoad(e, least) {
		case -1:
			least, weight = e, e.weight
		case 0:
			weight += e.weight
		}
	}
	at, _ := bits.Mul64(turn, uint64(weight)) // at least 0 and less than weight
	for _, e := range group {
		if compareLoad(e, least) != 0 {
			continue
		}
		if least = e; at < uint64(e.weight) {
			break
		}
		at -= uint64(e.weight)
	}
	return least
}

// compareLoad compares what is in flight for the weight.
func compareLoad(a, b *endpoint) int { return cmp.Compare(a.inFlight*b.weight, b.inFlight*a.weight) }

// nearest returns the endpoint where the key belongs, or the next one if that has too much to do. There is always one:
// not all can have more than their share.
func nearest(group []*endpoint, key affinity) *endpoint {
	var inFlight, weight int64
	for _, e := range group {
		inFlight += e.inFlight
		weight += e.weight
	}
	var best *endpoint
	var least uint64
	for _, e := range group {
		// More than twice its share, and one: "consistent hashing with bounded loads" (Mirrokni, Thorup, Zadimoghaddam
		// 2016).
		if e.inFlight*weight > 2*inFlight*e.weight+weight {
			continue
		}
		if d := key.distance(e.hash); best == nil || d*uint64(best.weight) < least*uint64(e.weight) {
			best, least = e, d
		}
	}
	return best
}
