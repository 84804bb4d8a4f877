package main

import (
	"fmt"
	"io"
	"runtime"
	"strings"
	"text/tabwriter"
	"time"
)

// report is the table of results. The values of a pair are those of the proxies in
// the order of proxyRoles.
type report struct {
	tally
	rows []row
}

// row is a line of the table, each cell as it is printed.
type row struct {
	name                string
	reverseProxy, ours  string
	rounds              string
	result, budget, was string
}

// ratio reports CPU times by their ratio, round by round.
func (r *report) ratio(name string, each [2][]time.Duration, most float64) {
	all := ratios(each[0], each[1])
	r.within(row{
		name: name, reverseProxy: micros(median(each[0])), ours: micros(median(each[1])), rounds: list(all),
	}, median(all), most)
}

// memory reports KiB by their ratio, round by round.
func (r *report) memory(name string, kib [2][]float64, most float64) {
	all := ratios(kib[0], kib[1])
	r.within(row{
		name: name, reverseProxy: mebi(median(kib[0])), ours: mebi(median(kib[1])), rounds: list(all),
	}, median(all), most)
}

// within adds a row whose result is a ratio with a budget.
func (r *report) within(line row, ratio, most float64) {
	line.result, line.budget, line.was = fmt.Sprintf("%.2fx", ratio), fmt.Sprintf("<= %.2fx", most), verdict(ratio <= most)
	r.rows = append(r.rows, line)
}

// difference reports latencies by their difference, pair by pair.
func (r *report) difference(name string, each [2][]time.Duration, most time.Duration) {
	all := differences(each[0], each[1])
	added := median(all)
	r.rows = append(r.rows, row{
		name: name, reverseProxy: millis(median(each[0])), ours: millis(median(each[1])),
		rounds: fmt.Sprintf("p25 %+.2f, p75 %+.2f ms", inMillis(percentile(all, 25)), inMillis(percentile(all, 75))),
		result: fmt.Sprintf("%+.2f ms", inMillis(added)), budget: "<= " + millis(most), was: verdict(added <= most),
	})
}

// percentile reports latencies that have no budget.
func (r *report) percentile(name string, each [2][]time.Duration, p float64) {
	r.rows = append(r.rows, row{
		name: fmt.Sprintf("%s, p%.0f", name, p), reverseProxy: millis(percentile(each[0], p)), ours: millis(percentile(each[1], p)),
	})
}

func (r *report) write(w io.Writer, o *options) {
	fmt.Fprintf(w, "%s, GOMAXPROCS %d; prompts of %d bytes, answers of %d tokens; medians of rounds\n\n",
		runtime.Version(), runtime.GOMAXPROCS(0), o.prompt, tokens)
	t := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	fmt.Fprintln(t, "\tReverseProxy\tEdgewise\trounds\tresult\tbudget\t")
	for _, line := range r.rows {
		fmt.Fprintln(t, strings.Join([]string{
			line.name, line.reverseProxy, line.ours, line.rounds, line.result, line.budget, line.was,
		}, "\t"))
	}
	_ = t.Flush()
	fmt.Fprintf(w, "\nanswers that were not whole: %d\n", r.failed)
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
func mebi(kib float64) string { return fmt.Sprintf("%.1f MiB", kib/1024) }
