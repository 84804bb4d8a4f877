// Calibrate sets the thresholds of policy.Complexity to a target share of server
// calls, by an app's own log. A line of the log is a JSON object with the numbers
// of one request, as the page sends them to POST /browser/route: promptLength and,
// where there are, promptTokens, maxTokens, complexity, task and features.
// "sufficient" may say whether a local answer was good enough; what else a line
// holds is ignored.
//
//	go run -C examples ./calibrate -log calibrate/example.jsonl -server-share 0.3
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/edgewise-ai/edgewise/examples/internal/command"
	"github.com/edgewise-ai/edgewise/policy"
)

func main() {
	command.Main("calibrate", run)
}

// config is what the command line says.
type config struct {
	log    string // file, or "-"
	share  float64
	priors map[string]policy.Level // by task
	json   bool
}

const usage = `Usage: go run -C examples ./calibrate -log FILE -server-share SHARE [flags]

FILE has a JSON object a line; calibrate/example.jsonl is an example, with made-up
numbers. Relative paths start at examples/, because of -C.
`

// parse reads the command line.
func parse(args []string, help io.Writer) (config, error) {
	c := config{share: -1, priors: make(map[string]policy.Level)}
	flags := command.NewFlags("calibrate")
	flags.StringVar(&c.log, "log", "", "read the log in this `file`, or on standard input for -")
	flags.Func("server-share", "send this `share` of the requests to the server, 0 to 1", func(text string) (err error) {
		if c.share, err = strconv.ParseFloat(text, 64); err != nil || !(c.share >= 0 && c.share <= 1) {
			return errors.New("want a number from 0 to 1, such as 0.3 for 30 %")
		}
		return nil
	})
	flags.Func("tasks", "how complex requests of a task are: `priors` such as summarization=medium,legal=complex", c.setPriors)
	flags.BoolVar(&c.json, "json", false, "print JSON instead of text")
	if err := command.Parse(flags, args, usage, help); err != nil {
		return config{}, err
	}
	switch {
	case flags.NArg() > 0:
		return config{}, fmt.Errorf("there is no argument %q: everything is a flag, see -help", flags.Arg(0))
	case c.log == "":
		return config{}, errors.New("-log is missing: the file to learn from, or - for standard input")
	case c.share < 0:
		return config{}, errors.New("-server-share is missing: the share of requests that may go to the server, 0 to 1")
	}
	return c, nil
}

// setPriors reads task=level pairs.
func (c *config) setPriors(text string) error {
	for pair := range strings.SplitSeq(text, ",") {
		task, level, _ := strings.Cut(pair, "=")
		if _, twice := c.priors[task]; twice {
			return fmt.Errorf("%q has two levels", task)
		}
		c.priors[task] = policy.Level(level)
	}
	return policy.Complexity{Tasks: c.priors}.Validate()
}

// run calibrates to one log.
func run(args []string, stdin io.Reader, stdout io.Writer) error {
	c, err := parse(args, stdout)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	h, err := openHistory(c.log, stdin, c.priors)
	if err != nil {
		return err
	}
	r := newReport(h, calibrate(h, c.share), c.share)
	if c.json {
		return command.WriteJSON(stdout, r)
	}
	return r.writeText(stdout)
}
