package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// runner returns the process that generates, which Ollama starts with the first
// request for a model.
func (o *ollama) runner() (*process, error) {
	if o.cmd == nil {
		return nil, errors.New("ollama is down")
	}
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		p, err := readProcess(file)
		if err == nil && p.group == o.cmd.Process.Pid && p.pid != p.group && p.state != "Z" { // others come and go as we look
			return p, nil
		}
	}
	return nil, errors.New("ollama has no runner")
}

// rest waits until the runner has taken no CPU time for a while, and returns, in ticks,
// what it has taken so far.
func (o *ollama) rest(ctx context.Context) (ticks int64, err error) {
	const while = 500 * time.Millisecond
	for taken := int64(-1); taken < ticks; {
		taken = ticks
		select {
		case <-ctx.Done():
			return 0, fmt.Errorf("the runner goes on: %w", ctx.Err())
		case <-time.After(while):
		}
		runner, err := o.runner()
		if err != nil {
			return 0, err
		}
		ticks = runner.ticks
	}
	return ticks, nil
}

// process is what /proc tells of one.
type process struct {
	pid, group int
	state      string // "Z" once it has ended and nobody has asked how
	ticks      int64  // of CPU time in user and kernel mode, 10 ms each
}

func readProcess(file string) (*process, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return parseProcess(text)
}

// parseProcess reads /proc/PID/stat. The second field is the program's name in
// parentheses, and may hold anything, spaces and parentheses too.
func parseProcess(text []byte) (*process, error) {
	pid, rest, ok := bytes.Cut(text, []byte(" ("))
	end := bytes.LastIndexByte(rest, ')')
	fields := bytes.Fields(rest[end+1:]) // from the third on, the state
	if !ok || end < 0 || len(fields) < 13 {
		return nil, fmt.Errorf("not a /proc/PID/stat: %q", text)
	}
	p := process{state: string(fields[0])}
	var user, kernel int64
	var errs [4]error
	p.pid, errs[0] = strconv.Atoi(string(pid))
	p.group, errs[1] = strconv.Atoi(string(fields[2]))
	user, errs[2] = strconv.ParseInt(string(fields[11]), 10, 64)
	kernel, errs[3] = strconv.ParseInt(string(fields[12]), 10, 64)
	p.ticks = user + kernel
	return &p, errors.Join(errs[:]...)
}
