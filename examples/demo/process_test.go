package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// asDemo in the environment makes this test binary the demo. So what is killed is a
// process, with the race detector in it if the tests have one.
const asDemo = "EDGEWISE_TEST_AS_DEMO"

func TestMain(m *testing.M) {
	if os.Getenv(asDemo) == "" {
		os.Exit(m.Run())
	}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin) // it ends when the tests do, however they do
		os.Exit(3)
	}()
	main()
}

// patience is how long a test waits for what takes no time to speak of.
const patience = 30 * time.Second

// process is a demo in a process of its own.
type process struct {
	url   string
	cmd   *exec.Cmd
	ended chan error
}

// start starts one on a free port. It doesn't outlive the test.
func start(t *testing.T, args ...string) *process {
	t.Helper()
	cmd := exec.Command(os.Args[0], append([]string{"-addr", "127.0.0.1:0"}, args...)...)
	cmd.Env = append(os.Environ(), asDemo+"=yes")
	var log strings.Builder
	cmd.Stderr = &log
	if _, err := cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	p := &process{cmd: cmd, ended: make(chan error, 1)}
	go func() { p.ended <- cmd.Wait() }()
	t.Cleanup(func() {
		if p.tell(syscall.SIGKILL) == nil { // it has not ended yet
			_ = p.wait()
		}
		if t.Failed() && log.Len() > 0 {
			t.Logf("the demo's log:\n%s", &log)
		}
	})
	url, found := strings.CutPrefix(strings.TrimSpace(line), "Edgewise demo on ")
	if err != nil || !found {
		t.Fatalf("the demo says %q, %v", line, err)
	}
	p.url = url
	return p
}

// tell sends a signal.
func (p *process) tell(sig os.Signal) error { return p.cmd.Process.Signal(sig) }

// wait returns how the process has ended, once it has.
func (p *process) wait() error {
	select {
	case err := <-p.ended:
		return err
	case <-time.After(patience):
		return fmt.Errorf("the demo has not ended after %v", patience)
	}
}
