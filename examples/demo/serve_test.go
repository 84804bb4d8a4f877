package main

import (
	"context"
	"net"
	"net/http"
	"testing"
	"time"
)

// An answer that has begun when the demo is told to end may end, or is cut when its time
// is over. Either way its handler is done before the account is closed.
func TestServeEndsAfterItsAnswers(t *testing.T) {
	for name, test := range map[string]struct {
		grace time.Duration
		cut   bool
	}{
		"in time":  {patience, false},
		"too long": {time.Millisecond, true},
	} {
		t.Run(name, func(t *testing.T) {
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			over := make(chan bool, 1) // whether it was cut
			answer := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				stop()
				for refused := false; !refused; refused = !test.cut && !accepts(listener.Addr()) {
					select {
					case <-r.Context().Done():
						over <- true
						return
					case <-time.After(time.Millisecond):
					}
				}
				over <- false
			})
			served := make(chan error, 1)
			go func() { served <- serve(ctx, listener, answer, test.grace) }()
			resp, err := http.Get("http://" + listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if err := <-served; err != nil {
				t.Error(err)
			}
			select {
			case cut := <-over:
				if cut != test.cut {
					t.Errorf("cut: %t", cut)
				}
			default:
				t.Error("it returned before its handler did")
			}
		})
	}
}

// accepts reports whether somebody listens.
func accepts(addr net.Addr) bool {
	conn, err := net.Dial(addr.Network(), addr.String())
	if err != nil {
		return false
	}
	conn.Close()
	return true
}
