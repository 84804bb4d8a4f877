package main

import (
	"encoding/json"
	"fmt"
	"go/format"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/edgewise-ai/edgewise/examples/internal/text"
	"github.com/edgewise-ai/edgewise/policy"
)

// caution is what a reader of thresholds should know.
const caution = `A threshold sets how many requests go to the server; it can hardly tell which should,
for lengths and counts say little about how hard a request is. On RouteLLM's public labels a prompt's
length alone scores .59 on MMLU (APGR, where chance is .50), the best trained router .60, and a prior
by declared domain .67. So declare tasks first, in the app or with -tasks, rate local answers in the
log ("sufficient"), and calibrate again when traffic changes. The shares are those of
policy.Complexity alone: devices, downloads, privacy and the other policies have their say besides.`

func (r *report) writeText(out io.Writer) error {
	options, err := json.MarshalIndent(r.Options, "", "  ")
	if err != nil {
		return err
	}
	source, err := goSource(r.Options)
	if err != nil {
		return err
	}
	parts := []string{
		fmt.Sprintf("Requests: %d. Declared complex, by themselves or by their task: %d; simple or medium: %d.\nThe other %d go by their numbers.\n",
			r.Requests, r.Declared.Server, r.Declared.Browser, r.Quantile.Of),
		fmt.Sprintf("Thresholds at quantile %d/%d of those, as Go and as JSON:\n", r.Quantile.Rank, r.Quantile.Of),
		indent(source),
		indent(string(options)),
		fmt.Sprintf("They send %s to the server; the target is %.1f %%.\nThe defaults would send %s.\n",
			part(r.Server.Calibrated, r.Requests), 100*r.TargetShare, part(r.Server.Defaults, r.Requests)),
		r.tasks(),
	}
	if r.Rated != nil {
		parts = append(parts, r.Rated.String())
	}
	for _, note := range r.Notes {
		parts = append(parts, text.Wrap("Note: "+note))
	}
	_, err = io.WriteString(out, strings.Join(append(parts, text.Wrap(caution)), "\n"))
	return err
}

// goSource writes the thresholds as they stand in a program.
func goSource(p policy.Complexity) (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "policy.Complexity{\nMaxPromptLength: %s,\nMaxOutputTokens: %s,\nMaxScore: %s,\n",
		grouped(p.MaxPromptLength), grouped(p.MaxOutputTokens), grouped(p.MaxScore))
	if len(p.Tasks) > 0 {
		b.WriteString("Tasks: map[string]policy.Level{\n")
		for _, task := range slices.Sorted(maps.Keys(p.Tasks)) {
			level := string(p.Tasks[task])
			fmt.Fprintf(&b, "%q: policy.%s,\n", task, strings.ToUpper(level[:1])+level[1:])
		}
		b.WriteString("},\n")
	}
	b.WriteString("}\n")
	source, err := format.Source([]byte(b.String()))
	return string(source), err
}

// grouped writes a number as Go has it, 12_345.
func grouped(n int64) string {
	digits := strconv.FormatInt(n, 10)
	for at := len(digits) - 3; at > 0; at -= 3 {
		digits = digits[:at] + "_" + digits[at:]
	}
	return digits
}

// maxTasks is how many tasks are shown, those with the most requests.
const maxTasks = 20

func (r *report) tasks() string {
	rows := [][]string{{"TASK", "REQUESTS", "DECLARED", "TO THE SERVER BY DEFAULT", "CALIBRATED"}}
	row := func(name string, t taskCount) {
		rows = append(rows, []string{
			name, strconv.Itoa(t.Requests), strconv.Itoa(t.Declared), percent(t.Server.Defaults, t.Requests), percent(t.Server.Calibrated, t.Requests),
		})
	}
	for _, t := range r.Tasks[:min(len(r.Tasks), maxTasks)] {
		row(printable(t.Task), t)
	}
	if len(r.Tasks) > maxTasks {
		row(fmt.Sprintf("(%d others)", len(r.Tasks)-maxTasks), total(r.Tasks[maxTasks:]))
	}
	row("(all)", total(r.Tasks))
	return text.Table(rows)
}

func total(tasks []taskCount) (sum taskCount) {
	for _, t := range tasks {
		sum.Requests += t.Requests
		sum.Declared += t.Declared
		sum.Server.Defaults += t.Server.Defaults
		sum.Server.Calibrated += t.Server.Calibrated
	}
	return sum
}

// printable makes a task safe and short enough for a table.
func printable(task string) string {
	if task == "" {
		return "(none)"
	}
	task = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, task)
	return fmt.Sprintf("%.32s", task)
}

// String compares the thresholds with a random choice, which catches the same share
// of the insufficient answers as of all.
func (r *rated) String() string {
	chance := func(sent int) string {
		return fmt.Sprintf("%.1f", float64(r.Insufficient)*float64(sent)/float64(r.Requests))
	}
	return text.Wrap("Of the local answers that were rated, "+part(r.Insufficient, r.Requests)+" were not sufficient. "+
		"Requests that the server answered have no such rating, and may be harder than these. To the server would go:") + "\n" +
		text.Table([][]string{
			{"", "OF THE RATED", "OF THE INSUFFICIENT", "BY CHANCE"},
			{"defaults", part(r.Server.Defaults, r.Requests), part(r.Caught.Defaults, r.Insufficient), chance(r.Server.Defaults)},
			{"calibrated", part(r.Server.Calibrated, r.Requests), part(r.Caught.Calibrated, r.Insufficient), chance(r.Server.Calibrated)},
		})
}

// part tells a part of a whole in both ways.
func part(some, all int) string { return fmt.Sprintf("%d of %d (%s)", some, all, percent(some, all)) }

func percent(some, all int) string {
	if all == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f %%", 100*float64(some)/float64(all))
}

func indent(text string) string {
	return "    " + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n    ") + "\n"
}
