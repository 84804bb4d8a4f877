// Package command is what the command-line examples have in common.
package command

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
)

// Main runs a command of the given name, and ends the program with 1 if it fails.
func Main(name string, run func(args []string, stdin io.Reader, stdout io.Writer) error) {
	if err := run(os.Args[1:], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, name+":", err)
		os.Exit(1)
	}
}

// NewFlags returns a set of flags for [Parse].
func NewFlags(name string) *flag.FlagSet {
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	flags.SetOutput(io.Discard) // an error is told once, by Main
	return flags
}

// Parse reads the command line. Asked for help, it writes usage and the flags to
// help and returns [flag.ErrHelp].
func Parse(flags *flag.FlagSet, args []string, usage string, help io.Writer) error {
	err := flags.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprintf(help, "%s\n", usage)
		flags.SetOutput(help)
		flags.PrintDefaults()
	}
	return err
}

// WriteJSON writes v as people read it.
func WriteJSON(out io.Writer, v any) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(v)
}
