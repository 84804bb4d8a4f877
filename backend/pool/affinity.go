package pool

import "math/bits"

// affinity is what places a conversation among endpoints, by rendezvous hashing: each endpoint has a distance to each
// key, and the nearest for its weight has it. When an endpoint leaves only its own keys move, and they come back with
// it; nothing is remembered, so replicas agree, and a restart changes nothing. All is done in integers, for all
// machines must agree as well.
type affinity struct {
	key   uint64
	given bool
}

func affinityOf(conversation string) affinity {
	return affinity{hash(conversation), conversation != ""}
}

// distance is -log2(u) in units of 2^-32, for a u between 0 and 1 that the key and the endpoint share: above 0 and at
// most 2^38. Divided by a weight it is a time of arrival with that weight as its rate, so that the odds of coming first
// are as the weights (Schindelhauer and Schomaker, Weighted Distributed Hash Tables, 2005).
func (a affinity) distance(endpoint uint64) uint64 {
	u := mix(a.key^endpoint) | 1
	whole := bits.LeadingZeros64(u)
	m := u << whole // 2^63 times a number from 1 to 2, whose logarithm comes out bit by bit as it is squared
	var fraction uint64
	for range 32 {
		high, low := bits.Mul64(m, m)
		over := high >> 63 // the square is 2 or more
		m = high<<(1-over) | (low>>63)&^over
		fraction = fraction<<1 | over
	}
	return uint64(whole+1)<<32 - fraction
}

// hash is 64-bit FNV-1a, mixed because a name's last bytes hardly reach its upper half.
func hash(s string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return mix(h)
}

// mix is the finaliser of SplitMix64: each bit of x changes about half of the result's.
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
