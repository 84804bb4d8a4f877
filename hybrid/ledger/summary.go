package ledger

// BySource is a sum for each source that has one.
type BySource map[Source]Tally

// Summary is a view of many sums: in total, by source, and by each further
// property and source.
type Summary struct {
	Total    Tally               `json:"total"`
	BySource BySource            `json:"bySource"`
	ByModel  map[string]BySource `json:"byModel"`
	ByReason map[string]BySource `json:"byReason"` // entries without a reason are left out
	ByDay    map[string]BySource `json:"byDay"`    // "2026-11-23", in UTC
}

// Summarize adds up sums.
func Summarize(sums []Sum) Summary {
	s := Summary{
		BySource: make(BySource),
		ByModel:  make(map[string]BySource),
		ByReason: make(map[string]BySource),
		ByDay:    make(map[string]BySource),
	}
	for i := range sums {
		sum := &sums[i]
		s.Total.Add(sum.Tally)
		s.BySource.add(sum)
		addTo(s.ByModel, sum.Model, sum)
		if sum.Reason != "" {
			addTo(s.ByReason, sum.Reason, sum)
		}
		addTo(s.ByDay, sum.Day, sum)
	}
	return s
}

func (b BySource) add(sum *Sum) {
	t := b[sum.Source]
	t.Add(sum.Tally)
	b[sum.Source] = t
}

func addTo(sums map[string]BySource, key string, sum *Sum) {
	if sums[key] == nil {
		sums[key] = make(BySource)
	}
	sums[key].add(sum)
}
