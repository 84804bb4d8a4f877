package registry

import "cmp"

// place is how soon and how fast a model would answer, by what the page said of it:
// the first thing that candidates are ranked by, best first.
type place uint8

const (
	loadedFast place = iota
	cachedFast
	loadedSlow
	cachedSlow
	download
	slowDownload
)

func (p place) needsDownload() bool { return p >= download }

// place returns where a model in the given state stands.
func (q *Query) place(state *ModelState) place {
	fast, slow := download, slowDownload
	switch state.Status {
	case Loaded:
		fast, slow = loadedFast, loadedSlow
	case Cached:
		fast, slow = cachedFast, cachedSlow
	}
	if q.isSlow(state) {
		return slow
	}
	return fast
}

// isSlow reports whether a model is known to be slow. What was measured counts, or
// else what was predicted; a model of which neither is known is fast enough.
func (q *Query) isSlow(state *ModelState) bool {
	speed := state.TokensPerSecondMilli
	if speed == 0 {
		speed = state.PredictedTokensPerSecondMilli
	}
	return speed != 0 && int64(speed) < cmp.Or(q.Limits.FastTokensPerSecondMilli, DefaultFastTokensPerSecondMilli)
}
