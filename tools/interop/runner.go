//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/edgewise-ai/edgewise/tools/internal/proc"
)

// runner returns the process that generates, which Ollama starts with the first
// request for a model.
func (o *ollama) runner() (proc.Stat, error) {
	if o.cmd == nil {
		return proc.Stat{}, errors.New("ollama is down")
	}
	for _, p := range proc.List() {
		if p.Group == o.cmd.Process.Pid && p.PID != p.Group && p.State != "Z" {
			return p, nil
		}
	}
	return proc.Stat{}, errors.New("ollama has no runner")
}

// rest waits until the runner has taken no CPU time for a while, and returns what it
// has taken so far.
func (o *ollama) rest(ctx context.Context) (cpu time.Duration, err error) {
	const while = 500 * time.Millisecond
	for taken := time.Duration(-1); taken < cpu; {
		taken = cpu
		select {
		case <-ctx.Done():
			return 0, fmt.Errorf("the runner goes on: %w", ctx.Err())
		case <-time.After(while):
		}
		runner, err := o.runner()
		if err != nil {
			return 0, err
		}
		cpu = runner.CPU
	}
	return cpu, nil
}
