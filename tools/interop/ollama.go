//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// ollama is an Ollama of our own: its files lie in a folder of ours, and its
// processes, the server and the runner that it starts for a model, make up a group.
// It is not safe for concurrent use.
type ollama struct {
	binary, folder, address string
	url                     string

	cmd    *exec.Cmd     // nil while it is down
	exited chan struct{} // closed once cmd is reaped
}

// newOllama prepares an Ollama on a port that is free now, and starts nothing.
func newOllama(ctx context.Context, binary string) (*ollama, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "edgewise-interop-")
	if err != nil {
		return nil, err
	}
	return &ollama{binary: binary, folder: folder, address: address, url: "http://" + address}, nil
}

// launch starts the program, and doesn't wait until it answers.
func (o *ollama) launch() error {
	log, err := os.OpenFile(o.logFile(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	cmd := exec.Command(o.binary, "serve") //nolint:noctx // it ends by kill, which takes the runner along
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Env = []string{ // nothing of ours: a proxy or a setting for another Ollama would change what is seen
		"PATH=" + os.Getenv("PATH"),
		"HOME=" + o.folder,
		"TMPDIR=" + o.folder,
		"OLLAMA_HOST=" + o.address,
		"OLLAMA_MODELS=" + filepath.Join(o.folder, "models"),
		"OLLAMA_NOPRUNE=1",
		"OLLAMA_NUM_PARALLEL=1", // so that a second answer waits for the first
		"CUDA_VISIBLE_DEVICES=-1", "HIP_VISIBLE_DEVICES=-1", "ROCR_VISIBLE_DEVICES=-1",
	}
	err = cmd.Start()
	_ = log.Close() // the process has its own
	if err != nil {
		return err
	}
	exited := make(chan struct{})
	go func() {
		_ = cmd.Wait() // how it ended is in its log
		close(exited)
	}()
	o.cmd, o.exited = cmd, exited
	return nil
}

// start returns once Ollama answers. It does nothing if it is up.
func (o *ollama) start(ctx context.Context) error {
	if o.cmd != nil {
		return nil
	}
	if err := o.launch(); err != nil {
		return err
	}
	if err := o.ready(ctx); err != nil {
		o.kill()
		return errors.Join(err, o.logTail())
	}
	return nil
}

// ready waits until Ollama answers.
func (o *ollama) ready(ctx context.Context) error {
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, o.url+"/api/version", nil)
		if err != nil {
			return err
		}
		if resp, err := http.DefaultClient.Do(req); err == nil {
			resp.Body.Close()
			return nil
		}
		select {
		case <-o.exited:
			return errors.New("ollama serve ended by itself")
		case <-ctx.Done():
			return fmt.Errorf("ollama serve does not answer: %w", ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// kill ends the server and its runner as a crash would. It does nothing if they are down.
func (o *ollama) kill() {
	if o.cmd == nil {
		return
	}
	_ = syscall.Kill(-o.cmd.Process.Pid, syscall.SIGKILL) // fails if they have gone, which is what it is for
	<-o.exited
	o.cmd = nil
}

// close kills what is up, and removes the folder.
func (o *ollama) close() {
	o.kill()
	_ = os.RemoveAll(o.folder) // it lies among the temporary files
}

func (o *ollama) logFile() string { return filepath.Join(o.folder, "ollama.log") }

// logTail returns the end of Ollama's log as an error, for people to read.
func (o *ollama) logTail() error {
	text, err := os.ReadFile(o.logFile())
	if err != nil {
		return err
	}
	return fmt.Errorf("the end of Ollama's log:\n%s", text[max(0, len(text)-4000):])
}
