// Explain shows how one routing decision comes about: which models each filter
// removed, what each policy said and by which numbers, and where that ends. It
// reads the body of POST /browser/route; the policies and models are the built-in
// ones, or those of a service as its GET /browser/policy tells them.
//
//	go run -C examples ./explain explain/request.json
//	go run -C examples ./explain -snapshot /tmp/policy.json -tier pro - < request.json
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strconv"

	"github.com/edgewise-ai/edgewise/examples/internal/command"
	"github.com/edgewise-ai/edgewise/policy"
)

func main() {
	command.Main("explain", run)
}

// config is what the command line says.
type config struct {
	request  string // file, or "-"
	snapshot string // file; empty means the built-in policies and models
	json     bool
	subject  []func(*policy.Subject) // what to change in it
}

const usage = `Usage: go run -C examples ./explain [flags] [REQUEST.json | -]

REQUEST.json is the body of POST /browser/route; explain/request.json is an example.
Without one, or with -, it is read from standard input. Relative paths start at
examples/, because of -C.
`

// parse reads the command line.
func parse(args []string, help io.Writer) (config, error) {
	var c config
	flags := command.NewFlags("explain")
	flags.StringVar(&c.snapshot, "snapshot", "", "decide as the service whose GET /browser/policy answered this `file` (default: built-in)")
	flags.BoolVar(&c.json, "json", false, "print JSON instead of tables")
	flags.Func("tier", "the identity's tier is this `word`", func(tier string) error {
		c.change(func(s *policy.Subject) { s.Tier = tier })
		return nil
	})
	flags.Func("bucket", "the identity's rollout bucket is this `number`, 0 to 9999", func(text string) error {
		bucket, err := strconv.Atoi(text)
		if err != nil || bucket < 0 || bucket >= policy.FullRollout {
			return errors.New("want 0 to 9999")
		}
		c.change(func(s *policy.Subject) { s.RolloutBucket = bucket })
		return nil
	})
	flags.Func("budget", "the identity's budget for the server has this `number` of millionths of a US dollar left", func(text string) error {
		left, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return errors.New("want a whole number; 0 or less is spent")
		}
		c.change(func(s *policy.Subject) {
			if s.Budget == nil {
				s.Budget = new(policy.Balance)
			}
			s.Budget.RemainingMicroUSD = left
		})
		return nil
	})
	if err := command.Parse(flags, args, usage, help); err != nil {
		return config{}, err
	}
	if flags.NArg() > 1 {
		return config{}, fmt.Errorf("there is one request at a time: what is %q? Flags come before the file", flags.Arg(1))
	}
	if c.request = flags.Arg(0); c.request == "" {
		c.request = "-"
	}
	return c, nil
}

func (c *config) change(subject func(*policy.Subject)) { c.subject = append(c.subject, subject) }

// run explains one request.
func run(args []string, stdin io.Reader, stdout io.Writer) error {
	c, err := parse(args, stdout)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	r, err := readRequest(c.request, stdin)
	if err != nil {
		return err
	}
	s, err := openService(c.snapshot)
	if err != nil {
		return err
	}
	for _, change := range c.subject {
		change(&s.subject)
	}
	e, err := explain(s, r)
	if err != nil {
		return err
	}
	if c.json {
		return command.WriteJSON(stdout, e)
	}
	return e.writeTables(stdout)
}
