//go:build linux

package main

import (
	"fmt"
	"io"
	"runtime"
	"strings"
	"text/tabwriter"
	"time"
)

// report is the table of results.
type report struct {
	tally
	rows []row
}

// row is a line of the table, each cell as it is printed.
type row struct {
	name                 string
	bare, pooled, ours   string
	rounds               string // against the bare one, as what follows
	result, budget, kept string
	toPooled             string
}

// cpu reports CPU times by their ratio, round by round.
func (r *report) cpu(name string, all each[time.Duration], most float64) {
	addRatio(r, name, all, micros, most)
}

// memory reports KiB by their ratio, round by round.
func (r *report) memory(name string, kib each[float64], most float64) {
	addRatio(r, name, kib, mebi, most)
}

func addRatio[T number](r *report, name string, all each[T], format func(T) string, most float64) {
	rounds := ratios(all[bare], all[ours])
	line := medians(name, all, format)
	line.rounds = list(rounds)
	line.result, line.budget, line.kept = times(median(rounds)), "<= "+times(most), verdict(median(rounds) <= most)
	line.toPooled = times(median(ratios(all[pooled], all[ours])))
	r.rows = append(r.rows, line)
}

// difference reports latencies by their difference, pair by pair.
func (r *report) difference(name string, all each[time.Duration], most time.Duration) {
	pairs := differences(all[bare], all[ours])
	added := median(pairs)
	line := medians(name, all, millis)
	line.rounds = fmt.Sprintf("p25 %+.2f, p75 %+.2f ms", inMillis(percentile(pairs, 25)), inMillis(percentile(pairs, 75)))
	line.result, line.budget, line.kept = signed(added), "<= "+millis(most), verdict(added <= most)
	line.toPooled = signed(median(differences(all[pooled], all[ours])))
	r.rows = append(r.rows, line)
}

// percentile reports latencies that have no budget.
func (r *report) percentile(name string, all each[time.Duration], p float64) {
	r.rows = append(r.rows, cells(fmt.Sprintf("%s, p%.0f", name, p), all, func(each []time.Duration) string { return millis(percentile(each, p)) }))
}

func medians[T number](name string, all each[T], format func(T) string) row {
	return cells(name, all, func(each []T) string { return format(median(each)) })
}

func cells[T number](name string, all each[T], text func([]T) string) row {
	return row{name: name, bare: text(all[bare]), pooled: text(all[pooled]), ours: text(all[ours])}
}

func (r *report) write(w io.Writer, o *options) {
	fmt.Fprintf(w, "%s, GOMAXPROCS %d; prompts of %d bytes, answers of %d tokens; medians of rounds\n\n",
		runtime.Version(), runtime.GOMAXPROCS(0), o.prompt, tokens)
	t := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	fmt.Fprintln(t, "\tReverseProxy\t+ BufferPool\tEdgewise\trounds\tresult\tbudget\t\tto + BufferPool")
	for _, line := range r.rows {
		fmt.Fprintln(t, strings.Join([]string{
			line.name, line.bare, line.pooled, line.ours, line.rounds, line.result, line.budget, line.kept, line.toPooled,
		}, "\t"))
	}
	_ = t.Flush()
	fmt.Fprintf(w, "\nRounds, result and budget are against the bare ReverseProxy.\nanswers that were not whole: %d\n", r.failed)
}

func verdict(kept bool) string {
	if kept {
		return "ok"
	}
	return "over"
}

func list(values []float64) string {
	var b strings.Builder
	for _, v := range values {
		fmt.Fprintf(&b, "%.2f ", v)
	}
	return strings.TrimSpace(b.String())
}

func inMillis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func millis(d time.Duration) string { return fmt.Sprintf("%.2f ms", inMillis(d)) }
func micros(d time.Duration) string {
	return fmt.Sprintf("%.1f µs", float64(d)/float64(time.Microsecond))
}
func mebi(kib float64) string       { return fmt.Sprintf("%.1f MiB", kib/1024) }
func times(ratio float64) string    { return fmt.Sprintf("%.2fx", ratio) }
func signed(d time.Duration) string { return fmt.Sprintf("%+.2f ms", inMillis(d)) }
