//go:build linux

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	switch {
	case err == nil:
	case errors.Is(err, flag.ErrHelp):
		os.Exit(2)
	default:
		fmt.Fprintln(os.Stderr, "proxybench:", err)
		os.Exit(1)
	}
}

// run is the parent, or with -role a child, as which it serves until stdin ends.
func run(ctx context.Context, args []string, out, progress io.Writer) error {
	o, err := parse(args, progress)
	if err != nil {
		return err
	}
	if o.role != "" {
		return o.serve(os.Stdin, out)
	}
	b := &bench{options: *o, progress: progress}
	err = b.measure(ctx)
	b.report.write(out, o)
	switch {
	case ctx.Err() != nil:
		return errors.New("interrupted: the table has what was measured until then")
	case err != nil:
		return err
	case b.report.failed > 0:
		return fmt.Errorf("%d answers failed, the first with: %w", b.report.failed, b.report.failure)
	}
	return nil
}
