//go:build linux

package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/edgewise-ai/edgewise/tools/internal/proc"
)

// child is a process of this binary in one of its roles.
type child struct {
	role   string
	addr   string // where it listens
	cmd    *exec.Cmd
	cancel context.CancelFunc
}

// start returns once the child listens. It ends when ctx does, if stop isn't called before.
func start(ctx context.Context, role string, args ...string) (*child, error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	cmd := exec.CommandContext(ctx, exe, append([]string{"-role=" + role}, args...)...)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		cancel()
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		cancel()
		return nil, err
	}
	cmd.Cancel, cmd.WaitDelay = in.Close, 10*time.Second // see serve; killed only if that doesn't help
	if err := cmd.Start(); err != nil {
		cancel()
		return nil, err
	}
	c := &child{role: role, cmd: cmd, cancel: cancel}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		_ = c.stop()
		return nil, fmt.Errorf("%s did not start", role)
	}
	c.addr = strings.TrimSpace(line)
	return c, nil
}

// stop returns once the child has ended.
func (c *child) stop() error {
	c.cancel()
	err := c.cmd.Wait()
	if c.cmd.ProcessState.Success() {
		return nil // whatever Wait says of a context that ended, as it should
	}
	return fmt.Errorf("%s: %w", c.role, err)
}

func (c *child) cpu() (time.Duration, error) {
	stat, err := proc.Read(c.cmd.Process.Pid)
	return stat.CPU, err
}

// peak is in KiB.
func (c *child) peak() (int64, error) { return proc.Peak(c.cmd.Process.Pid) }
