package main

import (
	"math"
	"slices"
	"sort"

	"github.com/edgewise-ai/edgewise/policy"
)

// setting is the outcome of a calibration.
type setting struct {
	rank, of   int // the quantile, among the undeclared requests
	thresholds policy.Complexity
	scored     bool // some of those have features, so that MaxScore was measured
	sent       int  // requests that go to the server
	beyond     int  // and as many as would with the next quantile on the target's other side, if there is one
}

// calibrate finds the quantile whose thresholds send closest to the given share of
// requests to the server. One quantile serves all three thresholds, so there is
// one knob: the higher it is, the fewer requests go to the server. Of two that are
// equally close it takes the one with fewer.
func calibrate(h *history, share float64) setting {
	q := newQuantiles(h)
	want := share * float64(len(h.requests))
	at := func(rank int) setting {
		thresholds := q.thresholds(rank, h.priors)
		return setting{rank: rank, of: q.of, thresholds: thresholds, scored: len(q.scores) > 0, sent: h.sent(thresholds)}
	}
	// The first rank that does not send too many, and the last that does.
	below := at(sort.Search(q.of, func(rank int) bool { return float64(at(rank).sent) <= want }))
	if below.rank == 0 {
		below.beyond = below.sent
		return below
	}
	above := at(below.rank - 1)
	below.beyond, above.beyond = above.sent, below.sent
	if math.Abs(float64(above.sent)-want) < math.Abs(float64(below.sent)-want) {
		return above
	}
	return below
}

// sent counts the requests that go to the server.
func (h *history) sent(p policy.Complexity) (count int) {
	for i := range h.requests {
		if h.requests[i].target(p) == policy.Server {
			count++
		}
	}
	return count
}

// quantiles are the numbers of the undeclared requests, each kind in rising order.
type quantiles struct {
	of                                  int // requests; ranks go from 0 to that
	promptLengths, outputTokens, scores []int64
}

func newQuantiles(h *history) *quantiles {
	q := new(quantiles)
	for i := range h.requests {
		r := &h.requests[i]
		if r.declared != policy.None {
			continue
		}
		q.of++
		q.promptLengths = append(q.promptLengths, r.promptLength)
		q.outputTokens = append(q.outputTokens, r.outputTokens)
		if r.score >= 0 {
			q.scores = append(q.scores, r.score)
		}
	}
	slices.Sort(q.promptLengths)
	slices.Sort(q.outputTokens)
	slices.Sort(q.scores)
	return q
}

// thresholds are the numbers below or at which rank/of of the requests lie.
func (q *quantiles) thresholds(rank int, priors map[string]policy.Level) policy.Complexity {
	return policy.Complexity{
		MaxPromptLength: q.quantile(q.promptLengths, rank, policy.DefaultMaxPromptLength),
		MaxOutputTokens: q.quantile(q.outputTokens, rank, policy.DefaultMaxOutputTokens),
		MaxScore:        q.quantile(q.scores, rank, policy.DefaultMaxScore),
		Tasks:           priors,
	}
}

// quantile is never 0, which would mean the default. Where nothing was measured it
// is the default.
func (q *quantiles) quantile(sorted []int64, rank int, standard int64) int64 {
	if len(sorted) == 0 {
		return standard
	}
	covered := (rank*len(sorted) + q.of - 1) / q.of
	if covered == 0 {
		return 1
	}
	return max(sorted[covered-1], 1)
}
