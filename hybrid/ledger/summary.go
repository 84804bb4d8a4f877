package ledger

// Tally is a sum over entries.
type Tally struct {
	Requests         int64 `json:"requests"`
	Failures         int64 `json:"failures"`
	PromptTokens     int64 `json:"promptTokens"`
	CompletionTokens int64 `json:"completionTokens"`
}

func (t *Tally) add(e *Entry) {
	t.Requests++
	if !e.Success {
		t.Failures++
	}
	t.PromptTokens += e.PromptTokens
	t.CompletionTokens += e.CompletionTokens
}

// Summary sums up the entries that a [Memory] holds.
type Summary struct {
	Total    Tally            `json:"total"`
	BySource map[Source]Tally `json:"bySource"`
	ByModel  map[string]Tally `json:"byModel"`
	ByReason map[string]Tally `json:"byReason"` // entries without a reason are left out

	// Evicted is how many older entries had to go and are in none of the sums.
	Evicted int64 `json:"evicted"`
}

// Summary adds up what is held. It walks every entry, a few milliseconds for
// 100,000, so it serves pages that people look at.
func (m *Memory) Summary() Summary {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := Summary{
		BySource: make(map[Source]Tally),
		ByModel:  make(map[string]Tally),
		ByReason: make(map[string]Tally),
		Evicted:  m.evicted,
	}
	for i := range m.ring {
		e := &m.ring[i]
		s.Total.add(e)
		addTo(s.BySource, e.Source, e)
		addTo(s.ByModel, e.Model, e)
		if e.Reason != "" {
			addTo(s.ByReason, e.Reason, e)
		}
	}
	return s
}

func addTo[K comparable](sums map[K]Tally, key K, e *Entry) {
	t := sums[key]
	t.add(e)
	sums[key] = t
}
