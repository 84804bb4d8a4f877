package registry

// plan is a query made ready to be put to many models: what may remove one, in
// the order of the filters. A filter that every model passes has no step in it.
type plan []step

// step keeps the models whose rank in the column is below the given one.
type step struct {
	column   *column
	rank     uint32 // 0 keeps none
	filter   Filter
	download bool // asked only of models that would have to be downloaded
}

// usualSteps is how many steps a plan may have before it allocates. Of the
// columns that every index has a plan uses 16 at most; the rest are for engines
// and GPU features that the device lacks.
const usualSteps = 24

// atMost keeps the models whose property is not above limit.
func (p plan) atMost(f Filter, c *column, limit int64) plan {
	if rank := c.rank(limit); int(rank) < len(c.values) {
		p = append(p, step{column: c, rank: rank, filter: f})
	}
	return p
}

// without keeps the models that lack the property.
func (p plan) without(f Filter, c *column) plan { return p.atMost(f, c, 0) }

// downloadAtMost is atMost for the models that are not on the device.
func (p plan) downloadAtMost(f Filter, c *column, limit int64) plan {
	if rank := c.rank(limit); int(rank) < len(c.values) {
		p = append(p, step{column: c, rank: rank, filter: f, download: true})
	}
	return p
}

// noDownload keeps the models that are on the device.
func (p plan) noDownload(f Filter) plan {
	return append(p, step{column: &emptyColumn, filter: f, download: true})
}

var emptyColumn column

// closed returns the first filter that no download passes, or [FilterNone].
func (p plan) closed() Filter {
	for i := range p {
		if p[i].rank == 0 {
			return p[i].filter
		}
	}
	return FilterNone
}

// narrow takes the models that a filter removes out of left, a part of word w.
// Once none are left, it returns the filter that removed the last of them.
func (p plan) narrow(left uint64, w int, download bool) (uint64, Filter) {
	for i := range p {
		s := &p[i]
		if s.download && !download {
			continue
		}
		if left &= s.column.below(s.rank, w); left == 0 {
			return 0, s.filter
		}
	}
	return left, FilterNone
}

// judge returns the first filter that removes the model at position i, or
// [FilterNone]. A filter that looks at the model's state refused it, if any did.
func (p plan) judge(i int32, at place, refused Filter) Filter {
	if _, f := p.narrow(1<<(i%wordSize), int(i/wordSize), at.needsDownload()); f != FilterNone {
		return f
	}
	return refused
}
