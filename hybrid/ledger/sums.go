package ledger

import (
	"cmp"
	"context"
	"errors"
	"time"
)

// Tally is a sum over entries.
type Tally struct {
	Requests         int64 `json:"requests"`
	Failures         int64 `json:"failures"` // of the requests
	PromptTokens     int64 `json:"promptTokens"`
	CompletionTokens int64 `json:"completionTokens"`
	CostMicroUSD     int64 `json:"costMicroUSD"`
	AvoidedMicroUSD  int64 `json:"avoidedMicroUSD"`

	// Suspect is how many entries claim what can't be true. They are in none of
	// the other sums.
	Suspect int64 `json:"suspect"`
}

// Add adds another sum to this one.
func (t *Tally) Add(other Tally) {
	t.Requests += other.Requests
	t.Failures += other.Failures
	t.PromptTokens += other.PromptTokens
	t.CompletionTokens += other.CompletionTokens
	t.CostMicroUSD += other.CostMicroUSD
	t.AvoidedMicroUSD += other.AvoidedMicroUSD
	t.Suspect += other.Suspect
}

// Tally is what the entry adds to a sum.
func (e *Entry) Tally() Tally {
	if e.Suspect != "" {
		return Tally{Suspect: 1}
	}
	t := Tally{
		Requests:         1,
		PromptTokens:     e.PromptTokens,
		CompletionTokens: e.CompletionTokens,
		CostMicroUSD:     e.CostMicroUSD,
		AvoidedMicroUSD:  e.AvoidedMicroUSD,
	}
	if !e.Success {
		t.Failures = 1
	}
	return t
}

// Group is what a sum is about.
type Group struct {
	Day    string // of the entries' Time, in UTC: "2026-11-23"
	Source Source
	Model  string
	Reason string
}

func (g *Group) compare(other *Group) int {
	return cmp.Or(
		cmp.Compare(g.Day, other.Day),
		cmp.Compare(g.Source, other.Source),
		cmp.Compare(g.Model, other.Model),
		cmp.Compare(g.Reason, other.Reason),
	)
}

// Sum is the sum over the entries of one group.
type Sum struct {
	Group
	Tally
}

// DayOf returns the day that a time belongs to, as in a [Group].
func DayOf(t time.Time) string { return t.UTC().Format(time.DateOnly) }

// Query chooses entries.
type Query struct {
	// From and Until bound the entries' Time: from From on, and before Until. Zero
	// is no bound. They count in whole milliseconds; what is below is cut off.
	From, Until time.Time

	// Identity is the hash of the subject whose entries count. Empty means all.
	Identity string
}

// chooses reports whether the query chooses an entry.
func (q *Query) chooses(e *Entry) bool {
	at := e.Time.UnixMilli()
	return (q.From.IsZero() || at >= q.From.UnixMilli()) &&
		(q.Until.IsZero() || at < q.Until.UnixMilli()) &&
		(q.Identity == "" || q.Identity == e.Identity)
}

// ErrTooManyGroups is the error of a [Reader] where a query has more than
// [MaxGroups] groups: its period should be shorter.
var ErrTooManyGroups = errors.New("ledger: the entries fall into too many groups: ask for a shorter period")

// MaxGroups is how many groups one query has at most: fifty a day, as of five models
// with ten reasons each, for a year and more.
const MaxGroups = 20_000

// Reader is a ledger or [Store] that can tell what it holds. Implementations must
// be safe for concurrent use, also while entries are recorded.
type Reader interface {
	// Sums adds up the entries that a query chooses, group by group, sorted by
	// day, source, model and reason as bytes. Entries that were accepted shortly
	// before may be missing until the ledger is flushed. The error wraps
	// [ErrTooManyGroups], [errors.ErrUnsupported] if there is nothing to read from,
	// or what kept it from reading. Sums returns soon after ctx ends.
	Sums(ctx context.Context, q Query) ([]Sum, error)
}
