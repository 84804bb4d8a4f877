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
	"syscall"
	"time"
)

// checkTime bounds one check on a busy machine: the longest generates some 3,000 tokens.
const checkTime = 2 * time.Minute

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp): // the flags were printed
	case err != nil:
		fmt.Fprintln(os.Stderr, "interop:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out, help io.Writer) error {
	flags := flag.NewFlagSet("interop", flag.ContinueOnError)
	flags.SetOutput(help)
	binary := flags.String("ollama", "ollama", "the `program` to run, Ollama 0.6.5 or newer")
	if err := flags.Parse(args); err != nil {
		return err
	}
	s, err := openStage(ctx, *binary)
	if err != nil {
		return err
	}
	defer s.close()
	return s.play(ctx, out)
}

// stage is what the checks play on: Ollama with the tiny model, and a service of
// ours before it.
type stage struct {
	ollama  *ollama
	service *service
}

func openStage(ctx context.Context, binary string) (*stage, error) {
	o, err := newOllama(ctx, binary)
	if err != nil {
		return nil, err
	}
	if err := o.start(ctx); err != nil {
		o.close()
		return nil, err
	}
	if err := o.createModels(ctx); err != nil {
		err = errors.Join(err, o.logTail())
		o.close()
		return nil, err
	}
	s, err := newService(ctx, o.url)
	if err != nil {
		o.close()
		return nil, err
	}
	return &stage{o, s}, nil
}

func (s *stage) close() {
	s.service.close()
	s.ollama.close()
}

// play runs every check, and goes on after one that failed.
func (s *stage) play(ctx context.Context, out io.Writer) error {
	failed := 0
	for _, c := range checks {
		seen, err := s.check(ctx, c)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			failed++
			fmt.Fprintf(out, "FAIL  %-26s %v\n", c.name, err)
			continue
		}
		fmt.Fprintf(out, "ok    %-26s %s\n", c.name, seen)
	}
	if failed > 0 {
		return errors.Join(fmt.Errorf("%d of %d checks failed", failed, len(checks)), s.ollama.logTail())
	}
	return nil
}

func (s *stage) check(ctx context.Context, c check) (seen string, err error) {
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	if err := s.ollama.start(ctx); err != nil { // the check before may have killed it
		return "", err
	}
	return c.run(ctx, s)
}

// check is one thing that must be as it is said. What was seen is for people to read.
type check struct {
	name string
	run  func(context.Context, *stage) (seen string, err error)
}

var checks = []check{
	{"models", checkModels},
	{"plain answers", checkPlain},
	{"streams", checkStreams},
	{"stream, usage not asked", checkUsageWithheld},
	{"stream, go-openai", checkTypedStream},
	{"continued answer", checkContinued},
	{"closed template", checkClosedTemplate},
	{"unknown model", checkUnknownModel},
	{"bad request", checkBadRequest},
	{"tools", checkTools},
	{"given up, stream", checkGivenUpStream},
	{"given up, plain", checkGivenUpPlain},
	{"error lost by Ollama", checkLostError},
	{"client leaves", checkClientLeaves},
	{"runner hangs", checkRunnerHangs},
	{"runner killed", checkRunnerKilled},
	{"Ollama killed", checkKilled},
	{"waiting, Ollama killed", checkWaiting},
	{"Ollama down", checkDown},
	{"Ollama starting", checkStarting},
	{"after all that", checkPlain},
}
