package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/edgewise-ai/edgewise/examples/mounting/internal/streamtest"
	"github.com/edgewise-ai/edgewise/hybrid/ledger"
)

// account is a ledger that tells of what was flushed.
type account struct {
	*ledger.Memory
	flushed chan []ledger.Entry
}

func (a account) Flush(context.Context) error {
	a.flushed <- a.Recent(10)
	return nil
}

// service is a running service.
type service struct {
	addr    string
	stop    func()
	ended   chan error // what run returned
	flushed chan []ledger.Entry
}

func start(t *testing.T, model *streamtest.Model) *service {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	t.Cleanup(stop)
	s := &service{listener.Addr().String(), stop, make(chan error, 1), make(chan []ledger.Entry, 1)}
	opts := options(model.Backend())
	opts.Ledger = account{ledger.NewMemory(ledger.MemoryOptions{}), s.flushed}
	go func() { s.ended <- run(ctx, listener, opts) }()
	return s
}

// request asks for a stream.
func (s *service) request(t *testing.T) *http.Request {
	t.Helper()
	return streamtest.Request(t, "http://"+s.addr+"/llm/v1")
}

// Whether or not a client takes compressed answers, streams are not held back.
func TestStream(t *testing.T) {
	model := streamtest.NewModel()
	s := start(t, model)
	for name, transport := range map[string]*http.Transport{
		"gzip": {}, "no gzip": {DisableCompression: true},
	} {
		t.Run(name, func(t *testing.T) {
			defer transport.CloseIdleConnections()
			streamtest.PieceByPiece(t, model, &http.Client{Transport: transport}, s.request(t))
		})
	}
}

func TestRoutes(t *testing.T) {
	s := start(t, streamtest.NewModel())
	for path, status := range map[string]int{
		"/hello":                 http.StatusOK,
		"/llm/v1/browser/models": http.StatusOK,
		"/llm/v1/nothing":        http.StatusNotFound,
		"/api/v1/browser/models": http.StatusNotFound,
	} {
		resp, err := http.Get("http://" + s.addr + path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, resp.Body); err != nil || resp.StatusCode != status {
			t.Errorf("%s: %s, want %d, %v", path, resp.Status, status, err)
		}
		resp.Body.Close()
	}
}

// A stream that has begun when the service is told to end is finished, and accounted
// for, before it does.
func TestDrain(t *testing.T) {
	model := streamtest.NewModel()
	s := start(t, model)
	model.Say("one")
	stream := streamtest.Open(t, http.DefaultClient, s.request(t))
	stream.Want("one")

	s.stop()
	for s.letsIn() {
		time.Sleep(time.Millisecond)
	}
	model.Say("two")
	stream.Want("two")
	select {
	case err := <-s.ended:
		t.Fatalf("the service ended before the stream: %v", err)
	default:
	}
	stream.Finish(model, "three")
	if err := <-s.ended; err != nil {
		t.Error(err)
	}
	select {
	case entries := <-s.flushed:
		if len(entries) != 1 || !entries[0].Success {
			t.Errorf("the ledger was flushed with %+v", entries)
		}
	default:
		t.Error("the ledger was not flushed")
	}
}

// letsIn reports whether the service takes new connections.
func (s *service) letsIn() bool {
	conn, err := net.Dial("tcp", s.addr)
	if err != nil {
		return false
	}
	conn.Close()
	return true
}
