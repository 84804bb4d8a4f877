package postgrestest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// startTimeout is how long a server may take to accept connections: a second on a
// machine that has nothing else to do.
const startTimeout = time.Minute

// superuser is the role that owns everything, and needs no password.
const superuser = "edgewise"

// Options are the options of [New]. The zero value is useful.
type Options struct {
	// Fsync waits for the disk, as servers do. Defaults to false: what is committed
	// outlives the server, but not the machine.
	Fsync bool
}

// Server is a PostgreSQL that runs. Its methods are safe for concurrent use, but for
// Stop and Start, which take turns.
type Server struct {
	opts      Options
	bin       string // folder of the programs
	folder    string // ours, with the data in it
	port      int
	databases atomic.Int64

	process *exec.Cmd // nil while stopped
	ended   chan struct{}
	log     lockedBuffer
}

// New starts a server, which runs until it is closed: the one of a TestMain, say.
// Should this process be killed, the server ends with it on Linux.
func New(opts Options) (*Server, error) {
	bin, err := programs(debian)
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "edgewise-postgres-")
	if err != nil {
		return nil, err
	}
	s := &Server{opts: opts, bin: bin, folder: folder}
	err = s.init()
	if err == nil {
		err = s.Start()
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Start returns a server that runs until the test is over.
func Start(t testing.TB, opts Options) *Server {
	t.Helper()
	s, err := New(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// Database makes an empty database and returns its address, for a driver. It sorts
// texts as people do, not by bytes, and is gone with the server.
func (s *Server) Database(t testing.TB) string {
	t.Helper()
	name := fmt.Sprintf("test%d", s.databases.Add(1))
	if err := s.call("createdb", append(s.address(), "--template=template0", name)...); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("postgres://%s@127.0.0.1:%d/%s?sslmode=disable", superuser, s.port, name)
}

// Stop ends the server at once, as a crash would: connections break, and the next
// Start has to recover.
func (s *Server) Stop() error {
	if s.process == nil {
		return nil
	}
	err := s.process.Process.Signal(syscall.SIGQUIT)
	if err == nil || errors.Is(err, os.ErrProcessDone) {
		<-s.ended
		s.process = nil
		return nil
	}
	return fmt.Errorf("postgrestest: stop: %w", err)
}

// Close ends the server and removes what it had.
func (s *Server) Close() error {
	return errors.Join(s.Stop(), os.RemoveAll(s.folder))
}

func (s *Server) init() error {
	if err := own(s.folder); err != nil {
		return err
	}
	port, err := freePort()
	if err != nil {
		return err
	}
	s.port = port
	return s.call("initdb", "--pgdata="+s.data(), "--no-sync", "--auth=trust", "--username="+superuser,
		"--encoding=UTF8", "--locale=C", "--locale-provider=icu", "--icu-locale=en-US")
}

// Start starts the server again, where it was before.
func (s *Server) Start() error {
	onOff := map[bool]string{true: "on", false: "off"}[s.opts.Fsync]
	// It outlives the call, so it has no context: Stop ends it.
	process := exec.Command(s.program("postgres"), "-D", s.data(), "-p", strconv.Itoa(s.port), //nolint:noctx // see above
		"-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=",
		"-c", "fsync="+onOff, "-c", "full_page_writes="+onOff)
	process.Dir = s.folder
	process.Stdout, process.Stderr = &s.log, &s.log
	process.SysProcAttr = serverProcess()
	if err := process.Start(); err != nil {
		return fmt.Errorf("postgrestest: %w", err)
	}
	ended := make(chan struct{})
	go func() {
		_ = process.Wait() // its log says why it ended
		close(ended)
	}()
	s.process, s.ended = process, ended
	if err := s.ready(); err != nil {
		return errors.Join(err, s.Stop())
	}
	return nil
}

// ready waits until the server accepts connections.
func (s *Server) ready() error {
	late := time.After(startTimeout)
	for {
		err := s.call("pg_isready", append(s.address(), "--quiet")...)
		if err == nil {
			return nil
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-s.ended:
			return fmt.Errorf("postgrestest: the server ended:\n%s", s.log.String())
		case <-late:
			return fmt.Errorf("postgrestest: the server accepts no connections after %v: %w\n%s", startTimeout, err, s.log.String())
		}
	}
}

// call runs one of the programs, which all end by themselves.
func (s *Server) call(name string, args ...string) error {
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, s.program(name), args...)
	cmd.Dir = s.folder
	cmd.SysProcAttr = serverProcess()
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("postgrestest: %s: %w\n%s", name, err, out)
	}
	return nil
}

func (s *Server) address() []string {
	return []string{"--host=127.0.0.1", "--port=" + strconv.Itoa(s.port), "--username=" + superuser}
}

func (s *Server) data() string { return filepath.Join(s.folder, "data") }

func (s *Server) program(name string) string { return filepath.Join(s.bin, name) }

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // an address of this machine, resolved by nobody
	if err != nil {
		return 0, err
	}
	return l.Addr().(*net.TCPAddr).Port, l.Close()
}

// lockedBuffer holds what a server logs.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
