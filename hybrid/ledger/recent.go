package ledger

// recentIDs is how many IDs each generation of [recent] holds: some 5 MB in both.
const recentIDs = 25_000

// recent remembers the IDs that were recorded last, and forgets the oldest by
// generations. It spares the store what is delivered again soon after, as nearly all
// is that is; older IDs are the store's to know.
type recent struct {
	young, old map[string]struct{}
}

func (r *recent) has(id string) bool {
	if _, known := r.young[id]; known {
		return true
	}
	_, known := r.old[id]
	return known
}

func (r *recent) add(id string) {
	if r.young == nil || len(r.young) >= recentIDs {
		r.young, r.old = make(map[string]struct{}, recentIDs), r.young
	}
	r.young[id] = struct{}{}
}
