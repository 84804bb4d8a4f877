// Proxybench compares the chat relay of package hybrid with net/http/httputil's
// ReverseProxy: CPU of a request and of a stream, added latency, and memory under
// many streams. It needs Linux, for it reads /proc.
//
//	go run -C tools ./proxybench
//	go run -C tools ./proxybench -quick
//
// Everything runs on loopback: this process makes the load; a mock of OpenAI's API
// and the two proxies are child processes of it. The ReverseProxy reads the
// request's body first, as a proxy that routes must, and without which it cuts off
// streams (golang/go#40747). Ours goes the full path: bearer token, default
// policies, backend/openai, usage, ledger. Both have the same transport.
//
// What counts is the CPU time of a proxy's process, which says little about what else
// the machine was doing. Within a round the proxies take short turns, A B B A, so that
// what it does say comes over both alike; a round lasts until both have used several
// seconds, for the kernel counts in ticks of 10 ms. The result is the median of the
// rounds' ratios.
//
// The ReverseProxy is as most use it. With -pooled it reuses its buffers of 32 KiB,
// which otherwise make most of its work for the garbage collector.
//
// An answer is whole if it is, byte for byte, what the mock sent. One that isn't
// makes the exit status 1; a budget that is not kept doesn't.
//
// With -profile each proxy writes profiles of its CPU time and of its allocations;
// -run chooses what is measured, and so what they show:
//
//	go run -C tools ./proxybench -run 'stream c=16' -profile /tmp
//	go tool pprof -top /tmp/edgewise.cpu.pprof
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
