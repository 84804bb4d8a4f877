// Package text lays out what the command-line examples print.
package text

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"unicode/utf8"
)

// Width is how many columns the output takes at most, as far as its words allow.
const Width = 100

// Table aligns rows of cells, which must have as many cells each. The last column
// is wrapped.
func Table(rows [][]string) string {
	const gap = 2
	room := Width
	for column := range len(rows[0]) - 1 {
		widest := 0
		for _, row := range rows {
			widest = max(widest, utf8.RuneCountInString(row[column]))
		}
		room -= widest + gap
	}
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, gap, ' ', 0)
	for _, row := range rows {
		last := len(row) - 1
		head := strings.Join(row[:last], "\t") + "\t"
		for line := range strings.Lines(wrap(row[last], room)) {
			fmt.Fprintf(w, "%s%s", head, line)
			head = strings.Repeat("\t", last)
		}
	}
	_ = w.Flush() // a strings.Builder takes everything
	var trimmed strings.Builder
	for line := range strings.Lines(b.String()) {
		trimmed.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	return trimmed.String()
}

// Wrap breaks a paragraph into lines.
func Wrap(paragraph string) string { return wrap(paragraph, Width) }

// wrap breaks text at spaces into lines of so many columns, one line at least. A
// word that is longer has a line of its own.
func wrap(text string, room int) string {
	var b strings.Builder
	column := 0
	for _, word := range strings.Fields(text) {
		length := utf8.RuneCountInString(word)
		switch {
		case column == 0:
		case column+1+length <= room:
			b.WriteByte(' ')
			column++
		default:
			b.WriteByte('\n')
			column = 0
		}
		b.WriteString(word)
		column += length
	}
	return b.String() + "\n"
}
