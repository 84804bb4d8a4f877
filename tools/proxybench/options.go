//go:build linux

package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"regexp"
	"time"
)

// options are what the command line says.
type options struct {
	rounds  int           // of each measurement
	cpu     time.Duration // of each, in one round
	pairs   int           // of requests whose latency is compared
	streams int           // at once
	prompt  int           // bytes
	run     *regexp.Regexp
	profile string // directory

	role, upstream string // of a child
}

func parse(args []string, usage io.Writer) (*options, error) {
	o := &options{}
	f := flag.NewFlagSet("proxybench", flag.ContinueOnError)
	f.SetOutput(usage)
	f.IntVar(&o.rounds, "rounds", 3, "`rounds` of each measurement of CPU and memory")
	f.DurationVar(&o.cpu, "cpu", 5*time.Second, "CPU `time` that each proxy uses in one round, at least")
	f.IntVar(&o.pairs, "pairs", 100, "`pairs` of requests whose latency is compared")
	f.IntVar(&o.streams, "streams", 500, "paced `streams` at once")
	f.IntVar(&o.prompt, "prompt", 1000, "length of the prompt in `bytes`")
	f.BoolFunc("quick", "less of everything, for a look in less than a minute; flags after it refine it", func(string) error {
		o.rounds, o.cpu, o.pairs, o.streams = 1, time.Second, 30, 200
		return nil
	})
	pattern := f.String("run", "", "measure only what this regular `expression` matches, such as 'plain c=16'")
	f.StringVar(&o.profile, "profile", "", "existing `directory` for profiles of the proxies, all measurements but the paced one together")
	f.StringVar(&o.role, "role", "", "what a child process is: mock, reverseproxy, reverseproxy-pooled or edgewise")
	f.StringVar(&o.upstream, "upstream", "", "`URL` of a child's upstream")
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	if f.NArg() > 0 {
		return nil, fmt.Errorf("%q is no flag", f.Arg(0))
	}
	if o.rounds < 1 || o.cpu <= 0 || o.pairs < 1 || o.streams < 1 || o.prompt < 1 {
		return nil, errors.New("-rounds, -cpu, -pairs, -streams and -prompt must be above 0")
	}
	var err error
	if o.run, err = regexp.Compile(*pattern); err != nil {
		return nil, fmt.Errorf("-run: %w", err)
	}
	return o, nil
}
