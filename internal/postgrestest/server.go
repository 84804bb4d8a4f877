package postgrestest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// startTimeout is how long a server may take to accept connections: a second on a
// machine that has nothing else to do.
const startTimeout = time.Minute

// folders is how the names of the servers' folders begin.
const folders = "edgewise-postgres-"

// maxPorts is how many ports are tried before the trouble must be another.
const maxPorts = 3

// errEnded is a server that ended by itself, most likely because its port is taken.
var errEnded = errors.New("the server ended")

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
	claim     *os.File
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
	if err := removeLeftovers(filepath.Join(os.TempDir(), folders+"*")); err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", folders)
	if err != nil {
		return nil, err
	}
	s := &Server{opts: opts, bin: bin, folder: folder}
	err = s.init()
	if err == nil {
		err = s.startAnywhere()
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
	err := errors.Join(s.Stop(), os.RemoveAll(s.folder))
	if s.claim != nil {
		err = errors.Join(err, s.claim.Close())
	}
	return err
}

func (s *Server) init() (err error) {
	if s.claim, err = claim(s.folder); err != nil {
		return err
	}
	if err := own(s.folder); err != nil {
		return err
	}
	return s.call("initdb", "--pgdata="+s.data(), "--no-sync", "--auth=trust", "--username="+superuser,
		"--encoding=UTF8", "--locale=C", "--locale-provider=icu", "--icu-locale=en-US")
}

// startAnywhere starts the server on a port that is free, and on another one if
// somebody was faster.
func (s *Server) startAnywhere() (err error) {
	for range maxPorts {
		if s.port, err = freePort(); err != nil {
			return err
		}
		if err = s.Start(); err == nil || !errors.Is(err, errEnded) {
			return err
		}
	}
	return err
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

// ready waits until the server accepts connections. It goes by the file in which the
// server says so, as pg_ctl does: on the port another one might answer.
func (s *Server) ready() error {
	late := time.After(startTimeout)
	pid := strconv.Itoa(s.process.Process.Pid)
	for {
		status, _ := os.ReadFile(filepath.Join(s.data(), "postmaster.pid"))
		lines := strings.Split(string(status), "\n")
		if len(lines) >= statusLine && lines[0] == pid && strings.TrimSpace(lines[statusLine-1]) == "ready" {
			return nil
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-s.ended:
			return fmt.Errorf("postgrestest: %w:\n%s", errEnded, s.log.String())
		case <-late:
			return fmt.Errorf("postgrestest: the server accepts no connections after %v:\n%s", startTimeout, s.log.String())
		}
	}
}

// statusLine is the line of postmaster.pid that says what the server is about.
const statusLine = 8

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

// freePort returns a port that nobody listens on. It is none of those that systems give
// to outgoing connections, so that a server that was stopped finds it free again.
func freePort() (port int, err error) {
	for range 100 {
		port = 10_000 + rand.IntN(20_000)
		l, listenErr := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(port)) //nolint:noctx // an address of this machine, resolved by nobody
		if listenErr == nil {
			return port, l.Close()
		}
		err = listenErr
	}
	return 0, fmt.Errorf("postgrestest: no port is free: %w", err)
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
